package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

// postgres is a database on a PostgreSQL server.
type postgres struct {
	config *pgx.ConnConfig
}

// applicationName tells our connections from others, so that a restore can see
// whether a controller runs.
const applicationName = "muster"

func newPostgres(address string) (engine, error) {
	config, err := pgx.ParseConfig(address)
	if err != nil { // pgx leaves the password out of its text
		return nil, fmt.Errorf("cannot open store: %w", err)
	}
	config.RuntimeParams["application_name"] = applicationName
	return postgres{config: config}, nil
}

func (p postgres) name() string {
	return fmt.Sprintf("database %q on %s:%d", p.config.Database, p.config.Host, p.config.Port)
}
func (p postgres) dialect() goose.Dialect { return goose.DialectPostgres }
func (p postgres) suffix() string         { return ".dump.gz" }
func (p postgres) folder() string         { return "" }

// connections bounds what one controller takes of the server.
const connections = 8

func (p postgres) open(ctx context.Context) (write, read *sql.DB, err error) {
	db := stdlib.OpenDB(*p.config)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	if err := db.PingContext(ctx); err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return db, db, nil
}

// Conditions by their SQLSTATE.
const (
	stateDiskFull      = "53100"
	stateSerialization = "40001"
	stateDeadlock      = "40P01"
)

func (p postgres) classify(err error) error {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code {
	case stateDiskFull:
		return fmt.Errorf("%w: %w", ErrFull, err)
	case stateSerialization, stateDeadlock:
		return fmt.Errorf("%w: %w: %w", ErrConflict, errAgain, err)
	}
	return err
}

func (p postgres) settle(context.Context, *sql.DB) {}

func (p postgres) isolation() sql.IsolationLevel { return sql.LevelRepeatableRead }

// width is large because each statement is a round trip; the protocol takes 65,535.
func (p postgres) width() int { return 2000 }

func (p postgres) numbered() bool { return true }

func (p postgres) erasures() string { return "" }

func (p postgres) shredding(_ tx, work func() error) error { return work() }

func (p postgres) renew(tx, dumpTable) error { return nil }

// shred gives the dead rows' room back. What the server keeps in its own log and in
// copies made by others is theirs to rotate.
func (p postgres) shred(ctx context.Context, write *sql.DB) error {
	_, err := write.ExecContext(ctx, "VACUUM personal")
	return err
}
