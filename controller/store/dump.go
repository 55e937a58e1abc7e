package store

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// A dump is gzipped lines of JSON: dumpHeader; then for each table a dumpTable,
// its rows as arrays, and a dumpEnd; at last a dumpEnd without a table. It is our
// own so that a backup needs neither pg_dump nor its version.

type dumpHeader struct {
	Dump    string `json:"dump"`
	Version int64  `json:"version"` // of the schema
}

const dumpMark = "muster 1"

type dumpTable struct {
	Table   string   `json:"table"`
	Columns []string `json:"columns"`
}

type dumpEnd struct {
	End  string `json:"end"`
	Rows int64  `json:"rows"`
}

func (p postgres) backup(ctx context.Context, s *Store, path string) (err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	zipped, err := gzip.NewWriterLevel(file, gzip.BestSpeed)
	if err != nil {
		return err
	}
	lines := bufio.NewWriterSize(zipped, 1<<20)
	err = s.look(ctx, "read the database", func(t tx) error { return dump(t, json.NewEncoder(lines)) })
	return errors.Join(err, lines.Flush(), zipped.Close())
}

func dump(t tx, lines *json.Encoder) error {
	header := dumpHeader{Dump: dumpMark}
	if err := t.one("SELECT COALESCE(max(version_id), 0) FROM goose_db_version WHERE is_applied", nil, &header.Version); err != nil {
		return err
	}
	if err := lines.Encode(header); err != nil {
		return err
	}
	layout, err := tableLayout(t)
	if err != nil {
		return err
	}
	for _, table := range layout {
		if err := dumpRows(t, lines, table); err != nil {
			return fmt.Errorf("table %s: %w", table.Table, err)
		}
	}
	return lines.Encode(dumpEnd{})
}

func dumpRows(t tx, lines *json.Encoder, table dumpTable) error {
	if err := lines.Encode(table); err != nil {
		return err
	}
	end := dumpEnd{End: table.Table}
	values := make([]any, len(table.Columns))
	into := make([]any, len(table.Columns))
	for i := range values {
		into[i] = &values[i]
	}
	query := "SELECT " + quoted(table.Columns) + " FROM " + quoted([]string{table.Table})
	err := t.each(query, nil, func(row scanner) error {
		if err := row.Scan(into...); err != nil {
			return err
		}
		end.Rows++
		return lines.Encode(values) // bytes become base64
	})
	if err != nil {
		return err
	}
	return lines.Encode(end)
}

// tableLayout is our tables in the current schema with their columns.
func tableLayout(t tx) ([]dumpTable, error) {
	ours, err := ownTables()
	if err != nil {
		return nil, err
	}
	var layout []dumpTable
	err = t.each(`SELECT table_name, column_name FROM information_schema.columns
		WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position`, nil, func(row scanner) error {
		var table, column string
		if err := row.Scan(&table, &column); err != nil {
			return err
		}
		if !slices.Contains(ours, table) {
			return nil
		}
		if n := len(layout); n == 0 || layout[n-1].Table != table {
			layout = append(layout, dumpTable{Table: table})
		}
		last := &layout[len(layout)-1]
		last.Columns = append(last.Columns, column)
		return nil
	})
	return layout, err
}

// ownTables is the tables that the migrations make.
func ownTables() ([]string, error) {
	schema, err := migrations()
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(schema, "*.sql")
	if err != nil {
		return nil, err
	}
	made := regexp.MustCompile(`(?m)^CREATE TABLE (\w+)`)
	var tables []string
	for _, name := range names {
		text, err := fs.ReadFile(schema, name)
		if err != nil {
			return nil, err
		}
		for _, match := range made.FindAllStringSubmatch(string(text), -1) {
			tables = append(tables, match[1])
		}
	}
	return tables, nil
}

func quoted(names []string) string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = pgx.Identifier{name}.Sanitize()
	}
	return strings.Join(out, ", ")
}

// Bounds of a dump that is read: a row holds at most one report.
const (
	maxDumpLine  = 64 << 20
	maxDumpTable = 200 // columns
)

// dumpReader reads a dump line by line.
type dumpReader struct {
	lines *bufio.Scanner
}

func newDumpReader(r io.Reader) (*dumpReader, dumpHeader, error) {
	var header dumpHeader
	unzipped, err := gzip.NewReader(r)
	if err != nil {
		return nil, header, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	d := &dumpReader{lines: bufio.NewScanner(unzipped)}
	d.lines.Buffer(make([]byte, 0, 1<<16), maxDumpLine)
	if err := d.next(&header); err != nil {
		return nil, header, err
	}
	if header.Dump != dumpMark {
		return nil, header, fmt.Errorf("%w: it is no dump of muster", ErrDamaged)
	}
	return d, header, nil
}

func (d *dumpReader) line() ([]byte, error) {
	if d.lines.Scan() {
		return d.lines.Bytes(), nil
	}
	if err := d.lines.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil, fmt.Errorf("%w: it ends early", ErrDamaged)
}

func (d *dumpReader) next(into any) error {
	line, err := d.line()
	if err != nil {
		return err
	}
	if err := json.Unmarshal(line, into); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil
}

// table reads the beginning of the next table; false at the end of the dump.
func (d *dumpReader) table() (dumpTable, bool, error) {
	var table struct {
		dumpTable
		End *string `json:"end"`
	}
	if err := d.next(&table); err != nil {
		return table.dumpTable, false, err
	}
	if table.End != nil {
		return table.dumpTable, false, nil
	}
	if table.Table == "" || len(table.Columns) == 0 || len(table.Columns) > maxDumpTable {
		return table.dumpTable, false, fmt.Errorf("%w: a table without its name or columns", ErrDamaged)
	}
	return table.dumpTable, true, nil
}

// row reads the next row of a table into raw values; false at the table's end,
// whose count of rows must be that of the rows read.
func (d *dumpReader) row(table dumpTable, read int64) ([]json.RawMessage, bool, error) {
	line, err := d.line()
	if err != nil {
		return nil, false, err
	}
	if len(line) > 0 && line[0] == '{' {
		var end dumpEnd
		if err := json.Unmarshal(line, &end); err != nil || end.End != table.Table || end.Rows != read {
			return nil, false, fmt.Errorf("%w: table %s does not end as it should", ErrDamaged, table.Table)
		}
		return nil, false, nil
	}
	var values []json.RawMessage
	if err := json.Unmarshal(line, &values); err != nil || len(values) != len(table.Columns) {
		return nil, false, fmt.Errorf("%w: a row of table %s", ErrDamaged, table.Table)
	}
	return values, true, nil
}
