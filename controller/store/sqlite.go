package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// sqliteFile is a database in one file, with its -wal and -shm beside it.
type sqliteFile struct {
	path string
}

func (f sqliteFile) name() string           { return "database " + f.path }
func (f sqliteFile) dialect() goose.Dialect { return goose.DialectSQLite3 }
func (f sqliteFile) suffix() string         { return ".db" }
func (f sqliteFile) folder() string         { return filepath.Dir(f.path) }

// readers is how many readings run beside one another.
const readers = 4

func (f sqliteFile) open(ctx context.Context) (write, read *sql.DB, err error) {
	// Made here rather than by SQLite, so that nobody else can read it.
	file, err := os.OpenFile(f.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, err
	}
	if err := file.Close(); err != nil {
		return nil, nil, err
	}
	write, err = sql.Open("sqlite", f.dsn("_txlock=immediate",
		"_pragma=journal_mode(WAL)", "_pragma=synchronous(FULL)",
		"_pragma=journal_size_limit(67108864)", "_pragma=wal_autocheckpoint(4000)", "_pragma=cache_size(-65536)"))
	if err != nil {
		return nil, nil, err
	}
	write.SetMaxOpenConns(1)
	read, err = sql.Open("sqlite", f.dsn("_pragma=query_only(1)", "_pragma=cache_size(-16384)"))
	if err != nil {
		return nil, nil, errors.Join(err, write.Close())
	}
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	if err := write.PingContext(ctx); err != nil {
		return nil, nil, errors.Join(err, write.Close(), read.Close())
	}
	return write, read, nil
}

// dsn is the address of the file. A path may hold any character, so it is
// escaped as SQLite's own URI asks.
func (f sqliteFile) dsn(settings ...string) string {
	settings = append([]string{"_pragma=busy_timeout(10000)"}, settings...)
	return "file:" + (&url.URL{Path: f.path}).EscapedPath() + "?" + strings.Join(settings, "&")
}

func (f sqliteFile) classify(err error) error {
	var e *sqlite.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("%w: %w", ErrFull, err)
	case !errors.As(err, &e):
		return err
	}
	switch e.Code() {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE:
		return fmt.Errorf("%w: %w", ErrFull, err)
	case sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("the file is not a database: %w", err)
	}
	return err
}

// settle rolls back what a failed COMMIT may have left open; without it the next
// transaction of this connection could not begin. Its own error says only that
// nothing was open.
func (f sqliteFile) settle(ctx context.Context, write *sql.DB) {
	_, _ = write.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
}

func (f sqliteFile) isolation() sql.IsolationLevel { return sql.LevelDefault }

// width is where the driver's time for a row is least: it looks for each
// parameter among all, and prepares every statement anew.
func (f sqliteFile) width() int { return 300 }

func (f sqliteFile) numbered() bool { return false }
