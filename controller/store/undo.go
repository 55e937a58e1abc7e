package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"muster/inventory"
)

// Undo takes a batch back: everything it changed is again what it was. It fails
// with ErrDependent, naming what stands in the way, where a later batch changed
// the same noun or anything now refers to what the batch made; with ErrConflict
// where it is already undone; with ErrNotFound where there is no such batch.
func (s *Store) Undo(ctx context.Context, number int64, author string, at time.Time) error {
	return s.change(ctx, fmt.Sprintf("undo batch %d", number), func(t tx) error {
		if _, err := t.next("batch", 0); err != nil { // no batch is made meanwhile
			return err
		}
		batch, err := findBatch(t, number)
		if err != nil {
			return err
		}
		if !batch.UndoneAt.IsZero() {
			return fmt.Errorf("it was undone at %s: %w", batch.UndoneAt.Format(time.RFC3339), ErrConflict)
		}
		if err := notChangedSince(t, number); err != nil {
			return err
		}
		back, err := readEdits(inverse(batch.Changes))
		if err != nil {
			return err
		}
		back.withoutNames() // the batch carries none
		if err := back.matchCurrent(t); err != nil {
			if errors.Is(err, ErrConflict) {
				return fmt.Errorf("%w: %w", ErrDependent, err)
			}
			return err
		}
		if err := back.write(t, number); err != nil {
			if errors.Is(err, ErrConflict) { // it would name what is gone since
				return fmt.Errorf("%w: %w", ErrDependent, err)
			}
			return err
		}
		if err := s.undoNames(t, back, number); err != nil {
			return err
		}
		if _, err := t.exec("UPDATE batches SET undone_at = $1 WHERE number = $2", micros(at), number); err != nil {
			return err
		}
		events := back.events(number, author, at)
		for i := range events {
			events[i].Kind = inventory.EventRegisterUndone
		}
		return s.appendEvents(t, events)
	})
}

func inverse(changes []inventory.Change) []inventory.Change {
	back := make([]inventory.Change, len(changes))
	for i, c := range changes {
		back[len(changes)-1-i] = inventory.Change{Noun: c.Noun, Key: c.Key, Before: c.After, After: c.Before}
	}
	return back
}

// notChangedSince fails with ErrDependent where a later batch that stands touched
// a noun of this one.
func notChangedSince(t tx, number int64) error {
	var later int64
	var noun, key, source, author string
	err := t.one(`SELECT c.batch, c.noun, c.key, b.source, b.author
		FROM batch_changes mine
		JOIN batch_changes c ON c.noun = mine.noun AND c.key = mine.key AND c.batch > mine.batch
		JOIN batches b ON b.number = c.batch
		WHERE mine.batch = $1 AND b.undone_at = 0
		ORDER BY c.batch, c.position LIMIT 1`, []any{number}, &later, &noun, &key, &source, &author)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("batch %d (%s by %s) changed %s %q since, undo that first: %w", later, source, author, noun, key, ErrDependent)
}

// Batches is a page of batches, newest first, without their changes.
func (s *Store) Batches(ctx context.Context, page inventory.Page) (batches []inventory.Batch, next string, err error) {
	batches = []inventory.Batch{}
	chosen := selectPage(page)
	if err := chosen.before("number"); err != nil {
		return nil, "", fmt.Errorf("cannot list batches: %w", err)
	}
	err = s.look(ctx, "list batches", func(t tx) error {
		query := fmt.Sprintf("SELECT number, source, author, made_at, undone_at FROM batches%s ORDER BY number DESC LIMIT %d",
			chosen.where("number"), chosen.limit+1)
		return t.each(query, chosen.args, func(row scanner) error {
			b, err := scanBatch(row)
			batches = append(batches, b)
			return err
		})
	})
	if err == nil && len(batches) > chosen.limit {
		batches = batches[:chosen.limit]
		next = fmt.Sprint(batches[chosen.limit-1].Number)
	}
	return batches, next, err
}

// Batch is one batch with its changes; ErrNotFound.
func (s *Store) Batch(ctx context.Context, number int64) (batch inventory.Batch, err error) {
	err = s.look(ctx, fmt.Sprintf("read batch %d", number), func(t tx) (err error) {
		batch, err = findBatch(t, number)
		return err
	})
	return batch, err
}

func findBatch(t tx, number int64) (inventory.Batch, error) {
	batch, err := scanBatch(only{t, "SELECT number, source, author, made_at, undone_at FROM batches WHERE number = $1", []any{number}})
	if err != nil {
		return batch, err
	}
	err = t.each("SELECT noun, key, before, after FROM batch_changes WHERE batch = $1 ORDER BY position", []any{number}, func(row scanner) error {
		var noun, key, before, after string
		err := row.Scan(&noun, &key, &before, &after)
		batch.Changes = append(batch.Changes, inventory.Change{
			Noun: inventory.Noun(noun), Key: key, Before: raw(before), After: raw(after),
		})
		return err
	})
	return batch, err
}

func scanBatch(row scanner) (b inventory.Batch, err error) {
	var madeAt, undoneAt int64
	err = row.Scan(&b.Number, &b.Source, &b.Author, &madeAt, &undoneAt)
	b.MadeAt, b.UndoneAt = instant(madeAt), instant(undoneAt)
	return b, err
}

// raw is JSON as it is kept; the empty text is none.
func raw(text string) json.RawMessage {
	if text == "" {
		return nil
	}
	return json.RawMessage(text)
}
