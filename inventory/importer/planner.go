package importer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"muster/inventory"
)

// planner builds one Plan.
type planner struct {
	plan     *Plan
	observed map[string]Observed
	order    map[Place]int // whole tables by file and sheet
}

// source is one row of one table.
type source struct {
	table, index int
	line         int
	cells        []cell
}

// entry is everything that the files say of one noun.
type entry struct {
	key     string
	sources []source
	bad     bool
}

// pending is a noun as it would become.
type pending[N any] struct {
	entry  *entry
	before *N // nil: new
	after  N
	setBy  map[string]setting
}

// setting remembers which cell gave a field its value.
type setting struct {
	cell   cell
	result string
	source source
}

// kindPlan plans the tables of one kind.
type kindPlan[N any] struct {
	*planner
	schema   schema[N]
	byColumn map[string]*column[N]
	current  map[string]*N
	readings map[int]*reading // by table
}

// planKind plans every table of a kind and returns the nouns as they would
// become. Problems, drift and changes go to the plan.
func planKind[N any](p *planner, s schema[N], kind Kind, nouns []N, sites []inventory.Site) []N {
	k := &kindPlan[N]{
		planner: p, schema: s, byColumn: map[string]*column[N]{}, current: make(map[string]*N, len(nouns)),
		readings: map[int]*reading{},
	}
	for i := range s.columns {
		k.byColumn[s.columns[i].Name] = &s.columns[i]
	}
	for i, t := range p.plan.Tables {
		if t.Kind == kind {
			k.readings[i] = &reading{sites: newSiteIndex(sites, t.aliases), dayFirst: t.dayFirst}
		}
	}
	if len(k.readings) == 0 {
		return nouns
	}
	for i := range nouns {
		k.current[s.keyOf(&nouns[i])] = &nouns[i]
	}
	var all []*pending[N]
	for _, e := range k.collect() {
		if w := k.apply(e); w != nil {
			all = append(all, w)
		}
	}
	if assets, ok := any(all).([]*pending[asset]); ok {
		p.checkIdentities(assets, any(nouns).([]asset))
	}
	return k.keep(all, nouns)
}

// collect reads every row and puts rows of the same key together, in the order
// of the files.
func (k *kindPlan[N]) collect() []*entry {
	var entries []*entry
	byKey := map[string]*entry{}
	for i, t := range k.plan.Tables {
		if k.readings[i] == nil {
			continue
		}
		for at, row := range t.Rows {
			src, key, ok := k.readRow(i, at, row)
			if !ok {
				continue
			}
			e := byKey[key]
			if e == nil {
				e = &entry{key: key}
				byKey[key] = e
				entries = append(entries, e)
			}
			e.bad = e.bad || len(k.plan.rejected[i][at]) > 0
			e.sources = append(e.sources, src)
		}
	}
	return entries
}

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
	keyCell := slices.IndexFunc(cells, func(c cell) bool { return c.column == k.schema.keyColumn })
	if keyCell < 0 {
		if !slices.ContainsFunc(problems, func(p Problem) bool { return t.columnAt(p.Column) == k.schema.keyColumn }) {
			k.reject(src, Problem{Place: t.place(row.Line, t.keyIndex()), Why: k.schema.keyColumn + " is missing"})
		}
		return src, "", false
	}
	c := cells[keyCell]
	value := c.value
	if t.layout != nil && t.layout.key != nil {
		value = t.layout.key(t.foreign(row), keys{siteCode: k.readings[table].sites.known})
	}
	key, err := k.schema.parseKey(value)
	if c.cleared {
		err = &cellError{why: k.schema.keyColumn + " identifies the row and cannot be cleared"}
	}
	if err != nil {
		k.reject(src, c.problem(err))
		return src, "", false
	}
	return src, key, true
}

func (p *planner) reject(src source, problem Problem) {
	p.plan.Problems = append(p.plan.Problems, problem)
	sentence := problem.sentence()
	if problem.Header != "" {
		sentence = problem.Header + ": " + sentence
	}
	rows := p.plan.rejected[src.table]
	rows[src.index] = append(rows[src.index], sentence)
}

