package importer

import (
	"errors"
	"slices"
)

// readRow reads the cells and the key of a row; ok is false where there is no
// key to go on with.
func (k *kindPlan[N]) readRow(table, at int, row Row) (src source, key string, ok bool) {
	t := k.plan.Tables[table]
	src = source{table: table, index: at, line: row.Line}
	if t.layout != nil && t.layout.skip != nil {
		if why := t.layout.skip(t.foreign(row)); why != "" {
			k.plan.Skipped++
			k.plan.Notices = append(k.plan.Notices, Problem{Place: t.place(row.Line, 0), Why: "skipped: " + why})
			return src, "", false
		}
	}
	cells, problems := t.cells(row)
	src.cells = cells
	for _, p := range problems {
		k.reject(src, p)
	}
	key, err := k.keyOfRow(t, row, cells, k.readings[table])
	if err == nil {
		return src, key, true
	}
	if missing, ok := errors.AsType[*missingKey](err); ok &&
		slices.ContainsFunc(problems, func(p Problem) bool { return t.columnAt(p.Column) == missing.column }) {
		return src, "", false // the cell that could not be read explains it
	}
	problem := Problem{Place: t.place(row.Line, t.keyIndex())}
	if at := slices.IndexFunc(cells, func(c cell) bool { return c.column == k.schema.keyColumn }); at >= 0 {
		problem = cells[at].problem(err)
	} else {
		problem.Why, problem.Suggestion = explain(err)
	}
	k.reject(src, problem)
	return src, "", false
}

// missingKey says that a row has nothing in the column that identifies it.
type missingKey struct{ column string }

// Error implements error.
func (e *missingKey) Error() string { return e.column + " is missing" }

// keyOfRow is the key of a row: the cell of the key column or, where it is blank
// and the kind has another way, several cells together.
func (k *kindPlan[N]) keyOfRow(t *Table, row Row, cells []cell, r *reading) (string, error) {
	at := slices.IndexFunc(cells, func(c cell) bool { return c.column == k.schema.keyColumn })
	switch {
	case at >= 0 && cells[at].cleared:
		return "", &cellError{why: k.schema.keyColumn + " identifies the row and cannot be cleared"}
	case at >= 0 && t.layout != nil && t.layout.key != nil:
		return k.schema.parseKey(t.layout.key(t.foreign(row), keys{siteCode: r.sites.known}))
	case at >= 0:
		return k.schema.parseKey(cells[at].value)
	case k.schema.compose == nil:
		return "", &missingKey{k.schema.keyColumn}
	}
	return k.schema.compose(func(column string) string {
		at := slices.IndexFunc(cells, func(c cell) bool { return c.column == column && !c.cleared })
		if at < 0 {
			return ""
		}
		return cells[at].value
	}, r)
}
