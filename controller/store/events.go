package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"muster/inventory"
)

// AppendEvent records one event and returns its number. A zero RecordedAt or
// OccurredAt is now.
func (s *Store) AppendEvent(ctx context.Context, event inventory.Event) (int64, error) {
	events := []inventory.Event{event}
	err := s.change(ctx, "append event", func(t tx) error { return s.appendEvents(t, events) })
	return events[0].ID, err
}

// AppendEvents records events together, in their order.
func (s *Store) AppendEvents(ctx context.Context, events []inventory.Event) error {
	return s.change(ctx, "append events", func(t tx) error { return s.appendEvents(t, events) })
}

// appendEvents numbers events in place and writes them.
func (s *Store) appendEvents(t tx, events []inventory.Event) error {
	if len(events) == 0 {
		return nil
	}
	first, err := t.next("event", len(events))
	if err != nil {
		return err
	}
	now := s.now()
	args := make([]any, 0, 8*len(events))
	for i := range events {
		e := &events[i]
		e.ID = first + int64(i)
		if e.RecordedAt.IsZero() {
			e.RecordedAt = now
		}
		if e.OccurredAt.IsZero() {
			e.OccurredAt = now
		}
		if len(e.Body) > 0 && !json.Valid(e.Body) {
			return fmt.Errorf("event %q of %s %q: its body is not JSON", e.Kind, e.Subject.Noun, e.Subject.Key)
		}
		args = append(args, e.ID, e.Kind, string(e.Subject.Noun), e.Subject.Key,
			micros(e.OccurredAt), micros(e.RecordedAt), e.Author, string(e.Body))
	}
	_, err = t.insert("INSERT INTO events (id, kind, noun, key, occurred_at, recorded_at, author, body)", 8, args, "")
	return err
}

// Events is a page of events, newest recorded first.
func (s *Store) Events(ctx context.Context, f inventory.EventFilter) (events []inventory.Event, next string, err error) {
	events = []inventory.Event{}
	chosen := selectPage(f.Page)
	if err := chosen.before("id"); err != nil {
		return nil, "", fmt.Errorf("cannot list events: %w", err)
	}
	chosen.equal("kind", f.Kind)
	chosen.equal("noun", string(f.Subject.Noun))
	chosen.equal("key", f.Subject.Key)
	chosen.instants("occurred_at", micros(f.OccurredFrom), micros(f.OccurredTo))
	chosen.instants("recorded_at", 0, micros(f.RecordedUntil))
	err = s.look(ctx, "list events", func(t tx) error {
		query := fmt.Sprintf("SELECT id, kind, noun, key, occurred_at, recorded_at, author, body FROM events%s ORDER BY id DESC LIMIT %d",
			chosen.where("id"), chosen.limit+1)
		return t.each(query, chosen.args, func(row scanner) error {
			e, err := scanEvent(row)
			events = append(events, e)
			return err
		})
	})
	if err == nil && len(events) > chosen.limit {
		events = events[:chosen.limit]
		next = strconv.FormatInt(events[chosen.limit-1].ID, 10)
	}
	return events, next, err
}

func scanEvent(row scanner) (e inventory.Event, err error) {
	var noun, body string
	var occurredAt, recordedAt int64
	err = row.Scan(&e.ID, &e.Kind, &noun, &e.Subject.Key, &occurredAt, &recordedAt, &e.Author, &body)
	e.Subject.Noun = inventory.Noun(noun)
	e.OccurredAt, e.RecordedAt, e.Body = instant(occurredAt), instant(recordedAt), raw(body)
	return e, err
}

// before puts the cursor of a list that runs from the highest number down.
func (c *selection) before(column string) error {
	if c.after == "" {
		return nil
	}
	number, err := strconv.ParseInt(c.after, 10, 64)
	if err != nil {
		return fmt.Errorf("no such cursor: %.40q: %w", c.after, ErrNotFound)
	}
	c.after = ""
	c.conditions = append(c.conditions, column+" < "+c.arg(number))
	return nil
}

// instants adds from ≤ column ≤ to; 0 is no bound.
func (c *selection) instants(column string, from, to int64) {
	if from != 0 {
		c.conditions = append(c.conditions, column+" >= "+c.arg(from))
	}
	if to != 0 {
		c.conditions = append(c.conditions, column+" <= "+c.arg(to))
	}
}
