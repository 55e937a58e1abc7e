package refresh

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"muster/inventory"
)

// Axis is by which of its two times an event counts.
type Axis string

// The axes: what happened by a day, or what was known on it.
const (
	ByOccurred Axis = "occurred"
	ByRecorded Axis = "recorded"
)

// ReadyMark says that a site came to be ready, or is not any more.
type ReadyMark struct {
	Site       string
	Ready      bool
	Why        string
	OccurredAt time.Time
	RecordedAt time.Time
}

// Past is everything that a burn-up is made of. Events of swaps stand in the
// order in which they were recorded.
type Past struct {
	Swaps   []inventory.Event
	Batches []inventory.Batch // those that changed positions: the scope
	Ready   []ReadyMark
	Zone    *time.Location // days begin and end in it; nil is UTC
}

// level is how far a swap has come.
type level int

const (
	levelNone level = iota
	levelSwapped
	levelVerified
)

// mark is one change on the time line.
type mark struct {
	at       time.Time
	position string
	swap     string
	level    level
	site     string // of a site's readiness
	on       bool   // in scope, or ready
	why      string
}

// marks lays the past on one axis, the oldest first.
func (p Past) marks(axis Axis) ([]mark, error) {
	out, err := swapMarks(p.Swaps, axis)
	if err != nil {
		return nil, err
	}
	scope, err := scopeMarks(p.Batches)
	if err != nil {
		return nil, err
	}
	out = append(out, scope...)
	for _, r := range p.Ready {
		at := r.OccurredAt
		if axis == ByRecorded {
			at = r.RecordedAt
		}
		out = append(out, mark{at: at, site: r.Site, on: r.Ready, why: r.Why})
	}
	slices.SortStableFunc(out, func(a, b mark) int { return a.at.Compare(b.at) })
	return out, nil
}

// swapMarks reads how far each swap came. By the time at which it occurred, a
// swap that was undone never was: it was recorded by mistake.
func swapMarks(events []inventory.Event, axis Axis) ([]mark, error) {
	type line struct {
		position string
		marks    []mark
		done     int // where the last "done" stands
	}
	lines := map[string]*line{}
	for _, e := range events {
		if e.Subject.Noun != inventory.NounSwap {
			continue
		}
		_, say, err := read(e)
		if err != nil {
			return nil, err
		}
		l := lines[e.Subject.Key]
		if l == nil {
			l = &line{}
			lines[e.Subject.Key] = l
		}
		if plan, ok := say.(Plan); ok {
			l.position = plan.Position
		}
		m := mark{at: e.OccurredAt, position: l.position, swap: e.Subject.Key}
		if axis == ByRecorded {
			m.at = e.RecordedAt
		}
		switch say := say.(type) {
		case Do:
			m.level = levelSwapped
		case Verified:
			m.level = levelVerified
		case Unverified:
			m.level, m.why = levelSwapped, "unverified: "+say.Reason
		case RollBack:
			m.why = "rolled back: " + say.Reason
		case Undo:
			m.why = "undone: " + say.Reason
			if n := len(l.marks); axis == ByOccurred && n > 0 && l.marks[n-1].level > levelNone {
				l.marks = l.marks[:min(l.done, n)]
				continue
			}
		default:
			continue
		}
		// What was learned later outranks what was dated after it: by either axis
		// the line ends as the swap stands.
		l.marks = slices.DeleteFunc(l.marks, func(k mark) bool { return k.at.After(m.at) })
		if e.Kind == inventory.EventSwapDone {
			l.done = len(l.marks)
		}
		l.marks = append(l.marks, m)
	}
	var out []mark
	for _, id := range sortedKeys(lines) {
		out = append(out, lines[id].marks...)
	}
	return out, nil
}

// scopeMarks reads from the batches of the register when a position came into
// scope and went out of it. A batch that was undone counts to its undoing.
func scopeMarks(batches []inventory.Batch) ([]mark, error) {
	var out []mark
	for _, b := range batches {
		for _, c := range b.Changes {
			if c.Noun != inventory.NounPosition {
				continue
			}
			before, _, err := inScope(c.Before)
			if err != nil {
				return nil, fmt.Errorf("cannot read position %s of batch %d: %w", c.Key, b.Number, err)
			}
			after, why, err := inScope(c.After)
			if err != nil {
				return nil, fmt.Errorf("cannot read position %s of batch %d: %w", c.Key, b.Number, err)
			}
			if before == after {
				continue
			}
			if after {
				why = b.Source
			}
			out = append(out, mark{at: b.MadeAt, position: c.Key, on: after, why: why})
			if !b.UndoneAt.IsZero() {
				out = append(out, mark{at: b.UndoneAt, position: c.Key, on: before, why: fmt.Sprintf("batch %d was undone", b.Number)})
			}
		}
	}
	return out, nil
}

func inScope(text json.RawMessage) (in bool, why string, err error) {
	if len(text) == 0 || string(text) == "null" {
		return false, "removed from the register", nil
	}
	var p inventory.Position
	if err := json.Unmarshal(text, &p); err != nil {
		return false, "", err
	}
	return p.InScope(), "out of scope: " + p.OutScope, nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
