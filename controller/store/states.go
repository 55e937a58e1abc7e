package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"muster/inventory"
)

// Record appends events and keeps the states that they lead to: all or nothing. A
// state of version n replaces that of version n-1, and one of version 1 is new;
// ErrConflict, naming who was faster, where that is not so. Events get their number
// in place. A zero ChangedAt is now, an empty ChangedBy the first event's author.
func (s *Store) Record(ctx context.Context, events []inventory.Event, states []inventory.State) error {
	return s.change(ctx, "record "+firstKind(events), func(t tx) error { return s.record(t, events, states) })
}

// RecordBatch does what Record does and applies a batch of the register with it, as
// Apply does: a swap that is done changes its assets too. A batch without changes is
// left out.
func (s *Store) RecordBatch(ctx context.Context, events []inventory.Event, states []inventory.State, batch inventory.Batch) (int64, error) {
	es, err := s.readBatch(batch)
	if err != nil {
		return 0, fmt.Errorf("cannot record %s: %w", firstKind(events), err)
	}
	var number int64
	err = s.change(ctx, "record "+firstKind(events), func(t tx) (err error) {
		if number = 0; len(es) > 0 {
			if number, err = s.apply(t, batch, es); err != nil {
				return err
			}
		}
		return s.record(t, events, states)
	})
	return number, err
}

func firstKind(events []inventory.Event) string {
	if len(events) == 0 {
		return "states"
	}
	return fmt.Sprintf("%s of %s %q", events[0].Kind, events[0].Subject.Noun, events[0].Subject.Key)
}

func (s *Store) record(t tx, events []inventory.Event, states []inventory.State) error {
	by := ""
	if len(events) > 0 {
		by = events[0].Author
	}
	for _, state := range states {
		if state.ChangedAt.IsZero() {
			state.ChangedAt = s.now()
		}
		if state.ChangedBy == "" {
			state.ChangedBy = by
		}
		if err := putState(t, state); err != nil {
			return err
		}
	}
	return s.appendEvents(t, events)
}

func putState(t tx, state inventory.State) error {
	if state.Noun == "" || state.Key == "" || state.Version < 1 || !json.Valid(state.Body) {
		return fmt.Errorf("the state of %s %q has no noun, no key, version %d or no JSON", state.Noun, state.Key, state.Version)
	}
	body, err := pack(state.Body)
	if err != nil {
		return err
	}
	args := []any{string(state.Noun), plain(state.Key), plain(state.Site), state.Version, micros(state.ChangedAt), plain(state.ChangedBy), body}
	query := "INSERT INTO states (noun, key, site, version, changed_at, changed_by, body) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (noun, key) DO NOTHING"
	if state.Version > 1 {
		query = "UPDATE states SET site = $3, version = $4, changed_at = $5, changed_by = $6, body = $7 WHERE noun = $1 AND key = $2 AND version = $4 - 1"
	}
	n, err := t.exec(query, args...)
	if err != nil || n == 1 {
		return err
	}
	return overtaken(t, state)
}

// overtaken is why a state could not be written: somebody was faster.
func overtaken(t tx, state inventory.State) error {
	held, err := findState(t, state.Noun, state.Key)
	switch {
	case errors.Is(err, ErrNotFound):
		return fmt.Errorf("%s %q is not there: %w", state.Noun, state.Key, ErrConflict)
	case err != nil:
		return err
	}
	return fmt.Errorf("%s %q was changed by %s at %s: it has version %d, and version %d was to be changed: %w",
		state.Noun, state.Key, held.ChangedBy, held.ChangedAt.Format(time.RFC3339), held.Version, state.Version-1, ErrConflict)
}

const stateColumns = "noun, key, site, version, changed_at, changed_by, body"

func scanState(row scanner) (state inventory.State, err error) {
	var noun string
	var at int64
	var body []byte
	if err = row.Scan(&noun, &state.Key, &state.Site, &state.Version, &at, &state.ChangedBy, &body); err != nil {
		return state, err
	}
	state.Noun, state.ChangedAt = inventory.Noun(noun), instant(at)
	state.Body, err = unpack(body)
	return state, err
}

func findState(t tx, noun inventory.Noun, key string) (inventory.State, error) {
	return scanState(only{t, "SELECT " + stateColumns + " FROM states WHERE noun = $1 AND key = $2", []any{string(noun), plain(key)}})
}

// State is one state; ErrNotFound.
func (s *Store) State(ctx context.Context, noun inventory.Noun, key string) (state inventory.State, err error) {
	err = s.look(ctx, fmt.Sprintf("read %s %.80q", noun, key), func(t tx) (err error) {
		state, err = findState(t, noun, key)
		return err
	})
	return state, err
}

// States is a page of the states of one noun by key. At most MaxPage keys can be
// asked for at once.
func (s *Store) States(ctx context.Context, f inventory.StateFilter) (states []inventory.State, next string, err error) {
	states = []inventory.State{}
	if len(f.Keys) > inventory.MaxPage {
		return nil, "", fmt.Errorf("cannot list %d states of %s: at most %d at once", len(f.Keys), f.Noun, inventory.MaxPage)
	}
	chosen := selectPage(f.Page)
	chosen.equal("noun", string(f.Noun))
	chosen.equal("site", f.Site)
	if len(f.Keys) > 0 {
		chosen.among("key", f.Keys)
	}
	err = s.look(ctx, fmt.Sprintf("list states of %s", f.Noun), func(t tx) error {
		query := fmt.Sprintf("SELECT %s FROM states%s ORDER BY key LIMIT %d", stateColumns, chosen.where("key"), chosen.limit+1)
		return t.each(query, chosen.args, func(row scanner) error {
			state, err := scanState(row)
			states = append(states, state)
			return err
		})
	})
	if err == nil && len(states) > chosen.limit {
		states = states[:chosen.limit]
		next = states[chosen.limit-1].Key
	}
	return states, next, err
}
