package importer

import (
	"errors"
	"strings"
)

// Authority says whose word counts in a column.
type Authority string

// A column of the file is written to the register. A column of the agent is
// exported for reading only: on import it is compared, never written, and a
// difference is drift.
const (
	FileAuthority  Authority = "file"
	AgentAuthority Authority = "agent"
)

// Column describes one column for people: documentation, templates and header
// matching are made of it.
type Column struct {
	Name      string
	Synonyms  []string // other headers that mean this column
	Required  bool     // a new row needs it
	Authority Authority
	Help      string
	Example   string
	InputOnly bool // another way to write a column; never exported
	Long      bool // may hold a list longer than other cells
	Personal  bool // names a person: left out of an export for those who may not see it
}

// cellError is what is wrong with one cell and what was probably meant.
type cellError struct {
	why        string
	suggestion string
}

// Error implements error.
func (e *cellError) Error() string { return e.why }

// explain splits an error into what a Problem shows.
func explain(err error) (why, suggestion string) {
	if ce, ok := errors.AsType[*cellError](err); ok {
		return ce.why, ce.suggestion
	}
	return err.Error(), ""
}

// column is a Column that can read and write its field of a noun N.
type column[N any] struct {
	Column
	field    string // the noun's JSON name, as Validate reports it
	get      func(*N) string
	set      func(*N, string, *reading) error
	clear    func(*N)
	add      func(*N, string, *reading) error // keeps what is there; nil where it makes no sense
	observed func(Observed) (string, bool)    // what the agent says, where it says anything
	volatile bool                             // moves by itself: never compared
}

// reading is what cells need to know beside their own text.
type reading struct {
	sites    *siteIndex
	refs     *references
	dayFirst bool
}

// schema is everything the planner and the exporter need to know about a noun.
type schema[N any] struct {
	keyColumn string // empty: several columns are the key
	columns   []column[N]
	keys      [][]string                                            // columns that are the key together, best first; nil: keyColumn is
	compose   func(cell cellOf, r *reading) (key string, err error) // the key of a row whose keyColumn is blank
	parseKey  func(string) (string, error)
	blank     func(key string) N
	keyOf     func(*N) string
	title     func(*N) string
	validate  func(*N) error
}

// cellOf is what a row says in a column; empty: nothing.
type cellOf func(column string) string

// clearMark in a cell clears the value; escapeMark before a cell takes the rest
// literally.
const (
	clearMark  = "(clear)"
	escapeMark = `\`
)

// cellText is what a cell means.
type cellText struct {
	value   string
	cleared bool
}

// readCell trims a cell and tells a blank, a clear mark and literal text apart.
func readCell(raw string) (text cellText, blank bool) {
	if literal, ok := strings.CutPrefix(raw, escapeMark); ok {
		return cellText{value: literal}, literal == ""
	}
	value := strings.TrimSpace(raw)
	if strings.EqualFold(value, clearMark) {
		return cellText{cleared: true}, false
	}
	if literal, ok := strings.CutPrefix(value, escapeMark); ok && literal != "" {
		return cellText{value: literal}, false
	}
	return cellText{value: value}, value == ""
}

// writeCell is a value as a cell from which readCell gets it back. What a
// spreadsheet would take for a formula is escaped too, so that an export cannot
// run anything on the desk that opens it.
func writeCell(value string) string {
	if value == "" {
		return ""
	}
	if strings.TrimSpace(value) != value || strings.EqualFold(value, clearMark) ||
		strings.HasPrefix(value, escapeMark) || looksLikeFormula(value) || spreadsheetError(value) {
		return escapeMark + value
	}
	return value
}

// looksLikeFormula leaves signed numbers and telephone numbers alone.
func looksLikeFormula(value string) bool {
	switch value[0] {
	case '=', '@':
		return true
	case '+', '-':
		return strings.Trim(value[1:], "0123456789 ().-") != ""
	default:
		return false
	}
}
