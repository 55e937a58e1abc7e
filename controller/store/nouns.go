package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"muster/inventory"
)

// Nouns is a page of one declared noun of the refresh by key, each as its JSON; an
// error where the filter does not fit the noun.
func (s *Store) Nouns(ctx context.Context, noun inventory.Noun, f inventory.NounFilter) (bodies []json.RawMessage, next string, err error) {
	bodies = []json.RawMessage{}
	what := fmt.Sprintf("list %s", noun)
	k, err := keeperOf(noun)
	if err != nil {
		return nil, "", fmt.Errorf("cannot %s: %w", what, err)
	}
	chosen := selectPage(f.Page)
	if err := k.choose(&chosen, f); err != nil {
		return nil, "", fmt.Errorf("cannot %s: %w", what, err)
	}
	var keys []string
	err = s.look(ctx, what, func(t tx) error {
		query := fmt.Sprintf("SELECT %s, body FROM %s%s ORDER BY %s LIMIT %d", k.key, k.table, chosen.where(k.key), k.key, chosen.limit+1)
		err := t.each(query, chosen.args, func(row scanner) error {
			var key, body string
			err := row.Scan(&key, &body)
			keys, bodies = append(keys, key), append(bodies, json.RawMessage(body))
			return err
		})
		if err != nil || !f.Names {
			return err
		}
		return k.addNames(t, keys, bodies)
	})
	if err == nil && len(bodies) > chosen.limit {
		bodies, next = bodies[:chosen.limit], keys[chosen.limit-1]
	}
	return bodies, next, err
}

// Noun is one declared noun as its JSON, people with their names; ErrNotFound.
func (s *Store) Noun(ctx context.Context, noun inventory.Noun, key string) (json.RawMessage, error) {
	what := fmt.Sprintf("read %s %.80q", noun, key)
	k, err := keeperOf(noun)
	if err != nil {
		return nil, fmt.Errorf("cannot %s: %w", what, err)
	}
	bodies := make([]json.RawMessage, 1)
	err = s.look(ctx, what, func(t tx) error {
		var body string
		if err := t.one("SELECT body FROM "+k.table+" WHERE "+k.key+" = $1", []any{plain(key)}, &body); err != nil {
			return err
		}
		bodies[0] = json.RawMessage(body)
		return k.addNames(t, []string{key}, bodies)
	})
	return bodies[0], err
}

// addNames puts the names of staff into their bodies.
func (k keeper) addNames(t tx, keys []string, bodies []json.RawMessage) error {
	if k.noun != inventory.NounStaff {
		return nil
	}
	held, err := readPersonals(t, k.noun, keys)
	if err != nil {
		return err
	}
	for i, key := range keys {
		name := held[key][fieldName]
		if name == "" {
			continue
		}
		var staff inventory.Staff
		if err := json.Unmarshal(bodies[i], &staff); err != nil {
			return err
		}
		staff.Name = name
		if bodies[i], err = json.Marshal(staff); err != nil {
			return err
		}
	}
	return nil
}

// choose puts the filter's conditions on the columns of the noun.
func (k keeper) choose(c *selection, f inventory.NounFilter) error {
	for _, by := range []struct{ column, value string }{
		{"site", f.Site},
		{"wave", f.Wave},
		{"programme", f.Programme},
		{"state", f.State},
		{"role", f.Role},
		{"class", f.Class},
		{"asset", f.Asset},
		{"crew", f.Crew},
		{"staff", f.Staff},
		{"course", f.Course},
		{"area", f.Area},
	} {
		switch has := slices.Contains(k.columns, by.column); {
		case by.value == "":
		case has:
			c.equal(by.column, by.value)
		case by.column == "wave" && slices.Contains(k.columns, "site"):
			c.conditions = append(c.conditions, "site IN (SELECT to_key FROM register_refs WHERE noun = 'wave' AND to_noun = 'site' AND key = "+c.arg(by.value)+")")
		case by.column == "site" && slices.Contains(k.columns, "staff"):
			c.conditions = append(c.conditions, "staff IN (SELECT number FROM staff WHERE site = "+c.arg(by.value)+")")
		default:
			return fmt.Errorf("a %s has no %s to select by", k.noun, by.column)
		}
	}
	if !f.From.Set() && !f.To.Set() {
		return nil
	}
	if !slices.Contains(k.columns, "day") {
		return fmt.Errorf("a %s has no day to select by", k.noun)
	}
	if f.From.Set() {
		c.conditions = append(c.conditions, "day >= "+c.arg(string(f.From)))
	}
	if f.To.Set() {
		c.conditions = append(c.conditions, "day <= "+c.arg(string(f.To)))
	}
	return nil
}
