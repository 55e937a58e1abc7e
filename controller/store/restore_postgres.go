package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

// restoreName tells a restore's connections from a controller's.
const restoreName = applicationName + " restore"

// stage loads a dump into a schema of its own beside the present one.
func (p postgres) stage(ctx context.Context, o RestoreOptions) (staged *Staged, err error) {
	config := p.config.Copy()
	config.RuntimeParams["application_name"] = restoreName
	p.config = config
	db := stdlib.OpenDB(*config)
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	present, err := p.vacate(ctx, db, o.Replace)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(o.From)
	if err != nil {
		return nil, err
	}
	defer file.Close() // only read
	lines, header, err := newDumpReader(file)
	if err != nil {
		return nil, err
	}
	if err := knownVersion(header.Version); err != nil {
		return nil, err
	}
	erasures, err := p.rememberedErasures(ctx, db, erasureFile(o.Erasures))
	if err != nil {
		return nil, err
	}
	staging, aside := "muster_restoring_"+o.stamp(), "muster_before_restore_"+o.stamp()
	if err := p.load(ctx, db, staging, header.Version, lines, erasures); err != nil {
		return nil, errors.Join(err, dropSchema(context.WithoutCancel(ctx), db, staging))
	}
	return &Staged{
		commit: func(ctx context.Context) error {
			if err := swapSchemas(ctx, db, present, staging, aside); err != nil {
				return err
			}
			return db.Close()
		},
		revert: func(ctx context.Context) error {
			again := stdlib.OpenDB(*p.config)
			err := swapSchemas(ctx, again, present, aside, staging)
			if err == nil {
				err = dropSchema(ctx, again, staging)
			}
			return errors.Join(err, again.Close())
		},
		discard: func(ctx context.Context) error { return errors.Join(dropSchema(ctx, db, staging), db.Close()) },
	}, nil
}

func dropSchema(ctx context.Context, db *sql.DB, schema string) error {
	_, err := db.ExecContext(ctx, "DROP SCHEMA IF EXISTS "+quoted([]string{schema})+" CASCADE")
	return err
}

// vacate holds the target against what the operator allowed and returns the name
// of its schema.
func (p postgres) vacate(ctx context.Context, db *sql.DB, replace bool) (schema string, err error) {
	if err := db.QueryRowContext(ctx, "SELECT current_schema()").Scan(&schema); err != nil {
		return "", err
	}
	ours, err := ownTables()
	if err != nil {
		return "", err
	}
	var tables, users int
	err = db.QueryRowContext(ctx, "SELECT count(*) FROM pg_tables WHERE schemaname = $1 AND tablename = ANY($2)", schema, ours).Scan(&tables)
	if err != nil {
		return "", err
	}
	if tables > 0 && !replace {
		return "", fmt.Errorf("schema %s: %w", schema, ErrOccupied)
	}
	err = db.QueryRowContext(ctx, `SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND application_name = $1`, applicationName).Scan(&users)
	if err != nil {
		return "", err
	}
	if users > 0 {
		return "", ErrInUse
	}
	return schema, nil
}

// load makes the schema of the dump's version and fills it in one transaction.
func (p postgres) load(ctx context.Context, db *sql.DB, schema string, version int64, lines *dumpReader, erasures []erased) (err error) {
	if _, err := db.ExecContext(ctx, "CREATE SCHEMA "+quoted([]string{schema})); err != nil {
		return err
	}
	config := p.config.Copy()
	config.RuntimeParams["search_path"] = schema
	inside := stdlib.OpenDB(*config)
	defer func() { err = errors.Join(err, inside.Close()) }()
	folder, err := migrations()
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(p.dialect(), inside, folder, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return err
	}
	if _, err := provider.UpTo(ctx, version); err != nil {
		return err
	}
	begun, err := inside.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer begun.Rollback() //nolint:errcheck // after Commit it does nothing
	t := tx{Context: ctx, Tx: begun, width: p.width(), numbered: true}
	if err := loadTables(t, lines); err != nil {
		return err
	}
	if err := eraseLoaded(t, erasures); err != nil {
		return err
	}
	return begun.Commit()
}

