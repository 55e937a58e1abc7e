// Package incident turns evidence into verdicts: one incident for each cause, with
// what speaks for and against it, how sure it is, and since when.
//
// It is pure. Step takes the instant and what was observed, and returns what
// changed; it reads no clock, keeps no goroutine and does no I/O. The package
// runner beside it owns those.
//
// Evidence walks through five rooms. Observe.go joins it to the facts of sites and
// machines, by operations whose result does not depend on order or repetition:
// newest instants and bounded sets. The rule tables (table.go) read the facts:
// gates first, then the widest explanation, then narrower ones; every number that
// they compare with stands in rules.go. Shared.go covers silent sites by carriers
// and exchanges. Lifecycle.go carries each trouble from pending to open to
// resolved, once. Proof.go counts the votes of journals after healing.
//
// What it leaves to others: how anything is measured, who is told, what is kept.
package incident
