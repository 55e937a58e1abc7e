package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/pressly/goose/v3"
)

// engine is what differs between SQLite and PostgreSQL: how to connect, what
// its errors mean, how it is copied. The SQL is the same.
type engine interface {
	name() string // for errors: "database /var/lib/muster/muster.db"; never a password
	dialect() goose.Dialect
	open(ctx context.Context) (write, read *sql.DB, err error)
	// classify wraps the errors that callers act on in the store's sentinels.
	classify(err error) error
	// settle leaves the writing connection without a transaction after a commit
	// that failed.
	settle(ctx context.Context, write *sql.DB)
	// width is how many parameters a statement should have at most.
	width() int
	// numbered reports whether placeholders must be $1, $2 … in lists of values.
	numbered() bool
	// isolation is the level at which a reading transaction sees one moment.
	isolation() sql.IsolationLevel
	backup(ctx context.Context, s *Store, path string) error
	suffix() string // of a backup file
	folder() string // where backups go by default; empty: nowhere
	// erasures is the file that remembers erasures by default; empty: none.
	erasures() string
	// shredding runs work so that what it deletes is overwritten, not only let go.
	shredding(t tx, work func() error) error
	// renew writes a table anew where deleting a row leaves copies of it behind.
	renew(t tx, table dumpTable) error
	// shred overwrites what earlier changes left of what is gone.
	shred(ctx context.Context, write *sql.DB) error
}

func engineOf(address string) (engine, error) {
	scheme, rest, _ := strings.Cut(address, ":")
	switch scheme {
	case "sqlite":
		if rest == "" {
			return nil, fmt.Errorf("cannot open store %q: it names no file, write sqlite:/var/lib/muster/muster.db", address)
		}
		return sqliteFile{path: rest}, nil
	case "postgres", "postgresql":
		return newPostgres(address)
	default:
		return nil, fmt.Errorf("cannot open store: its address begins neither with sqlite: nor with postgres://")
	}
}

// EngineOf is the engine of an address: EngineSQLite or EnginePostgres.
func EngineOf(address string) (string, error) {
	e, err := engineOf(address)
	if err != nil {
		return "", err
	}
	return kind(e), nil
}

func kind(e engine) string {
	if _, ok := e.(postgres); ok {
		return EnginePostgres
	}
	return EngineSQLite
}
