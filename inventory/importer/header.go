package importer

import (
	"fmt"
	"slices"
	"strings"
)

// binding says what one column of a file is.
type binding struct {
	index     int    // of the cell
	column    string // ours
	authority Authority
	convert   func(string) (string, error) // another system's form into ours; nil: none
	rank      int                          // of two filled cells for one column the lower rank counts
	weak      bool                         // fills a value that is missing, never changes one
	long      bool                         // may hold a long list
	add       bool                         // adds to a list instead of replacing it
}

// problemHeader is the column that rejected rows come back with; it is ignored
// when they are imported again.
const problemHeader = "problem"

// bindHeader matches a header to columns: the map first, then the foreign
// layout, then our own names and their synonyms.
func (t *Table) bindHeader(m *Map) error {
	own := ownHeaders(t.Kind)
	authority, long := map[string]Authority{}, map[string]bool{}
	for _, c := range Columns(t.Kind) {
		authority[c.Name], long[c.Name] = c.Authority, c.Long
	}
	boundAt := map[string]int{}
	for i, header := range t.Header {
		key := t.headerKeys[i]
		if strings.TrimSpace(header) == "" || key == problemHeader || m.ignores(key) {
			continue
		}
		b, ok := t.bindOne(key, m, own)
		if !ok {
			t.noticeUnknown(i, header, own)
			continue
		}
		if b.column == "" {
			continue // the layout knows it and Muster has no use for it
		}
		b.index = i
		b.authority, b.long = authority[b.column], long[b.column]
		if m.gives(b.column, AgentAuthority) {
			b.authority = AgentAuthority
		}
		if first, twice := boundAt[b.column]; twice && t.layout == nil {
			t.Notices = append(t.Notices, Problem{
				Place: t.place(t.HeaderRow, i+1),
				Why: fmt.Sprintf("column %d (%s) is %s too: a row may fill either, or both with the same value",
					first+1, shorten(strings.TrimSpace(t.Header[first])), b.column),
			})
		} else {
			boundAt[b.column] = i
		}
		t.bindings = append(t.bindings, b)
	}
	return t.checkKeyBound(m)
}

func (t *Table) bindOne(key string, m *Map, own map[string]string) (binding, bool) {
	if key == "" {
		return binding{}, false // a header of punctuation
	}
	if column, ok := m.column(key); ok {
		return binding{column: column}, true
	}
	if t.layout != nil {
		if b, ok := t.layout.columns[key]; ok {
			return b, true
		}
	}
	column, ok := own[key]
	return binding{column: column}, ok
}

// ownHeaders maps every squashed name and synonym of a kind to its column.
func ownHeaders(kind Kind) map[string]string {
	headers := map[string]string{}
	for _, c := range Columns(kind) {
		headers[squash(c.Name)] = c.Name
		for _, s := range c.Synonyms {
			headers[squash(s)] = c.Name
		}
	}
	return headers
}

func (t *Table) noticeUnknown(index int, header string, own map[string]string) {
	notice := Problem{
		Place: t.place(t.HeaderRow, index+1), Value: shorten(header),
		Why: "not a known column, ignored",
	}
	var names []string
	for _, c := range Columns(t.Kind) {
		names = append(names, c.Name)
		names = append(names, c.Synonyms...)
	}
	var near []string
	for _, name := range nearest(header, names, 3) {
		if column := own[squash(name)]; !slices.Contains(near, column) {
			near = append(near, column)
		}
	}
	notice.Suggestion = didYouMean(near)
	t.Notices = append(t.Notices, notice)
}

// checkKeyBound refuses a file in which no column identifies the rows.
func (t *Table) checkKeyBound(m *Map) error {
	ways := keyColumnsOf(t.Kind)
	for _, way := range ways {
		if !slices.ContainsFunc(way, func(key string) bool { return t.boundAt(key) == 0 }) {
			if len(way) == 1 {
				t.keyAt = t.boundAt(way[0])
			}
			return nil
		}
	}
	key := ways[0][slices.IndexFunc(ways[0], func(key string) bool { return t.boundAt(key) == 0 })]
	p := Problem{
		Place: t.place(t.HeaderRow, 0),
		Why:   fmt.Sprintf("no column is the %s, which identifies %s; this row has %s", key, t.Kind, quoteAll(filledCells(t.Header))),
	}
	own := ownHeaders(t.Kind)
	for _, row := range t.Rows[:min(len(t.Rows), 20)] {
		for _, cell := range row.Cells {
			column, mapped := m.column(squash(cell))
			if column == key || !mapped && own[squash(cell)] == key {
				p.Suggestion = fmt.Sprintf("row %d looks like the header: say header row %d", row.Line, row.Line)
				return fmt.Errorf("cannot read %s", p)
			}
		}
	}
	p.Suggestion = fmt.Sprintf("name it %q, or say in a map which column it is", key)
	return fmt.Errorf("cannot read %s", p)
}

// boundAt is the file's column, from 1, that is ours; 0: none.
func (t *Table) boundAt(column string) int {
	for _, b := range t.bindings {
		if b.column == column {
			return b.index + 1
		}
	}
	return 0
}

func filledCells(cells []string) []string {
	return slices.DeleteFunc(slices.Clone(cells), func(c string) bool { return strings.TrimSpace(c) == "" })
}

// place names a cell; column 0 is the whole row.
func (t *Table) place(row, column int) Place {
	p := Place{File: t.File, Sheet: t.Sheet, Row: row, Column: column}
	if column > 0 && column <= len(t.Header) {
		p.Header = shorten(strings.TrimSpace(t.Header[column-1]))
	}
	return p
}
