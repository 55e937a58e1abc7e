// Package programme drives the refresh and readiness: it gathers what the
// register, the agents, the probes and people say into facts, has package refresh
// prove swaps and package readiness judge gates, keeps what they conclude, and
// takes the actions of people.
//
// It promises that nothing that observes ever waits for it: what comes is noted
// and taken up within a second, one site at a time. What changed is on disk before
// anyone hears of it. After a restart everything goes on as it was: swaps,
// sign-offs, waivers and the newest probe of each machine are read back, and
// evaluations are only appended where they differ from the last.
//
// It decides nothing about swaps, gates and forecasts itself: those rooms are
// pure, and this one is their runner. Who is told is for whoever listens.
//
// All methods of Desk are safe for concurrent use. One action or look at the
// estate is under way at a time; readers never wait for the disk.
package programme
