package importer

import (
	"errors"
	"fmt"
	"slices"

	"muster/inventory"
)

// apply writes an entry's cells over what the register says. It returns nil
// where the noun must stay as it is.
func (k *kindPlan[N]) apply(e *entry) *pending[N] {
	w := &pending[N]{entry: e, before: k.current[e.key], after: k.schema.blank(e.key)}
	if w.before != nil {
		w.after = *w.before
	}
	for i := range e.sources {
		src := &e.sources[i]
		clash := k.applyRow(w, src)
		if first := e.sources[0]; i > 0 && !clash && src.table == first.table && !k.paired(src.table) {
			k.reject(*src, Problem{
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
func (k *kindPlan[N]) applyRow(w *pending[N], src *source) (clash bool) {
	for i := range src.cells {
		c := &src.cells[i]
		col := k.byColumn[c.column]
		if c.column == k.schema.keyColumn || col == nil || c.authority == AgentAuthority {
			continue
		}
		earlier, twice := w.setBy.of(col.field)
		switch {
		case twice && c.rank > earlier.cell.rank:
			continue
		case twice && c.rank == earlier.cell.rank && !c.add:
			clash = k.compare(w, col, setting{col.field, c, src}, earlier) || clash
			continue
		case c.weak && col.get(&w.after) != "":
			continue
		}
		if err := k.write(&w.after, col, c, src.table); err != nil {
			w.entry.bad = true
			k.reject(*src, c.problem(err))
			continue
		}
		if !c.add {
			w.setBy.put(setting{col.field, c, src})
		}
	}
	return clash
}

func (k *kindPlan[N]) write(n *N, col *column[N], c *cell, table int) error {
	switch r := k.readings[table]; {
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
func (k *kindPlan[N]) compare(w *pending[N], col *column[N], later, earlier setting) bool {
	probe := w.after
	if err := k.write(&probe, col, later.cell, later.source.table); err != nil {
		w.entry.bad = true
		k.reject(*later.source, later.cell.problem(err))
		return true
	}
	if col.get(&probe) == col.get(&w.after) {
		return false
	}
	w.entry.bad = true
	k.reject(*later.source, contradiction(later.cell, earlier.cell))
	k.reject(*earlier.source, contradiction(earlier.cell, later.cell))
	return true
}

func contradiction(here, there *cell) Problem {
	return here.problem(&cellError{why: fmt.Sprintf("contradicts %s, which says %q", there.place(), shorten(there.raw))})
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
		if s, ok := w.setBy.of(fe.Field); ok && !s.cell.cleared {
			k.reject(*s.source, s.cell.problem(&cellError{why: fe.Why}))
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