// apply writes an entry's cells over what the register says. It returns nil
// where the noun must stay as it is.
func (k *kindPlan[N]) apply(e *entry) *pending[N] {
	w := &pending[N]{entry: e, before: k.current[e.key], after: k.schema.blank(e.key), setBy: map[string]setting{}}
	if w.before != nil {
		w.after = *w.before
	}
	for i, src := range e.sources {
		clash := k.applyRow(w, src)
		if first := e.sources[0]; i > 0 && !clash && src.table == first.table && !k.paired(src.table) {
			k.reject(src, Problem{
				Place: k.plan.Tables[src.table].place(src.line, 0),
				Why:   fmt.Sprintf("says %s %s again, which row %d has said", k.schema.keyColumn, shorten(e.key), first.line),
			})
		}
	}
	k.checkValid(w)
	k.findDrift(w)
	if e.bad {
		k.rejectRest(e)
		return nil
	}
	return w
}

func (p *planner) paired(table int) bool {
	l := p.plan.Tables[table].layout
	return l != nil && l.paired
}

// applyRow returns whether the row contradicts an earlier one.
func (k *kindPlan[N]) applyRow(w *pending[N], src source) (clash bool) {
	for _, c := range src.cells {
		col := k.byColumn[c.column]
		if c.column == k.schema.keyColumn || col == nil || c.authority == AgentAuthority {
			continue
		}
		earlier, twice := w.setBy[col.field]
		switch {
		case twice && c.rank > earlier.cell.rank:
			continue
		case twice && c.rank == earlier.cell.rank && !c.add:
			clash = k.compare(w, col, c, src, earlier) || clash
			continue
		case c.weak && col.get(&w.after) != "":
			continue
		}
		if err := k.write(&w.after, col, c, src); err != nil {
			w.entry.bad = true
			k.reject(src, c.problem(err))
			continue
		}
		if !c.add {
			w.setBy[col.field] = setting{cell: c, result: col.get(&w.after), source: src}
		}
	}
	return clash
}

func (k *kindPlan[N]) write(n *N, col *column[N], c cell, src source) error {
	switch r := k.readings[src.table]; {
	case c.cleared:
		col.clear(n)
		return nil
	case c.add && col.add != nil:
		return col.add(n, c.value, r)
	default:
		return col.set(n, c.value, r)
	}
}

// compare reports two cells that give one field different values, at both.
func (k *kindPlan[N]) compare(w *pending[N], col *column[N], c cell, src source, earlier setting) bool {
	probe := w.after
	if err := k.write(&probe, col, c, src); err != nil {
		w.entry.bad = true
		k.reject(src, c.problem(err))
		return true
	}
	if col.get(&probe) == earlier.result {
		return false
	}
	w.entry.bad = true
	k.reject(src, contradiction(c, earlier.cell))
	k.reject(earlier.source, contradiction(earlier.cell, c))
	return true
}

func contradiction(here, there cell) Problem {
	return here.problem(&cellError{why: fmt.Sprintf("contradicts %s, which says %q", there.place, shorten(there.raw))})
}

// checkValid turns the noun's own complaints into problems of cells.
func (k *kindPlan[N]) checkValid(w *pending[N]) {
	if w.entry.bad {
		return // a cell that could not be read explains what is missing
	}
	fields := k.missing(w)
	if err := k.schema.validate(&w.after); err != nil && len(fields) == 0 {
		var ok bool
		if fields, ok = errors.AsType[inventory.FieldErrors](err); !ok {
			fields = inventory.FieldErrors{{Why: err.Error()}}
		}
	}
	w.entry.bad = len(fields) > 0
	first := w.entry.sources[0]
	for _, fe := range fields {
		if s, ok := w.setBy[fe.Field]; ok && !s.cell.cleared {
			k.reject(s.source, s.cell.problem(&cellError{why: fe.Why}))
			continue
		}
		why := fe.Error()
		if col := k.byColumn[fe.Field]; col != nil && col.get(&w.after) == "" {
			why = fe.Field + " is missing"
		}
		k.reject(first, Problem{Place: k.plan.Tables[first.table].place(first.line, 0), Value: shorten(w.entry.key), Why: why})
	}
}

