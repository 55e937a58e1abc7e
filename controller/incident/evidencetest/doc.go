// Package evidencetest draws the evidence that a county would give: sweeps, bursts,
// gossip, reports, probes and journals, from a timeline of faults. It knows what
// the mesh and the agents do and how long they take, by the figures that were
// measured of them, and nothing of how verdicts are drawn. Tests alone import it.
//
// It is quick enough for simulated months, and the same seed gives the same
// evidence. What the real fleet adds, goroutines, encoders and Serf itself, the
// rehearsals play.
package evidencetest
