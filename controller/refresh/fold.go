package refresh

import (
	"fmt"
	"slices"
	"time"

	"muster/inventory"
)

// Fold is the swap that its events add up to. Events stand in the order in
// which they were recorded, the oldest first; those of other nouns are left out.
func Fold(events []inventory.Event) (inventory.Swap, error) {
	var s inventory.Swap
	for _, e := range events {
		if e.Subject.Noun != inventory.NounSwap {
			continue
		}
		var err error
		if s, err = Apply(s, e); err != nil {
			return inventory.Swap{}, err
		}
	}
	return s, nil
}

// Apply is the swap after one more event. The argument is not changed. An event
// of another swap, or one that does not follow on the version before, is an
// error: something is missing or was written twice.
func Apply(s inventory.Swap, e inventory.Event) (inventory.Swap, error) {
	b, say, err := read(e)
	if err != nil {
		return s, err
	}
	if s.ID == "" && e.Kind != inventory.EventSwapPlanned {
		return s, fmt.Errorf("cannot apply %s to swap %s: it was never planned", e.Kind, e.Subject.Key)
	}
	if s.ID != "" && s.ID != e.Subject.Key {
		return s, fmt.Errorf("cannot apply %s of swap %s to swap %s", e.Kind, e.Subject.Key, s.ID)
	}
	// The events of one action share its version.
	if b.Version < max(s.Version, 1) || b.Version > s.Version+1 {
		return s, fmt.Errorf("cannot apply %s to swap %s: it makes version %d of version %d", e.Kind, e.Subject.Key, b.Version, s.Version)
	}
	s.Checks = slices.Clone(s.Checks)
	s.Missing = nil
	s.Version, s.ChangedAt, s.ChangedBy = b.Version, e.RecordedAt, e.Author
	say.apply(&s, e)
	if a, ok := say.(Action); ok {
		s.WordVersion = b.Version
		if deed(a) && e.OccurredAt.After(s.SaidAt) {
			s.SaidAt = e.OccurredAt
		}
	}
	return s, nil
}

// deed reports whether the action tells what became of the desk, at a moment of
// its own. The others tell what somebody means to do, or add to what is told.
func deed(a Action) bool {
	switch a.(type) {
	case Do, Fail, Undo, RollBack:
		return true
	default:
		return false
	}
}

func (a Plan) apply(s *inventory.Swap, e inventory.Event) {
	s.ID, s.Position, s.Site = e.Subject.Key, a.Position, a.Site
	s.Old, s.New, s.PlannedOld, s.PlannedNew = a.Old, a.New, a.Old, a.New
	s.PlannedFor, s.PlannedAt = a.PlannedFor, e.OccurredAt
	s.State, s.Visit, s.Crew, s.Reason, s.Next = inventory.SwapPlanned, "", "", "", ""
}

func (a Schedule) apply(s *inventory.Swap, _ inventory.Event) {
	s.State, s.Visit, s.Crew, s.PlannedFor = inventory.SwapScheduled, a.Visit, a.Crew, a.On
	s.Reason, s.Next = "", ""
}

func (a Do) apply(s *inventory.Swap, e inventory.Event) {
	s.State, s.Old, s.New, s.InPlace = inventory.SwapSwapped, a.Old, a.New, a.InPlace
	s.DoneAt, s.DoneBy, s.Crew = e.OccurredAt, e.Author, a.Crew
	s.Reason, s.Next = "", ""
	s.OldHalf, s.NewHalf = inventory.Half{}, inventory.Half{}
	if a.NoOld {
		s.OldHalf = inventory.Half{Grade: inventory.HalfDeclared, At: e.OccurredAt, By: e.Author, Reason: "nothing stood there before"}
	}
	tried(s, a.Checks, e)
}

func (a Fail) apply(s *inventory.Swap, _ inventory.Event) {
	s.State, s.Reason, s.Next = inventory.SwapFailed, a.Reason, a.Next
}

func (a Undo) apply(s *inventory.Swap, _ inventory.Event) {
	standBack(s)
	s.State, s.Reason, s.Next = inventory.SwapPlanned, a.Reason, ""
	if s.Visit != "" {
		s.State = inventory.SwapScheduled
	}
}

func (a RollBack) apply(s *inventory.Swap, _ inventory.Event) {
	standBack(s)
	s.State, s.Reason, s.Next = inventory.SwapRolledBack, a.Reason, a.Next
}

// standBack is the desk as it was before.
func standBack(s *inventory.Swap) {
	s.Old, s.New, s.InPlace = s.PlannedOld, s.PlannedNew, false
	s.DoneAt, s.DoneBy, s.VerifiedAt, s.Declared = time.Time{}, "", time.Time{}, false
	s.OldHalf, s.NewHalf = inventory.Half{}, inventory.Half{}
	s.HandedInAt, s.HandedInBy = time.Time{}, ""
	s.Checks = nil
}

func (a Cancel) apply(s *inventory.Swap, _ inventory.Event) {
	s.State, s.Reason, s.Next = inventory.SwapCancelled, a.Reason, ""
}

func (a Check) apply(s *inventory.Swap, e inventory.Event) { tried(s, a.Checks, e) }

// tried keeps the newest of each name, by when it was tried: a late report
// never hides what was found since.
func tried(s *inventory.Swap, checks []Checking, e inventory.Event) {
	for _, c := range checks {
		kept := inventory.PersonCheck{Name: c.Name, Passed: c.Passed, Note: c.Note, By: e.Author, At: e.OccurredAt}
		i := slices.IndexFunc(s.Checks, func(p inventory.PersonCheck) bool { return p.Name == c.Name })
		switch {
		case i < 0:
			s.Checks = append(s.Checks, kept)
		case !kept.At.Before(s.Checks[i].At):
			s.Checks[i] = kept
		}
	}
}

func (a HandIn) apply(s *inventory.Swap, e inventory.Event) {
	s.HandedInAt, s.HandedInBy = e.OccurredAt, e.Author
}

func (Close) apply(s *inventory.Swap, _ inventory.Event) { s.State = inventory.SwapClosed }

func (b NewSeen) apply(s *inventory.Swap, e inventory.Event) {
	s.NewHalf = inventory.Half{Grade: inventory.HalfObserved, At: e.OccurredAt, By: e.Author, Reason: b.Reason}
}

func (b OldGone) apply(s *inventory.Swap, e inventory.Event) {
	s.OldHalf = inventory.Half{Grade: b.Grade, At: e.OccurredAt, By: e.Author, Reason: b.Reason}
}

func (b Verified) apply(s *inventory.Swap, e inventory.Event) {
	s.State, s.VerifiedAt, s.Declared, s.Reason = inventory.SwapVerified, e.OccurredAt, b.Declared, ""
}

func (b Unverified) apply(s *inventory.Swap, _ inventory.Event) {
	s.State, s.VerifiedAt, s.Declared, s.Reason = inventory.SwapSwapped, time.Time{}, false, b.Reason
	if b.New {
		s.NewHalf = inventory.Half{Reason: b.Reason}
	}
	if b.Old {
		s.OldHalf = inventory.Half{Reason: b.Reason}
		s.HandedInAt, s.HandedInBy = time.Time{}, ""
	}
}
