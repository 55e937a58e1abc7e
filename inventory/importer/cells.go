package importer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// cell is one filled cell of a row and what it is for.
type cell struct {
	*binding
	cellText
	raw   string
	table *Table
	line  int
}

func (c cell) place() Place { return c.table.place(c.line, c.index+1) }

func (c cell) problem(err error) Problem {
	why, suggestion := explain(err)
	return Problem{Place: c.place(), Value: shorten(c.raw), Why: why, Suggestion: suggestion}
}

// cells returns the filled cells of a row, those that count most first.
func (t *Table) cells(row Row) ([]cell, []Problem) {
	cells := make([]cell, 0, len(t.bindings))
	var problems []Problem
	for i := range t.bindings {
		b := &t.bindings[i]
		if b.index >= len(row.Cells) {
			continue
		}
		c := cell{binding: b, raw: row.Cells[b.index], table: t, line: row.Line}
		filled, err := t.readCell(&c)
		switch {
		case err != nil:
			problems = append(problems, c.problem(err))
		case filled:
			cells = append(cells, c)
		}
	}
	for i, raw := range row.Cells {
		if (i >= len(t.Header) || strings.TrimSpace(t.Header[i]) == "") && strings.TrimSpace(raw) != "" {
			problems = append(problems, Problem{
				Place: t.place(row.Line, i+1), Value: shorten(raw),
				Why: "stands in a column without a header: is a separator in a value not quoted?",
			})
			break
		}
	}
	slices.SortStableFunc(cells, func(a, b cell) int { return cmp.Compare(a.rank, b.rank) })
	return cells, problems
}

// readCell fills c.cellText and says whether the cell holds anything.
func (t *Table) readCell(c *cell) (filled bool, err error) {
	limit := MaxCellBytes
	if c.long {
		limit = MaxLongCellBytes
	}
	if len(c.raw) > limit {
		return false, &cellError{why: fmt.Sprintf("longer than %d bytes", limit)}
	}
	// Our own exports are UTF-8: there the mark is a character like any other.
	if t.encoding != "" && t.encoding != utf8Text && strings.ContainsRune(c.raw, utf8.RuneError) {
		return false, &cellError{why: "holds a character that is not " + t.encoding}
	}
	text, blank := readCell(c.raw)
	if blank {
		return false, nil
	}
	if spreadsheetError(c.raw) {
		return false, &cellError{why: "a spreadsheet's error, not a value"}
	}
	if !text.cleared {
		if word, ok := t.values[c.column][squash(text.value)]; ok {
			text.value = word
		} else if c.convert != nil {
			if text.value, err = c.convert(text.value); err != nil {
				return false, err
			}
		}
	}
	c.cellText = text
	return text.cleared || text.value != "", nil
}

// spreadsheetError recognises what a broken formula leaves in a cell.
func spreadsheetError(raw string) bool {
	switch strings.TrimSpace(raw) {
	case "#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!":
		return true
	default:
		return false
	}
}

// foreign reads a row by squashed header, for a layout.
func (t *Table) foreign(row Row) foreign {
	return func(header string) string {
		for i, key := range t.headerKeys {
			if i < len(row.Cells) && key == header {
				if value := strings.TrimSpace(row.Cells[i]); value != "" {
					return value
				}
			}
		}
		return ""
	}
}
