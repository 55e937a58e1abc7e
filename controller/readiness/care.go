package readiness

import (
	"fmt"
	"strings"
	"time"

	"muster/inventory"
)

// CareChange is what a person settles about a blocker; nil fields stay.
type CareChange struct {
	Owner *string
	Due   *inventory.Date
	Note  *string
	By    string
}

// Care settles something about a blocker: another owner, a due date, a note. care
// is what was settled before, the zero value for nothing. A new owner or date is
// reminded afresh.
func Care(care inventory.BlockerCare, b inventory.Blocker, change CareChange, now time.Time) (inventory.BlockerCare, []inventory.Event, error) {
	next := care
	next.ID, next.By, next.At = b.ID, change.By, now.UTC()
	if next.Since.IsZero() {
		next.Since = b.Since
	}
	switch {
	case b.ID == "" || care.ID != "" && care.ID != b.ID:
		return care, nil, fmt.Errorf("cannot settle anything about blocker %q: it is another one", care.ID)
	case change.Owner == nil && change.Due == nil && change.Note == nil:
		return care, nil, fmt.Errorf("cannot settle anything about %s: want an owner, a due date or a note", b.ID)
	case change.Owner != nil && strings.TrimSpace(*change.Owner) == "":
		return care, nil, fmt.Errorf("cannot take the owner from %s: name another", b.ID)
	}
	if change.Owner != nil {
		next.Owner = strings.TrimSpace(*change.Owner)
	}
	if change.Due != nil {
		if _, err := inventory.ParseDate(string(*change.Due)); err != nil {
			return care, nil, fmt.Errorf("cannot set the due date of %s: %w", b.ID, err)
		}
		next.Due = *change.Due
	}
	if change.Note != nil {
		next.Note = strings.TrimSpace(*change.Note)
	}
	if next.Owner != care.Owner || next.Due != care.Due {
		next.RemindedAt, next.EscalatedAt = time.Time{}, time.Time{}
	}
	next.Version++
	return next, event(inventory.EventBlockerCared, inventory.NounBlocker, b.ID, change.By, next, now), nil
}

// Patience is when owners of blockers are reminded and others told.
type Patience struct {
	RemindAfterDays   int // without a due date: after so many days of age
	RemindEveryDays   int
	RemindBeforeDays  int // with one: so many days before it
	EscalateAfterDays int // past the due date, or past the age of the first reminder
}

// DefaultPatience is a week, weekly, two days before, and another week.
func DefaultPatience() Patience {
	return Patience{RemindAfterDays: 7, RemindEveryDays: 7, RemindBeforeDays: 2, EscalateAfterDays: 7}
}

// Nudge is what is due about a blocker now.
type Nudge string

// The nudges.
const (
	NudgeNone     Nudge = ""
	NudgeRemind   Nudge = "remind"   // its owner
	NudgeEscalate Nudge = "escalate" // those above the owner, once
)

// NudgeFor decides what is due about a blocker, and when the next thing is. It
// reads what was already sent from care.
func NudgeFor(b inventory.Blocker, care inventory.BlockerCare, p Patience, now time.Time) (nudge Nudge, next time.Time) {
	remind, escalate := nudgeTimes(b, care, p)
	if !care.EscalatedAt.IsZero() {
		escalate = time.Time{} // once
	}
	switch {
	case !escalate.IsZero() && !now.Before(escalate):
		return NudgeEscalate, remind
	case !now.Before(remind):
		return NudgeRemind, soonest(remind.AddDate(0, 0, max(p.RemindEveryDays, 1)), escalate)
	default:
		return NudgeNone, soonest(remind, escalate)
	}
}

func nudgeTimes(b inventory.Blocker, care inventory.BlockerCare, p Patience) (remind, escalate time.Time) {
	since := b.Since
	if !care.Since.IsZero() && care.Since.Before(since) {
		since = care.Since
	}
	remind = since.AddDate(0, 0, p.RemindAfterDays)
	escalate = remind.AddDate(0, 0, p.EscalateAfterDays)
	if due := first(care.Due, b.Due); due.Set() {
		remind = due.Time().AddDate(0, 0, -p.RemindBeforeDays)
		escalate = due.Time().AddDate(0, 0, 1+p.EscalateAfterDays)
	}
	if !care.RemindedAt.IsZero() {
		if again := care.RemindedAt.AddDate(0, 0, max(p.RemindEveryDays, 1)); again.After(remind) {
			remind = again
		}
	}
	return remind, escalate
}

func first(a, b inventory.Date) inventory.Date {
	if a.Set() {
		return a
	}
	return b
}

func soonest(a, b time.Time) time.Time {
	if b.IsZero() || a.Before(b) {
		return a
	}
	return b
}

// Nudged notes that a nudge was sent, so that it is not sent again.
func Nudged(care inventory.BlockerCare, b inventory.Blocker, nudge Nudge, now time.Time) (inventory.BlockerCare, []inventory.Event) {
	next := care
	next.ID = b.ID
	if next.Since.IsZero() {
		next.Since = b.Since
	}
	switch nudge {
	case NudgeRemind:
		next.RemindedAt = now.UTC()
	case NudgeEscalate:
		next.EscalatedAt = now.UTC()
	case NudgeNone:
		return care, nil
	}
	next.By, next.At = AuthorMuster, now.UTC()
	next.Version++
	return next, event(inventory.EventBlockerCared, inventory.NounBlocker, b.ID, AuthorMuster, next, now)
}