func loadTables(t tx, lines *dumpReader) error {
	layout, err := tableLayout(t)
	if err != nil {
		return err
	}
	for {
		table, more, err := lines.table()
		if err != nil {
			return err
		}
		if !more {
			break
		}
		at := slices.IndexFunc(layout, func(known dumpTable) bool { return known.Table == table.Table })
		if at < 0 || !slices.Equal(layout[at].Columns, table.Columns) {
			return fmt.Errorf("%w: it holds a table %.40q that version does not", ErrDamaged, table.Table)
		}
		layout = slices.Delete(layout, at, at+1)
		if err := loadRows(t, lines, table); err != nil {
			return err
		}
	}
	if len(layout) > 0 {
		return fmt.Errorf("%w: it lacks table %s", ErrDamaged, layout[0].Table)
	}
	return nil
}

func loadRows(t tx, lines *dumpReader, table dumpTable) error {
	binary, err := binaryColumns(t, table.Table)
	if err != nil {
		return err
	}
	name := quoted([]string{table.Table})
	if _, err := t.exec("DELETE FROM " + name); err != nil { // what the migrations put there
		return err
	}
	head := "INSERT INTO " + name + " (" + quoted(table.Columns) + ")"
	const rowsAtOnce = 100
	var args []any
	for read := int64(0); ; read++ {
		values, more, err := lines.row(table, read)
		if err != nil {
			return err
		}
		for i, value := range values {
			arg, err := dumpValue(value, binary[table.Columns[i]])
			if err != nil {
				return fmt.Errorf("%w: table %s: %w", ErrDamaged, table.Table, err)
			}
			args = append(args, arg)
		}
		if !more || len(args) >= rowsAtOnce*len(table.Columns) {
			if _, err := t.insert(head, len(table.Columns), args, ""); err != nil {
				return fmt.Errorf("table %s: %w", table.Table, err)
			}
			args = args[:0]
		}
		if !more {
			return nil
		}
	}
}

func binaryColumns(t tx, table string) (map[string]bool, error) {
	binary := make(map[string]bool)
	err := t.each(`SELECT column_name FROM information_schema.columns
		WHERE table_schema = current_schema() AND table_name = $1 AND data_type = 'bytea'`, []any{table}, func(row scanner) error {
		var column string
		err := row.Scan(&column)
		binary[column] = true
		return err
	})
	return binary, err
}

func dumpValue(raw json.RawMessage, binary bool) (any, error) {
	switch {
	case binary:
		var b []byte
		err := json.Unmarshal(raw, &b)
		return b, err
	case len(raw) > 0 && raw[0] == '"':
		var s string
		err := json.Unmarshal(raw, &s)
		return s, err
	default:
		var n int64
		err := json.Unmarshal(raw, &n)
		return n, err
	}
}

// swapSchemas moves our tables from present to aside and those of staging to
// present, in one transaction.
func swapSchemas(ctx context.Context, db *sql.DB, present, staging, aside string) error {
	ours, err := ownTables()
	if err != nil {
		return err
	}
	ours = append(ours, goose.DefaultTablename)
	begun, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer begun.Rollback() //nolint:errcheck // after Commit it does nothing
	t := tx{Context: ctx, Tx: begun}
	if _, err := t.exec("CREATE SCHEMA " + quoted([]string{aside})); err != nil {
		return err
	}
	for _, move := range [][2]string{{present, aside}, {staging, present}} {
		for _, table := range ours {
			from := pgx.Identifier{move[0], table}.Sanitize()
			if _, err := t.exec("ALTER TABLE IF EXISTS " + from + " SET SCHEMA " + quoted([]string{move[1]})); err != nil {
				return err
			}
		}
	}
	if _, err := t.exec("DROP SCHEMA " + quoted([]string{staging})); err != nil {
		return err
	}
	return begun.Commit()
}
