package store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"muster/inventory"
)

// Apply commits a batch and returns its number. Every change must find what it
// says it found before (ErrConflict), every noun must be valid, everything that
// is named must exist (ErrConflict), no milestone may wait for itself (ErrConflict),
// and what is removed must not be referred to (ErrDependent). One event is appended
// for each change. The batch's own Number and UndoneAt are ignored; a zero MadeAt is
// now. Names of people are kept apart from the batch; see Erase.
func (s *Store) Apply(ctx context.Context, batch inventory.Batch) (int64, error) {
	edits, err := s.readBatch(batch)
	if err != nil {
		return 0, fmt.Errorf("cannot apply batch: %w", err)
	}
	var number int64
	err = s.change(ctx, "apply batch", func(t tx) (err error) {
		number, err = s.apply(t, batch, edits)
		return err
	})
	if err != nil {
		return 0, err
	}
	return number, nil
}

func (s *Store) readBatch(batch inventory.Batch) (edits, error) {
	es, err := readEdits(batch.Changes)
	if err == nil && s.dropNames {
		es.withoutNames()
	}
	return es, err
}

// apply writes a batch that was read.
func (s *Store) apply(t tx, batch inventory.Batch, es edits) (number int64, err error) {
	madeAt := batch.MadeAt
	if madeAt.IsZero() {
		madeAt = s.now()
	}
	if number, err = t.next("batch", 1); err != nil {
		return 0, err
	}
	if _, err := t.exec("INSERT INTO batches (number, source, author, made_at, undone_at) VALUES ($1, $2, $3, $4, 0)",
		number, batch.Source, batch.Author, micros(madeAt)); err != nil {
		return 0, err
	}
	if err := es.matchCurrent(t); err != nil {
		return 0, err
	}
	if err := es.write(t, number); err != nil {
		return 0, err
	}
	if err := s.keepNames(t, es, number); err != nil {
		return 0, err
	}
	if err := writeChanges(t, number, es); err != nil {
		return 0, err
	}
	return number, s.appendEvents(t, es.events(number, batch.Author, madeAt))
}

// edit is one change, read: nil before makes, nil after removes.
type edit struct {
	noun          inventory.Noun
	key           string
	before, after *declared
}

type edits []edit

// readEdits reads and validates changes. A batch may touch each key once.
func readEdits(changes []inventory.Change) (edits, error) {
	read := make(edits, 0, len(changes))
	seen := make(map[inventory.Subject]bool, len(changes))
	for _, change := range changes {
		e, err := readEdit(change)
		if err != nil {
			return nil, fmt.Errorf("%s %q: %w", change.Noun, change.Key, err)
		}
		subject := inventory.Subject{Noun: change.Noun, Key: change.Key}
		if seen[subject] {
			return nil, fmt.Errorf("%s %q is changed twice: %w", change.Noun, change.Key, ErrConflict)
		}
		seen[subject] = true
		read = append(read, e)
	}
	return read, nil
}

func readEdit(change inventory.Change) (edit, error) {
	k, err := keeperOf(change.Noun)
	if err != nil {
		return edit{}, err
	}
	e := edit{noun: change.Noun, key: change.Key}
	if e.before, err = k.side(change.Before, change.Key); err != nil {
		return edit{}, err
	}
	if e.after, err = k.side(change.After, change.Key); err != nil {
		return edit{}, err
	}
	if e.before == nil && e.after == nil {
		return edit{}, fmt.Errorf("the change says neither what was nor what shall be: %w", ErrConflict)
	}
	return e, nil
}

func (k keeper) side(raw json.RawMessage, key string) (*declared, error) {
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return nil, nil // nil is "there is none", as in the change itself
	}
	noun, err := k.read(raw)
	if err != nil {
		return nil, err
	}
	if noun.key != key {
		return nil, fmt.Errorf("its content is that of %q: %w", noun.key, ErrConflict)
	}
	return &noun, nil
}

// of is the edits of one noun.
func (es edits) of(noun inventory.Noun) edits {
	var found edits
	for _, e := range es {
		if e.noun == noun {
			found = append(found, e)
		}
	}
	return found
}

func (es edits) keys() []string {
	keys := make([]string, len(es))
	for i, e := range es {
		keys[i] = e.key
	}
	return keys
}

// matchCurrent holds what the edits say was there against what is.
func (es edits) matchCurrent(t tx) error {
	for _, k := range keepers() {
		mine := es.of(k.noun)
		current, err := k.current(t, mine.keys())
		if err != nil {
			return err
		}
		for _, e := range mine {
			body, exists := current[e.key]
			switch {
			case e.before == nil && exists:
				return fmt.Errorf("%s %q is already there: %w", e.noun, e.key, ErrConflict)
			case e.before != nil && !exists:
				return fmt.Errorf("%s %q is no longer there: %w", e.noun, e.key, ErrConflict)
			case e.before != nil && !bytes.Equal(body, e.before.body):
				return fmt.Errorf("%s %q was changed meanwhile: %w", e.noun, e.key, ErrConflict)
			}
		}
	}
	return nil
}

// write makes, changes and removes nouns, and what is derived from them.
func (es edits) write(t tx, number int64) error {
	for _, k := range keepers() {
		var written []declared
		var removed []string
		for _, e := range es.of(k.noun) {
			if e.after == nil {
				removed = append(removed, e.key)
			} else {
				written = append(written, *e.after)
			}
		}
		if err := k.write(t, written, number); err != nil {
			return err
		}
		if err := k.remove(t, removed); err != nil {
			return err
		}
		if err := k.link(t, es.of(k.noun), number); err != nil {
			return err
		}
	}
	if err := es.checkReferences(t); err != nil {
		return err
	}
	return es.of(inventory.NounAsset).followAssets(t)
}

func writeChanges(t tx, number int64, es edits) error {
	args := make([]any, 0, 6*len(es))
	for i, e := range es {
		args = append(args, number, i, string(e.noun), e.key, e.before.text(), e.after.text())
	}
	_, err := t.insert("INSERT INTO batch_changes (batch, position, noun, key, before, after)", 6, args, "")
	return err
}

func (d *declared) text() string {
	if d == nil {
		return ""
	}
	return string(d.body)
}

// events is one event for each edit. They name the batch, which holds the
// values: events are kept for ever, values may have to be erased.
func (es edits) events(number int64, author string, at time.Time) []inventory.Event {
	events := make([]inventory.Event, len(es))
	body := json.RawMessage(fmt.Sprintf(`{"batch":%d}`, number))
	for i, e := range es {
		kind := inventory.EventRegisterChanged
		switch {
		case e.before == nil:
			kind = inventory.EventRegisterMade
		case e.after == nil:
			kind = inventory.EventRegisterRemoved
		}
		events[i] = inventory.Event{
			Kind: kind, Subject: inventory.Subject{Noun: e.noun, Key: e.key}, OccurredAt: at, Author: author, Body: body,
		}
	}
	return events
}
