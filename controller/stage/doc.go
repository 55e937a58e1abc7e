// Package stage plays rehearsals on live parts: the real controller, real agents
// and real Serf on mesh/fabric, the in-memory county. Every fault of a rehearsal
// is done to them as it would come: links and switches on the fabric, power and
// sleep to machines whose journals lose what was not synced, clocks, addresses,
// services.
//
// It promises the same for the same file wherever it plays: in a test bubble,
// where minutes pass in seconds (controller/fleettest), or before people's eyes
// (controller/demo). It leaves reading and judging to controller/rehearsal.
package stage
