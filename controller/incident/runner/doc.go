// Package runner drives the incident engine: it turns what the mesh, the reports
// and the controller itself observe into evidence, gives it to the engine in
// small batches, keeps what the engine concludes, and asks what it wants to know.
//
// It promises that nothing that observes ever waits for it: the queue is bounded,
// and when it is full the oldest evidence goes and is counted. Changes are kept on
// disk before anyone hears of them, in order. After a restart incidents go on with
// their ids and start times, and the reports that were committed and not yet
// judged are judged then.
//
// It leaves the deciding to package incident, and who is told to whoever listens.
//
// All methods are safe for concurrent use.
package runner
