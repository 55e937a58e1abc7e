package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"muster/inventory"
)

// PutWindow makes or replaces a maintenance window.
func (s *Store) PutWindow(ctx context.Context, w inventory.Window) error {
	if err := w.Validate(); err != nil {
		return fmt.Errorf("cannot keep maintenance window: %w", err)
	}
	body, err := json.Marshal(w)
	if err != nil {
		return fmt.Errorf("cannot keep maintenance window: %w", err)
	}
	ends := w.To
	if !w.EndedAt.IsZero() && w.EndedAt.Before(ends) {
		ends = w.EndedAt
	}
	return s.change(ctx, "keep maintenance window", func(t tx) error {
		_, err := t.exec(`INSERT INTO maintenance_windows (id, from_at, ends_at, body) VALUES ($1, $2, $3, $4)
			ON CONFLICT (id) DO UPDATE SET from_at = excluded.from_at, ends_at = excluded.ends_at, body = excluded.body`,
			plain(w.ID), micros(w.From), micros(ends), string(body))
		return err
	})
}

// Windows is the maintenance windows that end after an instant, the first to
// begin first; all of them for the zero time.
func (s *Store) Windows(ctx context.Context, endAfter time.Time) (windows []inventory.Window, err error) {
	windows = []inventory.Window{}
	err = s.look(ctx, "list maintenance windows", func(t tx) error {
		return t.each("SELECT body FROM maintenance_windows WHERE ends_at > $1 ORDER BY from_at, id", []any{micros(endAfter)}, func(row scanner) error {
			w, err := scanWindow(row)
			windows = append(windows, w)
			return err
		})
	})
	return windows, err
}

// Window is one maintenance window; ErrNotFound.
func (s *Store) Window(ctx context.Context, id string) (w inventory.Window, err error) {
	err = s.look(ctx, fmt.Sprintf("read maintenance window %.20q", id), func(t tx) (err error) {
		w, err = scanWindow(only{t, "SELECT body FROM maintenance_windows WHERE id = $1", []any{plain(id)}})
		return err
	})
	return w, err
}

func scanWindow(row scanner) (w inventory.Window, err error) {
	var body string
	if err = row.Scan(&body); err != nil {
		return w, err
	}
	return w, json.Unmarshal([]byte(body), &w)
}
