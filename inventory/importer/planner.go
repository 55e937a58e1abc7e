package importer

import (
	"bytes"
	"encoding/json"
	"slices"

	"muster/inventory"
)

// planner builds one Plan.
type planner struct {
	plan     *Plan
	observed map[string]Observed
	names    names
	refs     references
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
	setBy  settings
}

// setting remembers which cell gave a field its value.
type setting struct {
	field  string
	cell   *cell
	source *source
}

// settings are few for each noun and kept for every noun of a file: a slice
// takes a fifth of what a map would.
type settings []setting

func (s settings) of(field string) (setting, bool) {
	for _, set := range s {
		if set.field == field {
			return set, true
		}
	}
	return setting{}, false
}

// put keeps the last cell of a field.
func (s *settings) put(set setting) {
	for i := range *s {
		if (*s)[i].field == set.field {
			(*s)[i] = set
			return
		}
	}
	*s = append(*s, set)
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
			k.readings[i] = &reading{sites: newSiteIndex(sites, t.aliases), refs: &p.refs, dayFirst: t.dayFirst}
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
	switch all := any(all).(type) {
	case []*pending[asset]:
		p.checkIdentities(all, any(nouns).([]asset))
	case []*pending[inventory.Site]:
		p.noticeNamesakes(all, any(nouns).([]inventory.Site))
	case []*pending[staff]:
		p.noticeNames(all)
	case []*pending[milestone]:
		p.checkOrder(all, any(nouns).([]milestone))
	}
	return k.keep(all, nouns)
}

// collect reads every row and puts rows of the same key together, in the order
// of the files.
func (k *kindPlan[N]) collect() []*entry {
	var entries []*entry
	byKey := map[string]*entry{}
	spelling := newSpelling(k.current)
	for i, t := range k.plan.Tables {
		if k.readings[i] == nil {
			continue
		}
		for at, row := range t.Rows {
			src, key, ok := k.readRow(i, at, row)
			if !ok {
				continue
			}
			key = spelling.of(key)
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

// maxPerRow bounds what is said of one row: a row that a hundred thousand others
// contradict is wrong enough after twenty.
const maxPerRow = 20

func (p *planner) reject(src source, problem Problem) {
	rows := p.plan.rejected[src.table]
	if len(rows[src.index]) >= maxPerRow {
		return
	}
	p.plan.Problems = append(p.plan.Problems, problem)
	sentence := problem.sentence()
	if problem.Header != "" {
		sentence = problem.Header + ": " + sentence
	}
	rows[src.index] = append(rows[src.index], sentence)
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
