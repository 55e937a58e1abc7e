// Package rehearsal is the benchmark that judges the incident engine: a file
// with an estate, a timeline of faults and what must be concluded. This room
// reads such a file (Parse), says who a fault takes (Cast), plays its timeline
// on any Stage (Play), and judges what was concluded (Judge) beside two
// baselines on the same run: raw Serf events and Prometheus-style probes.
//
// Everything but Play is pure: no clock, no goroutine, no network. The stages
// are elsewhere: controller/fleettest plays with real agents in a test bubble,
// controller/demo on live agents for people to watch. docs/rehearsals.md says
// what each word of a file means; Verbs lists them.
package rehearsal
