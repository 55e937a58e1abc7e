// Package refresh decides what happens to positions, assets and swaps while a
// county's machines are replaced: what a person may say, what evidence proves,
// what a visit has left to do, and what a scanned number means.
//
// It is pure and knows the nouns alone; now is always an argument. A swap is
// the sum of its events:
//
//	Act(swap, order, now)        → (swap', events, error)   a person's word
//	Rules.Verify(swap, seen, now) → (swap', events)          what the agents show
//	Fold(events)                 → swap                      the same again, from its events
//
// Every change of a swap is in its events, so folding them in the order in
// which they were recorded gives the state that was kept. Only Swap.Missing is
// not kept: it is what evidence lacks at this moment, told whenever it is asked.
//
// A person's word alone never verifies a swap. A machine that never had an
// agent cannot be observed silent; its half rests on a scan, is graded declared
// and is counted apart.
package refresh
