package store

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"muster/inventory"
)

// What says when one machine was where, or was off, is kept for some weeks and then
// becomes a number: one event a site and day, of kind inventory.EventPresenceDay,
// that counts and names nobody. Where a day is pruned in pieces it has several such
// events, and its counts are their sums.

// siteDay is one site's day, in UTC.
type siteDay struct {
	site string
	day  int64 // micros of its beginning
}

// dayCounts counts by site and day what happened, by name.
type dayCounts map[siteDay]map[string]int

func (d dayCounts) add(site, what string, at int64) {
	if site == "" { // at no site
		return
	}
	key := siteDay{site, micros(instant(at).Truncate(24 * time.Hour))}
	if d[key] == nil {
		d[key] = map[string]int{}
	}
	d[key][what]++
}

// keepDayCounts appends the events.
func (s *Store) keepDayCounts(t tx, counts dayCounts) error {
	events := make([]inventory.Event, 0, len(counts))
	for key, of := range counts {
		body, err := json.Marshal(of)
		if err != nil {
			return err
		}
		events = append(events, inventory.Event{
			Kind: inventory.EventPresenceDay, Subject: inventory.Subject{Noun: inventory.NounSite, Key: key.site},
			OccurredAt: instant(key.day), Author: "controller", Body: body,
		})
	}
	slices.SortFunc(events, func(a, b inventory.Event) int {
		return cmp.Or(a.OccurredAt.Compare(b.OccurredAt), cmp.Compare(a.Subject.Key, b.Subject.Key))
	})
	return s.appendEvents(t, events)
}

// PruneMoves removes at most limit events that say when a machine came to a site or
// left it, of whole days before an instant, oldest first, and returns how many. How
// many came and left on each day is kept.
func (s *Store) PruneMoves(ctx context.Context, before time.Time, limit int) (int, error) {
	var ids []int64
	err := s.change(ctx, "prune moves", func(t tx) error {
		ids = ids[:0]
		counts := dayCounts{}
		err := t.each("SELECT id, occurred_at, body FROM events WHERE kind = $1 AND occurred_at < $2 ORDER BY id LIMIT $3",
			[]any{inventory.EventMoved, micros(before.UTC().Truncate(24 * time.Hour)), max(limit, 0)}, func(row scanner) error {
				var id, at int64
				var body string
				if err := row.Scan(&id, &at, &body); err != nil {
					return err
				}
				var move struct{ From, To string }
				if err := json.Unmarshal([]byte(body), &move); err == nil { // else only the count is lost
					counts.add(move.From, "left", at)
					counts.add(move.To, "arrived", at)
				}
				ids = append(ids, id)
				return nil
			})
		if err != nil || len(ids) == 0 {
			return err
		}
		if err := s.keepDayCounts(t, counts); err != nil {
			return err
		}
		return chunks(t, ids, func(ids []int64) error {
			_, err := t.exec("DELETE FROM events WHERE id IN ("+t.marks(len(ids))+")", anys(ids)...)
			return err
		})
	})
	return len(ids), err
}

// countPresence counts verdicts about single machines by cause, before they go.
func (s *Store) countPresence(t tx, incidents []string) error {
	counts := dayCounts{}
	err := chunks(t, incidents, func(ids []string) error {
		query := `SELECT i.cause, i.detected_at, s.value FROM incidents i JOIN incident_subjects s ON s.incident = i.id AND s.kind = 'site'
			WHERE i.id IN (` + t.marks(len(ids)) + ")"
		return t.each(query, anys(ids), func(row scanner) error {
			var cause, site string
			var at int64
			err := row.Scan(&cause, &at, &site)
			counts.add(site, cause, at)
			return err
		})
	})
	if err != nil {
		return err
	}
	return s.keepDayCounts(t, counts)
}
