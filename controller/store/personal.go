package store

import (
	"fmt"
	"time"

	"muster/inventory"
)

// fieldName is the one personal value of a member of staff.
const fieldName = "name"

// fieldBefore is where the value lies that a field had before a batch, so that
// undoing the batch brings it back.
func fieldBefore(field string, batch int64) string { return fmt.Sprintf("%s before %d", field, batch) }

// personals is personal values by key and field.
type personals map[string]map[string]string

func readPersonals(t tx, noun inventory.Noun, keys []string) (personals, error) {
	found := make(personals)
	err := chunks(t, keys, func(keys []string) error {
		query := "SELECT key, field, value FROM personal WHERE key IN (" + t.marks(len(keys)) + ") AND noun = '" + string(noun) + "'"
		return t.each(query, anys(keys), func(row scanner) error {
			var key, field, value string
			err := row.Scan(&key, &field, &value)
			if found[key] == nil {
				found[key] = make(map[string]string)
			}
			found[key][field] = value
			return err
		})
	})
	return found, err
}

// allNames is the name of everybody who has one, by staff number.
func allNames(t tx) (map[string]string, error) {
	names := make(map[string]string)
	err := t.each("SELECT key, value FROM personal WHERE noun = $1 AND field = $2", []any{string(inventory.NounStaff), fieldName}, func(row scanner) error {
		var number, name string
		err := row.Scan(&number, &name)
		names[number] = name
		return err
	})
	return names, err
}

// withoutNames makes the edits say nothing of names.
func (es edits) withoutNames() {
	for i := range es {
		for _, side := range []*declared{es[i].before, es[i].after} {
			if side != nil {
				side.names = nil
			}
		}
	}
}

// matchNames holds the names that the edits say were there against those that are.
func (es edits) matchNames(held personals) error {
	for _, e := range es {
		if e.before == nil || e.before.names == nil {
			continue
		}
		for field, value := range e.before.names {
			if held[e.key][field] != value {
				return fmt.Errorf("%s %q was changed meanwhile: its %s is another: %w", e.noun, e.key, field, ErrConflict)
			}
		}
	}
	return nil
}

// keepNames writes the names of a batch, and what they were before it. A name of
// somebody whose values were erased is refused.
func (s *Store) keepNames(t tx, es edits, batch int64) error {
	mine := es.of(inventory.NounStaff)
	held, err := readPersonals(t, inventory.NounStaff, mine.keys())
	if err != nil {
		return err
	}
	if err := mine.matchNames(held); err != nil {
		return err
	}
	erased, err := erasedAmong(t, mine.keys())
	if err != nil {
		return err
	}
	p := personalWriter{noun: inventory.NounStaff, now: s.now()}
	for _, e := range mine {
		name, was := "", held[e.key][fieldName]
		switch {
		case e.after != nil && e.after.names == nil:
			continue
		case e.after != nil:
			name = e.after.names[fieldName]
		}
		if name != "" && erased[e.key] {
			return fmt.Errorf("%s %q: %w", e.noun, e.key, inventory.FieldErrors{{
				Field: fieldName, Why: "this person's personal values were erased: the name is not taken again",
			}})
		}
		if name == was {
			continue
		}
		if e.before != nil {
			p.put(e.key, fieldBefore(fieldName, batch), was)
		}
		p.set(e.key, fieldName, name)
	}
	return s.writePersonal(t, p)
}

// undoNames brings back what names were before a batch. What the batch had made
// goes with its names.
func (s *Store) undoNames(t tx, back edits, batch int64) error {
	mine := back.of(inventory.NounStaff)
	held, err := readPersonals(t, inventory.NounStaff, mine.keys())
	if err != nil {
		return err
	}
	p := personalWriter{noun: inventory.NounStaff, now: s.now()}
	for _, e := range mine {
		was, kept := held[e.key][fieldBefore(fieldName, batch)]
		switch {
		case e.after == nil:
			p.set(e.key, fieldName, "")
		case kept:
			p.set(e.key, fieldName, was)
			p.remove(e.key, fieldBefore(fieldName, batch))
		}
	}
	return s.writePersonal(t, p)
}

// personalWriter gathers changes of personal values.
type personalWriter struct {
	noun    inventory.Noun
	now     time.Time
	written []any
	removed [][2]string
}

func (p *personalWriter) put(key, field, value string) {
	p.written = append(p.written, string(p.noun), key, field, value, micros(p.now))
}

func (p *personalWriter) remove(key, field string) {
	p.removed = append(p.removed, [2]string{key, field})
}

// set puts a value, or removes the field where it is empty.
func (p *personalWriter) set(key, field, value string) {
	if value == "" {
		p.remove(key, field)
		return
	}
	p.put(key, field, value)
}

func (s *Store) writePersonal(t tx, p personalWriter) error {
	if len(p.written)+len(p.removed) == 0 {
		return nil
	}
	return s.engine.shredding(t, func() error {
		for _, gone := range p.removed {
			if _, err := t.exec("DELETE FROM personal WHERE noun = $1 AND key = $2 AND field = $3", string(p.noun), gone[0], gone[1]); err != nil {
				return err
			}
		}
		_, err := t.insert("INSERT INTO personal (noun, key, field, value, written_at)", 5, p.written,
			"ON CONFLICT (noun, key, field) DO UPDATE SET value = excluded.value, written_at = excluded.written_at")
		return err
	})
}
