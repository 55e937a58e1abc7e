package store

import "context"

// Meta is a setting that the controller keeps with its database; ErrNotFound
// where it was never set.
func (s *Store) Meta(ctx context.Context, name string) (string, error) {
	var value string
	err := s.look(ctx, "read setting", func(t tx) error {
		return t.one("SELECT value FROM meta WHERE name = $1", []any{name}, &value)
	})
	return value, err
}

// SetMeta writes a setting.
func (s *Store) SetMeta(ctx context.Context, name, value string) error {
	return s.change(ctx, "write setting", func(t tx) error { return t.setMeta(name, value) })
}

func (t tx) setMeta(name, value string) error {
	_, err := t.exec("INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value)
	return err
}
