package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"muster/inventory"
)

// Erase takes the personal values of a member of staff away for good: from what
// the register says, from what imports could bring back, and from what is left of
// them in the files of the database. The number stays with every count and the
// whole history. It is written down beside the database, so that restoring an older
// copy takes the values away again, and no later import brings the name back.
// ErrNotFound where nobody has the number; erasing twice is harmless.
func (s *Store) Erase(ctx context.Context, number, author string) error {
	e := erased{Noun: inventory.NounStaff, Key: number, ErasedAt: s.now().UTC().Truncate(time.Microsecond), Author: author}
	what := fmt.Sprintf("erase the personal values of %.40q", number)
	err := s.change(ctx, what, func(t tx) error {
		known, err := erasureOf(t, number)
		if err != nil {
			return err
		}
		if !known.ErasedAt.IsZero() && len(known.Fields) == 0 {
			return nil
		}
		// Before the commit: an erasure that was written down and not made is made
		// when the database is opened next.
		if err := s.erasures.add(e); err != nil {
			return err
		}
		return s.forget(t, []erased{e})
	})
	if err != nil {
		return err
	}
	return s.shred(ctx, what)
}

// shred overwrites what earlier changes left of values that are gone.
func (s *Store) shred(ctx context.Context, what string) error {
	if err := s.engine.shred(context.WithoutCancel(ctx), s.write); err != nil {
		return fmt.Errorf("cannot %s from the files of %s: %w", what, s.engine.name(), s.engine.classify(err))
	}
	return nil
}

// Erasure is what erasing a person would take away, or took, and what stays;
// ErrNotFound.
func (s *Store) Erasure(ctx context.Context, number string) (e inventory.Erasure, err error) {
	err = s.look(ctx, fmt.Sprintf("read what is personal of %.40q", number), func(t tx) error {
		e, err = erasureOf(t, number)
		return err
	})
	return e, err
}

func erasureOf(t tx, number string) (inventory.Erasure, error) {
	e := inventory.Erasure{Number: number, Fields: []string{}}
	staff := []any{string(inventory.NounStaff), number}
	err := t.each("SELECT field FROM personal WHERE noun = $1 AND key = $2 ORDER BY field", staff, func(row scanner) error {
		var field string
		err := row.Scan(&field)
		e.Fields = append(e.Fields, field)
		return err
	})
	if err != nil {
		return e, err
	}
	var erasedAt int64
	var posts int
	if err := t.one("SELECT COALESCE(max(erased_at), 0) FROM erasures WHERE noun = $1 AND key = $2", staff, &erasedAt); err != nil {
		return e, err
	}
	e.ErasedAt = instant(erasedAt)
	for _, count := range []struct {
		query string
		args  []any
		into  *int
	}{
		{"SELECT count(*) FROM staff WHERE number = $1", []any{number}, &posts},
		{"SELECT count(*) FROM training WHERE staff = $1", []any{number}, &e.Training},
		{"SELECT count(*) FROM events WHERE noun = $1 AND key = $2", staff, &e.Events},
		{"SELECT count(*) FROM batch_changes WHERE noun = $1 AND key = $2", staff, &e.Imports},
	} {
		if err := t.one(count.query, count.args, count.into); err != nil {
			return e, err
		}
	}
	if posts == 0 && len(e.Fields) == 0 && erasedAt == 0 {
		return e, ErrNotFound
	}
	return e, nil
}

// forget removes personal values, remembers that they were erased, and says so in
// the history.
func (s *Store) forget(t tx, all []erased) error {
	events := make([]inventory.Event, 0, len(all))
	for _, e := range all {
		if _, err := t.exec("INSERT INTO erasures (noun, key, erased_at) VALUES ($1, $2, $3) ON CONFLICT (noun, key) DO NOTHING",
			string(e.Noun), e.Key, micros(e.ErasedAt)); err != nil {
			return err
		}
		events = append(events, inventory.Event{
			Kind: inventory.EventPersonErased, Subject: inventory.Subject{Noun: inventory.NounStaff, Key: e.Key},
			OccurredAt: e.ErasedAt, Author: e.Author, Body: json.RawMessage(`{}`),
		})
	}
	err := s.engine.shredding(t, func() error {
		if err := deletePersonal(t, all); err != nil {
			return err
		}
		return s.engine.renew(t, personalTable())
	})
	if err != nil {
		return err
	}
	return s.appendEvents(t, events)
}

