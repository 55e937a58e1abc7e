package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// stage copies a backup beside the database file and verifies the copy.
func (f sqliteFile) stage(ctx context.Context, o RestoreOptions) (*Staged, error) {
	if err := f.vacate(ctx, o.Replace); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(f.path), 0o700); err != nil {
		return nil, err
	}
	staging := sqliteFile{path: f.path + ".restoring"}
	if err := staging.remove(); err != nil { // of a restore that was killed
		return nil, err
	}
	if !o.Consume || os.Rename(o.From, staging.path) != nil {
		if err := copyFile(o.From, staging.path); err != nil {
			return nil, errors.Join(err, staging.remove())
		}
	}
	if err := staging.verify(ctx); err != nil {
		return nil, errors.Join(err, staging.remove())
	}
	if err := staging.forget(ctx, erasureFile(cmp.Or(o.Erasures, f.erasures()))); err != nil {
		return nil, errors.Join(err, staging.remove())
	}
	aside := f.path + ".before-restore-" + o.stamp()
	return &Staged{
		commit: func(ctx context.Context) error {
			if err := f.vacate(ctx, o.Replace); err != nil { // it may have been opened meanwhile
				return err
			}
			if err := moveDatabase(f.path, aside); err != nil {
				return err
			}
			if err := os.Rename(staging.path, f.path); err != nil {
				return errors.Join(err, moveDatabase(aside, f.path))
			}
			return syncFile(filepath.Dir(f.path))
		},
		revert: func(context.Context) error {
			return errors.Join(f.remove(), moveDatabase(aside, f.path), syncFile(filepath.Dir(f.path)))
		},
		discard: func(context.Context) error { return staging.remove() },
	}, nil
}

// vacate holds the target against what the operator allowed, and brings the last
// commits of a database that will be set aside into its file.
func (f sqliteFile) vacate(ctx context.Context, replace bool) error {
	stat, err := os.Stat(f.path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return err
	case stat.Size() > 0 && !replace:
		return fmt.Errorf("%s: %w", f.path, ErrOccupied)
	}
	db, err := sql.Open("sqlite", strings.Replace(f.dsn(), "busy_timeout(10000)", "busy_timeout(0)", 1))
	if err != nil {
		return err
	}
	// Leaving WAL needs the file alone; SQLite says busy where anybody has it open.
	_, err = db.ExecContext(ctx, "PRAGMA journal_mode = DELETE")
	var e *sqlite.Error
	if errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_BUSY {
		return errors.Join(ErrInUse, db.Close())
	}
	return db.Close() // another error means a damaged database: it is set aside as it is
}

// verify reads the whole file: every page, every index against its table.
func (f sqliteFile) verify(ctx context.Context) error {
	db, err := sql.Open("sqlite", f.dsn("mode=ro", "_pragma=query_only(1)"))
	if err != nil {
		return err
	}
	defer db.Close() // only read
	var pages, pageBytes int64
	err = db.QueryRowContext(ctx, "SELECT (SELECT page_count FROM pragma_page_count), (SELECT page_size FROM pragma_page_size)").Scan(&pages, &pageBytes)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if stat, err := os.Stat(f.path); err != nil || stat.Size() != pages*pageBytes || pages == 0 {
		return errors.Join(fmt.Errorf("%w: it is not as long as it says", ErrDamaged), err)
	}
	var verdict string
	if err := db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&verdict); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if verdict != "ok" {
		return fmt.Errorf("%w: %s", ErrDamaged, verdict)
	}
	var version int64
	if err := db.QueryRowContext(ctx, "SELECT COALESCE(max(version_id), 0) FROM goose_db_version WHERE is_applied").Scan(&version); err != nil {
		return fmt.Errorf("%w: it is no database of muster: %w", ErrDamaged, err)
	}
	return knownVersion(version)
}

// sidecars are the files that SQLite keeps beside a database.
func sidecars() []string { return []string{"", "-wal", "-shm", "-journal"} }

// remove takes the database away with its sidecars.
func (f sqliteFile) remove() error {
	var errs []error
	for _, suffix := range sidecars() {
		if err := os.Remove(f.path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// moveDatabase renames a database with its sidecars, as far as they exist.
func moveDatabase(from, to string) error {
	for _, suffix := range sidecars() {
		if err := os.Rename(from+suffix, to+suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// copyFile copies and syncs; only the owner may read the copy.
func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close() // only read
	target, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Sync(), target.Close())
}

// forget takes out of a staged copy what was erased after it was made. Its journal
// is kept in memory: one on disk would hold the pages as they were.
func (f sqliteFile) forget(ctx context.Context, from erasureFile) (err error) {
	all, err := from.read()
	if err != nil || len(all) == 0 {
		return err
	}
	db, err := sql.Open("sqlite", f.dsn("_pragma=journal_mode(MEMORY)"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var tables int
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master WHERE name = 'personal'").Scan(&tables); err != nil || tables == 0 {
		return err // a copy from before there was anything personal
	}
	begun, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer begun.Rollback() //nolint:errcheck // after Commit it does nothing
	t := tx{Context: ctx, Tx: begun, width: f.width()}
	err = f.shredding(t, func() error {
		if err := deletePersonal(t, all); err != nil {
			return err
		}
		return f.renew(t, personalTable())
	})
	return errors.Join(err, begun.Commit())
}
