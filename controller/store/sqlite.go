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

func (f sqliteFile) erasures() string { return f.path + ".erasures" }

// shredding has SQLite write zeroes over what is deleted, and over pages that are
// freed. It is off otherwise: pruning the intake log frees thousands.
func (f sqliteFile) shredding(t tx, work func() error) error {
	if _, err := t.exec("PRAGMA secure_delete = ON"); err != nil {
		return err
	}
	err := work()
	_, off := t.exec("PRAGMA secure_delete = OFF")
	return errors.Join(err, off)
}

// renew writes a small table anew: moving rows between pages leaves copies in the
// room between them, which only a page that is freed loses.
func (f sqliteFile) renew(t tx, table dumpTable) error {
	columns := strings.Join(table.Columns, ", ")
	var rows []any
	err := t.each("SELECT "+columns+" FROM "+table.Table, nil, func(row scanner) error {
		values := make([]any, len(table.Columns))
		into := make([]any, len(values))
		for i := range values {
			into[i] = &values[i]
		}
		err := row.Scan(into...)
		rows = append(rows, values...)
		return err
	})
	if err != nil {
		return err
	}
	if _, err := t.exec("DELETE FROM " + table.Table); err != nil {
		return err
	}
	_, err = t.insert("INSERT INTO "+table.Table+" ("+columns+")", len(table.Columns), rows, "")
	return err
}

// shred empties the write-ahead log, which still holds pages as they were.
func (f sqliteFile) shred(ctx context.Context, write *sql.DB) error {
	var busy, log, done int
	return write.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &done)
}
