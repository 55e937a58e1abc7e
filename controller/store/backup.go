package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Backup writes a copy of the database to path while it is being written to. The
// copy shows one moment, is synced to disk, and appears under its name only when
// it is whole. A file that exists is not written over. Restore reads it.
func (s *Store) Backup(ctx context.Context, path string) error {
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("cannot back up to %s: %w", path, errors.Join(err, os.ErrExist))
	}
	partial := path + ".partial"
	if err := os.Remove(partial); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("cannot back up: %w", err)
	}
	err := s.engine.backup(ctx, s, partial)
	if err == nil {
		err = syncFile(partial)
	}
	if err == nil {
		err = os.Rename(partial, path)
	}
	if err == nil {
		err = syncFile(filepath.Dir(path))
	}
	if err != nil {
		_ = os.Remove(partial) // the error says more than a failure to tidy up
		return fmt.Errorf("cannot back up %s to %s: %w", s.engine.name(), path, s.engine.classify(err))
	}
	return nil
}

// Engine is EngineSQLite or EnginePostgres.
func (s *Store) Engine() string { return kind(s.engine) }

// The engines.
const (
	EngineSQLite   = "sqlite"
	EnginePostgres = "postgres"
)

// backup copies by VACUUM INTO, on a connection of its own: it reads one moment
// and neither waits for the writer nor keeps it waiting.
func (f sqliteFile) backup(ctx context.Context, _ *Store, path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", f.dsn())
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "VACUUM INTO $1", path)
	return errors.Join(err, db.Close())
}

// syncFile brings a file or folder to disk.
func syncFile(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}
