package readiness

import (
	"fmt"
	"slices"
	"time"

	"muster/inventory"
)

// AuthorMuster signs what the controller itself concludes.
const AuthorMuster = "muster"

// FailingSince keeps, by criterion, since when each one fails without a break:
// before is what it gave last time. A criterion that turns unknown or stale stops
// failing: nobody knows that it still does, and not knowing weakens nothing.
func FailingSince(before map[string]time.Time, e inventory.Evaluation) map[string]time.Time {
	since := map[string]time.Time{}
	for _, r := range e.Criteria {
		if r.Verdict != inventory.VerdictBlocked {
			continue
		}
		since[r.ID] = e.AsOf
		if was, failing := before[r.ID]; failing {
			since[r.ID] = was
		}
	}
	return since
}

// WeakenSignOff weakens a sign-off that holds where a criterion that was not
// failing when it was signed fails now, and has done so for longer than the
// rule's dwell of the site's open hours. A criterion that is unknown or stale
// never weakens anything. signed is the evaluation that was pinned; nil where it
// is not known any more. weakened says whether anything changed.
func WeakenSignOff(s inventory.SignOff, signed *inventory.Evaluation, e inventory.Evaluation, rule SignOffRule,
	failingSince map[string]time.Time, opening Opening, now time.Time,
) (next inventory.SignOff, events []inventory.Event, weakened bool) {
	if !s.Holds() || s.Site != e.Site || s.Gate != e.Gate {
		return s, nil, false
	}
	due := false
	for _, r := range e.Criteria {
		since, failing := failingSince[r.ID]
		if r.Verdict != inventory.VerdictBlocked || !failing || failedIn(signed, r.ID) {
			continue
		}
		due = due || opening.Between(since, e.AsOf) > rule.FailFor
	}
	if !due {
		return s, nil, false
	}
	next = s
	next.State, next.WeakenedAt, next.Changed = inventory.SignOffWeakened, now.UTC(), changesSince(signed, e)
	next.Version++
	return next, signOffEvent(inventory.EventSignOffWeakened, next, AuthorMuster, now), true
}

func failedIn(e *inventory.Evaluation, criterion string) bool {
	if e == nil {
		return false
	}
	return slices.ContainsFunc(e.Criteria, func(r inventory.CriterionResult) bool {
		return r.ID == criterion && r.Verdict == inventory.VerdictBlocked
	})
}

// changesSince says what is no longer as it was signed.
func changesSince(signed *inventory.Evaluation, e inventory.Evaluation) []string {
	if signed != nil {
		return DiffEvaluations(*signed, e)
	}
	var changed []string
	for _, r := range e.Criteria {
		if r.Verdict == inventory.VerdictBlocked {
			changed = append(changed, fmt.Sprintf("%s: fails now: %s", r.ID, r.Reason))
		}
	}
	return changed
}