// missing lists the required columns that a new noun lacks, or that these files
// would take away, apart from those that the files' layout keeps elsewhere.
func (k *kindPlan[N]) missing(w *pending[N]) (fields inventory.FieldErrors) {
	for i := range k.schema.columns {
		col := &k.schema.columns[i]
		if !col.Required || col.get(&w.after) != "" || w.before != nil && col.get(w.before) == "" {
			continue
		}
		elsewhere := func(s source) bool {
			l := k.plan.Tables[s.table].layout
			return l != nil && l.elsewhere == col.Name
		}
		if w.before != nil || !slices.ContainsFunc(w.entry.sources, elsewhere) {
			fields = append(fields, &inventory.FieldError{Field: col.Name, Why: "missing"})
			continue
		}
		src := w.entry.sources[0]
		k.plan.Notices = append(k.plan.Notices, Problem{
			Place: k.plan.Tables[src.table].place(src.line, 0), Value: shorten(w.entry.key),
			Why: "has no " + col.Name + " yet, which this system keeps in another export: import that as well",
		})
	}
	return fields
}

// rejectRest sends back the rows of an entry that are right themselves: half of
// what the files say of a noun is never applied.
func (p *planner) rejectRest(e *entry) {
	wrong := slices.IndexFunc(e.sources, func(s source) bool { return len(p.plan.rejected[s.table][s.index]) > 0 })
	if wrong < 0 {
		return
	}
	at := p.plan.Tables[e.sources[wrong].table].place(e.sources[wrong].line, 0)
	for _, src := range e.sources {
		if len(p.plan.rejected[src.table][src.index]) == 0 {
			p.reject(src, Problem{
				Place: p.plan.Tables[src.table].place(src.line, 0), Value: shorten(e.key),
				Why: fmt.Sprintf("not applied, because %s is wrong", at),
			})
		}
	}
}

// keep writes what is left into the plan and returns the nouns as they become.
func (k *kindPlan[N]) keep(all []*pending[N], nouns []N) []N {
	become := slices.Clone(nouns)
	at := make(map[string]int, len(become))
	for i := range become {
		at[k.schema.keyOf(&become[i])] = i
	}
	for _, w := range all {
		if w.entry.bad {
			continue
		}
		change, changed := k.changeOf(w)
		if !changed {
			k.plan.Unchanged++
			continue
		}
		k.plan.Changes = append(k.plan.Changes, change)
		k.plan.Edits = append(k.plan.Edits, k.editOf(w, change.Noun))
		if i, ok := at[w.entry.key]; ok {
			become[i] = w.after
		} else {
			become = append(become, w.after)
		}
	}
	return become
}

func (k *kindPlan[N]) changeOf(w *pending[N]) (inventory.Change, bool) {
	change := inventory.Change{Key: w.entry.key, Noun: k.plan.Tables[w.entry.sources[0].table].Kind.Noun()}
	change.After, _ = json.Marshal(w.after) // nouns hold nothing that cannot be encoded
	if w.before != nil {
		change.Before, _ = json.Marshal(*w.before)
	}
	return change, !bytes.Equal(change.Before, change.After)
}

func (k *kindPlan[N]) editOf(w *pending[N], noun inventory.Noun) Edit {
	edit := Edit{Noun: noun, Key: w.entry.key, Title: k.schema.title(&w.after), New: w.before == nil}
	before := k.schema.blank(w.entry.key)
	if w.before != nil {
		before = *w.before
	}
	for i := range k.schema.columns {
		col := &k.schema.columns[i]
		if col.get == nil || col.InputOnly || col.Name == k.schema.keyColumn {
			continue
		}
		if from, to := col.get(&before), col.get(&w.after); from != to {
			edit.Fields = append(edit.Fields, FieldEdit{Column: col.Name, Before: from, After: to})
		}
	}
	return edit
}
