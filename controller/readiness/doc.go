// Package readiness turns facts into gates. A gate is a YAML file of criteria;
// a criterion counts rows (`over`), keeps some of them (`where`) and judges each
// by a CEL predicate (`pass`). Everything is pure: facts, what people settled and
// the moment are arguments, and the result is an inventory.Evaluation.
//
// What it promises:
//
//   - pass + fail + unknown + stale + waived = in scope, of each criterion, always;
//   - a value that nobody measured is unknown with the reason that its fact gives,
//     unless the predicate holds or fails without it (`true || unknown` passes);
//   - a measurement ages by the site's open hours alone: a night changes nothing;
//   - an empty scope is undecided and says so, never ready.
//
// Counting, freshness and what becomes of unknown values stand outside CEL. The
// people's side — sign-offs, waivers, what was settled about a blocker — are
// pure transitions as well: (state, action, now) → (state', events, error).
//
// It gathers nothing and stores nothing: a runner builds Facts, hands evaluations
// to the store, and tells people.
package readiness
