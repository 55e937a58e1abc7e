package refresh

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"muster/inventory"
)

// Bounds of what is said.
const (
	MaxReason = 500 // bytes of a reason or note
	MaxChecks = 20  // that one person tried at one desk
)

// When things may be said to have happened.
const (
	// AheadFor is how far a technician's clock may run ahead of ours.
	AheadFor = 2 * time.Minute
	// LateFor is how late a report may be without saying why: an offline visit
	// is filled in within days, a wrong year is not.
	LateFor = 31 * 24 * time.Hour
)

// Act follows an order: the swap as it then is, and the events to record, all
// of one version. The error is a *Refusal, which says why not and what would
// help, or a *Conflict where somebody else was there first.
func Act(s inventory.Swap, o Order, now time.Time) (inventory.Swap, []inventory.Event, error) {
	verb := o.verb()
	refuse := func(r *Refusal) error {
		r.Verb, r.Subject = verb, strings.TrimSpace("swap "+s.ID)
		return r
	}
	at, r := when(s, o, now)
	if r != nil {
		return s, nil, refuse(r)
	}
	if c := conflict(s, o, at); c != nil {
		return s, nil, c
	}
	if r := fits(s, o.Action); r != nil {
		return s, nil, refuse(r)
	}
	if r := o.refuse(s, o, at); r != nil {
		return s, nil, refuse(r)
	}
	id := s.ID
	action := o.settle(s, o)
	if p, ok := action.(Plan); ok {
		id = p.ID
	}
	step := Body{Version: s.Version + 1, Why: o.Why}
	after := s
	var events []inventory.Event
	if h, ok := action.(HandIn); ok {
		events = append(events, handedIn(h.Asset, h.Where, o.By, at, now))
	}
	for _, say := range append([]body{action}, follows(s, action, o)...) {
		e := write(id, say, step, o.By, at, now)
		var err error
		if after, err = Apply(after, e); err != nil {
			return s, nil, err
		}
		events = append(events, e)
	}
	return after, events, nil
}

// follows is what else an action tells: an old machine that never had an agent
// is gone once it is scanned in.
func follows(s inventory.Swap, a Action, o Order) []body {
	h, ok := a.(HandIn)
	if !ok || o.Reported[h.Asset] || s.OldHalf.Done() {
		return nil
	}
	where := ""
	if h.Where != "" {
		where = " at " + h.Where
	}
	return []body{OldGone{Grade: inventory.HalfDeclared, Reason: "handed in by scan" + where + "; no agent ever reported from it"}}
}

// when is the moment of which the order speaks.
func when(s inventory.Swap, o Order, now time.Time) (time.Time, *Refusal) {
	if strings.TrimSpace(o.By) == "" || len(o.By) > 200 {
		return now, &Refusal{Why: "nobody says so", Help: "name who did it"}
	}
	if len(o.Why) > MaxReason {
		return now, &Refusal{Why: fmt.Sprintf("the reason is longer than %d bytes", MaxReason)}
	}
	at := o.At
	switch {
	case at.IsZero():
		at = now
	case at.After(now.Add(AheadFor)):
		return now, &Refusal{
			Why:  fmt.Sprintf("%s lies in the future, it is %s", at.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339)),
			Help: "say when it happened, or leave the time out for now",
		}
	case at.After(now):
		at = now
	case at.Before(now.Add(-LateFor)) && o.Why == "":
		return now, &Refusal{
			Why:  fmt.Sprintf("%s is more than %d days ago", at.UTC().Format(time.RFC3339), int(LateFor.Hours()/24)),
			Help: "check the date; if it is right, say why it is recorded only now",
		}
	}
	if deed(o.Action) && at.Before(s.PlannedAt) && o.Why == "" {
		return now, &Refusal{
			Why:  fmt.Sprintf("it was planned only at %s", s.PlannedAt.UTC().Format(time.RFC3339)),
			Help: "say why it was done before it was planned",
		}
	}
	return at.UTC(), nil
}

// conflict refuses to overwrite. Somebody who has read the swap must have read
// the last person's word; somebody who has not must not speak of a time before
// what was already said to be done.
func conflict(s inventory.Swap, o Order, at time.Time) *Conflict {
	stale := o.Version != 0 && (o.Version < s.WordVersion || o.Version > s.Version)
	blind := o.Version == 0 && deed(o.Action) && at.Before(s.SaidAt)
	if !stale && !blind {
		return nil
	}
	return &Conflict{Swap: s.ID, By: s.ChangedBy, At: s.ChangedAt, State: s.State, Read: o.Version, Version: s.Version}
}

// from lists the states that an action may start from. The empty state is a
// swap that is not there yet.
func from(a Action) []inventory.SwapState {
	switch a.(type) {
	case Plan:
		return []inventory.SwapState{"", inventory.SwapPlanned, inventory.SwapScheduled, inventory.SwapFailed, inventory.SwapRolledBack}
	case Schedule, Do, Cancel:
		return []inventory.SwapState{inventory.SwapPlanned, inventory.SwapScheduled, inventory.SwapFailed, inventory.SwapRolledBack}
	case Fail:
		return []inventory.SwapState{inventory.SwapPlanned, inventory.SwapScheduled, inventory.SwapFailed}
	case Undo:
		return []inventory.SwapState{inventory.SwapSwapped, inventory.SwapVerified, inventory.SwapFailed, inventory.SwapCancelled}
	case RollBack, Check:
		return []inventory.SwapState{inventory.SwapSwapped, inventory.SwapVerified, inventory.SwapClosed}
	case HandIn:
		return []inventory.SwapState{inventory.SwapSwapped, inventory.SwapVerified}
	case Close:
		return []inventory.SwapState{inventory.SwapVerified}
	default:
		return nil
	}
}

// fits reports whether the swap's state lets the action start.
func fits(s inventory.Swap, a Action) *Refusal {
	states := from(a)
	if slices.Contains(states, s.State) {
		return nil
	}
	if s.ID == "" {
		return &Refusal{Why: "there is no such swap", Help: "plan it first, with its position"}
	}
	return &Refusal{Why: fmt.Sprintf("it is %s", s.State), Help: wayOut(s, a)}
}

// wayOut is what would help in a state that an action does not start from.
func wayOut(s inventory.Swap, a Action) string {
	switch s.State {
	case inventory.SwapSwapped, inventory.SwapVerified:
		if _, ok := a.(Close); ok {
			return "it closes once it is verified: " + strings.Join(append([]string{"see what is missing"}, s.Missing...), "; ")
		}
		return "undo it if it was recorded by mistake; roll it back if the old machine stands there again"
	case inventory.SwapClosed:
		return "roll it back if the old machine stands there again; plan another swap for the position if a new one comes"
	case inventory.SwapCancelled:
		return "undo the cancelling, or plan another swap for the position"
	case inventory.SwapRolledBack, inventory.SwapFailed:
		return "schedule it again, or record that it is done"
	case inventory.SwapPlanned, inventory.SwapScheduled:
		return "record first that it is done"
	default:
		return ""
	}
}

// reason refuses an empty, endless or unprintable reason.
func reason(value string) *Refusal {
	switch {
	case strings.TrimSpace(value) == "":
		return &Refusal{Why: "the reason is missing", Help: "say it in a few words: people ask why"}
	case len(value) > MaxReason:
		return &Refusal{Why: fmt.Sprintf("the reason is longer than %d bytes", MaxReason)}
	case !printable(value):
		return &Refusal{Why: "the reason holds a character that cannot be printed"}
	default:
		return nil
	}
}