// personalTable is the table of personal values with its columns.
func personalTable() dumpTable {
	return dumpTable{Table: "personal", Columns: []string{"noun", "key", "field", "value", "written_at"}}
}

func deletePersonal(t tx, all []erased) error {
	for _, e := range all {
		if _, err := t.exec("DELETE FROM personal WHERE noun = $1 AND key = $2", string(e.Noun), e.Key); err != nil {
			return err
		}
	}
	return nil
}

// replayErasures takes away again what was erased after this database was copied,
// and writes down beside it what only the database remembers.
func (s *Store) replayErasures(ctx context.Context) error {
	written, err := s.erasures.read()
	if err != nil {
		return fmt.Errorf("cannot open %s: %w", s.engine.name(), err)
	}
	held, err := s.heldErasures(ctx)
	if err != nil {
		return err
	}
	var missing []erased
	for _, e := range written {
		if !slices.ContainsFunc(append(held, missing...), e.same) {
			missing = append(missing, e)
		}
	}
	if len(missing) > 0 {
		if err := s.change(ctx, "take erased values away again", func(t tx) error { return s.forget(t, missing) }); err != nil {
			return err
		}
		if err := s.shred(ctx, "take erased values away again"); err != nil {
			return err
		}
		s.log.Info("erasures made again after a restore", "people", len(missing))
	}
	for _, e := range held {
		if !slices.ContainsFunc(written, e.same) {
			if err := s.erasures.add(e); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Store) heldErasures(ctx context.Context) (held []erased, err error) {
	err = s.look(ctx, "read the erasures", func(t tx) error {
		return t.each("SELECT noun, key, erased_at FROM erasures ORDER BY erased_at, noun, key", nil, func(row scanner) error {
			var e erased
			var noun string
			var at int64
			err := row.Scan(&noun, &e.Key, &at)
			e.Noun, e.ErasedAt = inventory.Noun(noun), instant(at)
			held = append(held, e)
			return err
		})
	})
	return held, err
}

func erasedAmong(t tx, keys []string) (map[string]bool, error) {
	found := make(map[string]bool)
	err := chunks(t, keys, func(keys []string) error {
		query := "SELECT key FROM erasures WHERE key IN (" + t.marks(len(keys)) + ") AND noun = '" + string(inventory.NounStaff) + "'"
		return t.each(query, anys(keys), func(row scanner) error {
			var key string
			err := row.Scan(&key)
			found[key] = true
			return err
		})
	})
	return found, err
}

func erasedNumbers(t tx) (numbers []string, err error) {
	err = t.each("SELECT key FROM erasures WHERE noun = $1 ORDER BY key", []any{string(inventory.NounStaff)}, func(row scanner) error {
		var key string
		err := row.Scan(&key)
		numbers = append(numbers, key)
		return err
	})
	return numbers, err
}

// PrunePersonal removes at most limit personal values that are no longer needed:
// names of staff whose last day lies before leftBefore, and what names were before
// imports made before importedBefore. It returns how many it removed.
func (s *Store) PrunePersonal(ctx context.Context, leftBefore inventory.Date, importedBefore time.Time, limit int) (int, error) {
	removed := 0
	err := s.change(ctx, "prune personal values", func(t tx) error {
		p := personalWriter{noun: inventory.NounStaff}
		err := t.each(`SELECT p.key, p.field FROM personal p LEFT JOIN staff s ON s.number = p.key
			WHERE p.noun = $1 AND ((p.field <> $2 AND p.written_at < $3) OR (p.field = $2 AND s.last_day <> '' AND s.last_day < $4)) ORDER BY p.key, p.field LIMIT $5`,
			[]any{string(inventory.NounStaff), fieldName, micros(importedBefore), string(leftBefore), max(limit, 0)}, func(row scanner) error {
				var key, field string
				err := row.Scan(&key, &field)
				p.remove(key, field)
				return err
			})
		if err != nil {
			return err
		}
		removed = len(p.removed)
		return s.writePersonal(t, p)
	})
	if err != nil || removed == 0 {
		return 0, err
	}
	return removed, s.shred(ctx, "prune personal values")
}
