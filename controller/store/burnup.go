package store

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"muster/inventory"
)

// BurnUp is the scope in positions, and how many swaps stood done and verified, at
// the end of each day on which one of them changed, as it was known at an instant;
// the zero instant is now. Days begin in zone. Which sites were ready is not here:
// it is in their evaluations.
func (s *Store) BurnUp(ctx context.Context, asOf time.Time, zone *time.Location) (days []inventory.BurnDay, err error) {
	days = []inventory.BurnDay{}
	err = s.look(ctx, "read the burn-up", func(t tx) error {
		changes, err := swapChanges(t, asOf)
		if err != nil {
			return err
		}
		scope, err := scopeChanges(t, asOf)
		if err != nil {
			return err
		}
		changes = append(changes, scope...)
		slices.SortStableFunc(changes, func(a, b burnChange) int { return cmp.Compare(a.at, b.at) })
		var now inventory.BurnDay
		for _, c := range changes {
			now.Day = inventory.DateOf(instant(c.at).In(zone))
			now.Scope, now.Swapped, now.Verified = now.Scope+c.scope, now.Swapped+c.swapped, now.Verified+c.verified
			if last := len(days) - 1; last >= 0 && days[last].Day == now.Day {
				days[last] = now
			} else {
				days = append(days, now)
			}
		}
		return nil
	})
	return days, err
}

// burnChange is by how much the counts changed at an instant.
type burnChange struct {
	at                       int64
	scope, swapped, verified int
}

// burnt is what stands of one swap.
type burnt struct{ swapped, verified bool }

func (b burnt) after(kind string) burnt {
	switch kind {
	case inventory.EventSwapDone:
		b.swapped = true
	case inventory.EventSwapVerified, inventory.EventSwapClosed:
		return burnt{swapped: true, verified: true}
	case inventory.EventSwapUnverified:
		b.verified = false
	default:
		return burnt{}
	}
	return b
}

// swapChanges folds the events of swaps in the order in which they occurred.
func swapChanges(t tx, asOf time.Time) (changes []burnChange, err error) {
	chosen := selection{limit: everything}
	chosen.among("kind", []string{
		inventory.EventSwapDone, inventory.EventSwapVerified, inventory.EventSwapUnverified, inventory.EventSwapClosed,
		inventory.EventSwapFailed, inventory.EventSwapUndone, inventory.EventSwapRolledBack, inventory.EventSwapCancelled,
	})
	chosen.instants("recorded_at", 0, micros(asOf))
	swaps := make(map[string]burnt)
	err = t.each("SELECT kind, key, occurred_at FROM events"+chosen.where("id")+" ORDER BY occurred_at, id", chosen.args, func(row scanner) error {
		var kind, key string
		var at int64
		if err := row.Scan(&kind, &key, &at); err != nil {
			return err
		}
		before := swaps[key]
		after := before.after(kind)
		swaps[key] = after
		if before != after {
			changes = append(changes, burnChange{
				at: at, swapped: truth(after.swapped) - truth(before.swapped), verified: truth(after.verified) - truth(before.verified),
			})
		}
		return nil
	})
	return changes, err
}

// scopeChanges is how imports changed the positions in scope, and how undoing them
// did. An import is known from when it was made.
func scopeChanges(t tx, asOf time.Time) (changes []burnChange, err error) {
	err = t.each(`SELECT b.made_at, b.undone_at, c.before, c.after FROM batches b JOIN batch_changes c ON c.batch = b.number
		WHERE c.noun = $1 ORDER BY b.number, c.position`, []any{string(inventory.NounPosition)}, func(row scanner) error {
		var madeAt, undoneAt int64
		var before, after string
		if err := row.Scan(&madeAt, &undoneAt, &before, &after); err != nil {
			return err
		}
		by, err := scopeBy(before, after)
		if err != nil || by == 0 {
			return err
		}
		for _, c := range []burnChange{{at: madeAt, scope: by}, {at: undoneAt, scope: -by}} {
			if c.at != 0 && (asOf.IsZero() || c.at <= micros(asOf)) {
				changes = append(changes, c)
			}
		}
		return nil
	})
	return changes, err
}

func scopeBy(before, after string) (int, error) {
	was, err := inScope(before)
	if err != nil {
		return 0, err
	}
	is, err := inScope(after)
	return truth(is) - truth(was), err
}

func inScope(body string) (bool, error) {
	if body == "" {
		return false, nil
	}
	var p inventory.Position
	err := json.Unmarshal([]byte(body), &p)
	return p.InScope(), err
}
