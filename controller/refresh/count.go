package refresh

import "muster/inventory"

// Unplanned is how a position stands for which no swap is planned.
const Unplanned inventory.SwapState = "unplanned"

// Tally counts positions. Every position in scope is in exactly one of the
// states, so that Sum is always InScope.
type Tally struct {
	InScope    int `json:"in_scope"`
	Unplanned  int `json:"unplanned"`
	Planned    int `json:"planned"`
	Scheduled  int `json:"scheduled"`
	Swapped    int `json:"swapped"`
	Verified   int `json:"verified"`
	Closed     int `json:"closed"`
	Failed     int `json:"failed"`
	RolledBack int `json:"rolled_back"`
	// Declared is the part of Verified and Closed in which a half rests on a
	// person's word; the rest was observed.
	Declared   int `json:"declared"`
	OutOfScope int `json:"out_of_scope"`
}

// Sum is the positions of all states.
func (t Tally) Sum() int {
	return t.Unplanned + t.Planned + t.Scheduled + t.Swapped + t.Verified + t.Closed + t.Failed + t.RolledBack
}

// Proven is the positions whose swap was verified, closed ones included.
func (t Tally) Proven() int { return t.Verified + t.Closed }

// Plus is the tally of both.
func (t Tally) Plus(u Tally) Tally {
	return Tally{
		InScope: t.InScope + u.InScope, Unplanned: t.Unplanned + u.Unplanned, Planned: t.Planned + u.Planned,
		Scheduled: t.Scheduled + u.Scheduled, Swapped: t.Swapped + u.Swapped, Verified: t.Verified + u.Verified,
		Closed: t.Closed + u.Closed, Failed: t.Failed + u.Failed, RolledBack: t.RolledBack + u.RolledBack,
		Declared: t.Declared + u.Declared, OutOfScope: t.OutOfScope + u.OutOfScope,
	}
}

// Current is the swap by which each position stands: the one that was planned
// last and is not cancelled. The key is the position's code.
func Current(swaps []inventory.Swap) map[string]inventory.Swap {
	current := make(map[string]inventory.Swap, len(swaps))
	for _, s := range swaps {
		if s.State == inventory.SwapCancelled || s.ID == "" {
			continue
		}
		if c, ok := current[s.Position]; !ok || newer(s, c) {
			current[s.Position] = s
		}
	}
	return current
}

// newer orders two swaps of a position, the same for any order of the list.
func newer(s, c inventory.Swap) bool {
	switch {
	case s.ID == c.ID:
		return s.Version > c.Version
	case !s.PlannedAt.Equal(c.PlannedAt):
		return s.PlannedAt.After(c.PlannedAt)
	default:
		return s.ID > c.ID
	}
}

// Count says how the positions stand. A swap of a position that is not listed
// counts nowhere.
func Count(positions []inventory.Position, swaps []inventory.Swap) Tally {
	var t Tally
	current := Current(swaps)
	for _, p := range positions {
		if !p.InScope() {
			t.OutOfScope++
			continue
		}
		s, ok := current[p.Code]
		t.count(s, ok)
	}
	return t
}

func (t *Tally) count(s inventory.Swap, planned bool) {
	t.InScope++
	if !planned {
		t.Unplanned++
		return
	}
	if s.Declared {
		t.Declared++
	}
	switch s.State {
	case inventory.SwapPlanned:
		t.Planned++
	case inventory.SwapScheduled:
		t.Scheduled++
	case inventory.SwapSwapped:
		t.Swapped++
	case inventory.SwapVerified:
		t.Verified++
	case inventory.SwapClosed:
		t.Closed++
	case inventory.SwapFailed:
		t.Failed++
	case inventory.SwapRolledBack:
		t.RolledBack++
	case inventory.SwapCancelled:
		t.Unplanned++
	default:
		t.Unplanned++
	}
}
