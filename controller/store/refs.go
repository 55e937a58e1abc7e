package store

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"muster/inventory"
)

// link writes what the edits' nouns refer to in place of what they referred to.
func (k keeper) link(t tx, es edits, batch int64) error {
	if !k.linked {
		return nil
	}
	err := chunks(t, es.keys(), func(keys []string) error {
		_, err := t.exec("DELETE FROM register_refs WHERE key IN ("+t.marks(len(keys))+") AND noun = '"+string(k.noun)+"'", anys(keys)...)
		return err
	})
	if err != nil {
		return err
	}
	var args []any
	for _, e := range es {
		if e.after == nil {
			continue
		}
		for _, to := range e.after.refers {
			args = append(args, string(e.noun), e.key, string(to.Noun), to.Key, batch)
		}
	}
	_, err = t.insert("INSERT INTO register_refs (noun, key, to_noun, to_key, batch)", 5, args, "")
	return err
}

// noneWaitsForItself fails with ErrConflict where milestones wait for one another
// in a ring.
func noneWaitsForItself(t tx) error {
	after := make(map[string][]string)
	err := t.each("SELECT key, to_key FROM register_refs WHERE noun = $1 AND to_noun = $1 ORDER BY key, to_key",
		[]any{string(inventory.NounMilestone)}, func(row scanner) error {
			var key, before string
			err := row.Scan(&key, &before)
			after[key] = append(after[key], before)
			return err
		})
	if err != nil {
		return err
	}
	if ring := ringOf(after); ring != nil {
		return fmt.Errorf("milestone %q waits for itself (%s): %w", ring[0], strings.Join(ring, " → "), ErrConflict)
	}
	return nil
}

// ringOf is a way from a key over those that it waits for back to itself; nil
// where there is none. It keeps its own stack: a chain may be as long as the
// register has milestones.
func ringOf(after map[string][]string) []string {
	const open, closed = 1, 2
	seen := make(map[string]int, len(after))
	for _, start := range slices.Sorted(maps.Keys(after)) {
		if seen[start] != 0 {
			continue
		}
		path, left := []string{start}, [][]string{after[start]}
		seen[start] = open
		for len(path) > 0 {
			last := len(path) - 1
			if len(left[last]) == 0 {
				seen[path[last]] = closed
				path, left = path[:last], left[:last]
				continue
			}
			next := left[last][0]
			left[last] = left[last][1:]
			switch seen[next] {
			case open:
				return append(slices.Clone(path[slices.Index(path, next):]), next)
			case closed:
			default:
				seen[next] = open
				path, left = append(path, next), append(left, after[next])
			}
		}
	}
	return nil
}
