package importer

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Place is a cell, a row or a whole sheet of a file. Row and Column count from 1
// as a person sees them; 0 means the whole sheet or the whole row.
type Place struct {
	File   string `json:"file"`
	Sheet  string `json:"sheet,omitempty"`
	Row    int    `json:"row,omitempty"` // line of a CSV, row of a sheet
	Column int    `json:"column,omitempty"`
	Header string `json:"header,omitempty"`
}

// String is "sites.csv, line 12, column 3 (postcode)" or
// `kit.xlsx, sheet "Kit", cell C12 (postcode)`.
func (p Place) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Sheet != "" {
		fmt.Fprintf(&b, ", sheet %q", p.Sheet)
	}
	switch {
	case p.Row > 0 && p.Column > 0 && p.Sheet != "":
		fmt.Fprintf(&b, ", cell %s%d", columnLetters(p.Column), p.Row)
	case p.Row > 0 && p.Sheet != "":
		fmt.Fprintf(&b, ", row %d", p.Row)
	case p.Row > 0:
		fmt.Fprintf(&b, ", line %d", p.Row)
	}
	if p.Column > 0 && (p.Sheet == "" || p.Row == 0) {
		fmt.Fprintf(&b, ", column %d", p.Column)
	}
	if p.Header != "" {
		fmt.Fprintf(&b, " (%s)", p.Header)
	}
	return b.String()
}

// columnLetters is the spreadsheet's own name of a column: 1 is A, 27 is AA.
func columnLetters(column int) string {
	letters := ""
	for ; column > 0; column = (column - 1) / 26 {
		letters = string(rune('A'+(column-1)%26)) + letters
	}
	return letters
}

// Problem says what is wrong, where, and what would mend it.
type Problem struct {
	Place
	Value      string `json:"value,omitempty"` // as the file has it, shortened
	Why        string `json:"why"`
	Suggestion string `json:"suggestion,omitempty"`
}

// String is the problem in one line.
func (p Problem) String() string { return p.Place.String() + ": " + p.sentence() }

// sentence is the problem without its place, as the problem column shows it.
func (p Problem) sentence() string {
	if p.Suggestion == "" {
		return p.Why
	}
	return p.Why + ": " + p.Suggestion
}

const shownBytes = 80

// shorten keeps a value printable in an error.
func shorten(value string) string {
	if len(value) <= shownBytes {
		return value
	}
	cut := shownBytes
	for cut > 0 && !utf8.RuneStart(value[cut]) {
		cut--
	}
	return value[:cut] + "…"
}
