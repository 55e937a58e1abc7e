package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// tx is one transaction of either kind.
type tx struct {
	context.Context // lives no longer than the call that made it
	*sql.Tx
	width    int  // how many parameters a statement should have at most
	numbered bool // placeholders are $1, $2 …
}

func (s *Store) within(ctx context.Context, t *sql.Tx) tx {
	return tx{Context: ctx, Tx: t, width: s.engine.width(), numbered: s.engine.numbered()}
}

// attempts is how often a transaction is tried that PostgreSQL ends because it
// and another controller's waited for each other.
const attempts = 4

// errAgain is wrapped by what the same transaction may not meet again.
var errAgain = errors.New("ended in favour of another transaction")

// change runs work in a writing transaction; what says, for the error, what could
// not be done. Work may run more than once and must not keep what it did before.
// A ctx that ends while the transaction waits its turn ends it; one that has begun
// runs to its end: a connection that is given up in the middle of a statement
// keeps SQLite's lock, and nobody could write any more.
func (s *Store) change(ctx context.Context, what string, work func(tx) error) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("cannot %s: %w", what, err)
	}
	ctx = context.WithoutCancel(ctx)
	err := s.attempt(ctx, work)
	for n := 1; n < attempts && errors.Is(err, errAgain); n++ {
		err = s.attempt(ctx, work)
	}
	s.full.Store(errors.Is(err, ErrFull))
	if err != nil {
		return fmt.Errorf("cannot %s: %w", what, err)
	}
	return nil
}

func (s *Store) attempt(ctx context.Context, work func(tx) error) error {
	t, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return s.engine.classify(err)
	}
	if err := work(s.within(ctx, t)); err != nil {
		if rolled := t.Rollback(); rolled != nil && !errors.Is(rolled, sql.ErrTxDone) {
			s.engine.settle(ctx, s.write)
		}
		return s.why(ctx, err)
	}
	if err := t.Commit(); err != nil {
		s.engine.settle(ctx, s.write)
		return s.why(ctx, err)
	}
	return nil
}

// why is the error that a caller can act on. A cancelled transaction ends by
// itself, and whoever uses it next hears only that it has ended.
func (s *Store) why(ctx context.Context, err error) error {
	if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil {
		return ctx.Err()
	}
	return s.engine.classify(err)
}

// look runs work in a reading transaction, which sees one moment. Like a change
// it runs to its end: a reader that is given up keeps the log from being pruned.
func (s *Store) look(ctx context.Context, what string, work func(tx) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("cannot %s: %w", what, err)
	}
	ctx = context.WithoutCancel(ctx)
	t, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: s.engine.isolation()})
	if err != nil {
		return fmt.Errorf("cannot %s: %w", what, s.engine.classify(err))
	}
	defer t.Rollback() //nolint:errcheck // nothing was written
	if err := work(s.within(ctx, t)); err != nil {
		return fmt.Errorf("cannot %s: %w", what, s.why(ctx, err))
	}
	return nil
}

func (t tx) exec(query string, args ...any) (int64, error) {
	result, err := t.ExecContext(t.Context, query, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// one scans the only row of query; ErrNotFound where there is none.
func (t tx) one(query string, args []any, into ...any) error {
	err := t.QueryRowContext(t.Context, query, args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	return err
}

// scanner is one row.
type scanner interface{ Scan(into ...any) error }

// each calls scan for every row of query.
func (t tx) each(query string, args []any, scan func(scanner) error) error {
	rows, err := t.QueryContext(t.Context, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close() // rows.Err says what went wrong
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// next takes n numbers from a counter and returns the first. The counter's row
// stays locked until the transaction ends, so numbers rise in the order of
// commit and writers of one family follow one another on every controller.
func (t tx) next(counter string, n int) (int64, error) {
	var last int64
	err := t.one("UPDATE counters SET value = value + $1 WHERE name = $2 RETURNING value", []any{n, counter}, &last)
	return last - int64(n) + 1, err
}

// marks is n placeholders. SQLite's driver looks each "$1" up among all of a
// statement's parameters by name, in a time that rises with their square, and
// takes "?" by its place; PostgreSQL knows "$1" only. So lists of values that
// are made here are written as the engine likes them.
func (t tx) marks(n int) string { return t.tuple(0, n) }

// tuples is rows tuples of columns placeholders: "($1,$2),($3,$4)" or "(?,?),(?,?)".
func (t tx) tuples(rows, columns int) string {
	var b strings.Builder
	for i := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('(')
		b.WriteString(t.tuple(i*columns, columns))
		b.WriteByte(')')
	}
	return b.String()
}

func (t tx) tuple(from, n int) string {
	if !t.numbered {
		return strings.TrimSuffix(strings.Repeat("?,", n), ",")
	}
	return placeholders(from, n)
}

// placeholders is "$1,$2,…$n", beginning behind from.
func placeholders(from, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(from + i + 1))
	}
	return b.String()
}

// insert writes rows in as few statements as the engine allows: head is the
// statement up to VALUES, tail what follows the tuples.
func (t tx) insert(head string, columns int, args []any, tail string) (int64, error) {
	var total int64
	step := max(t.width/columns, 1) * columns
	for len(args) > 0 {
		now := args[:min(step, len(args))]
		args = args[len(now):]
		n, err := t.exec(head+" VALUES "+t.tuples(len(now)/columns, columns)+" "+tail, now...)
		if err != nil {
			return total, err
		}
		total += n
	}
	return total, nil
}

// chunks calls work with pieces of keys that fit one statement.
func chunks[T any](t tx, keys []T, work func([]T) error) error {
	for piece := range slices.Chunk(keys, t.width) {
		if err := work(piece); err != nil {
			return err
		}
	}
	return nil
}

func anys[T any](values []T) []any {
	out := make([]any, len(values))
	for i, v := range values {
		out[i] = v
	}
	return out
}

// micros is an instant as it is kept; 0 is the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// instant is the inverse of micros.
func instant(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// only is a query for one row, so that it can be scanned as rows are.
type only struct {
	tx    tx
	query string
	args  []any
}

// Scan implements scanner; ErrNotFound where there is no row.
func (o only) Scan(into ...any) error { return o.tx.one(o.query, o.args, into...) }
