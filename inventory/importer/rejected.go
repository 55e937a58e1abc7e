package importer

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// RejectedRows counts the rows of one table that are wrong.
func (p *Plan) RejectedRows(table int) int { return len(p.rejected[table]) }

// WriteRejected writes the rows of one table that are wrong, ready to be
// corrected and imported again: the same format, separator, sheet, header row
// and columns, and a last column "problem", which an import ignores.
func (p *Plan) WriteRejected(w io.Writer, table int) error {
	t := p.Tables[table]
	s, err := newSheetWriter(w, t.Format, t.Sheet, t.comma)
	if err != nil {
		return fmt.Errorf("cannot write the rejected rows of %s: %w", t.File, err)
	}
	for _, row := range t.preamble {
		if err := s.row(row.Line, row.Cells); err != nil {
			return fmt.Errorf("cannot write the rejected rows of %s: %w", t.File, err)
		}
	}
	wrong := slices.Sorted(maps.Keys(p.rejected[table]))
	width := len(t.Header)
	for _, at := range wrong {
		width = max(width, len(t.Rows[at].Cells)) // the problem stands beyond the longest
	}
	line := t.HeaderRow
	if err := s.row(line, t.withProblem(t.Header, width, problemHeader)); err != nil {
		return fmt.Errorf("cannot write the rejected rows of %s: %w", t.File, err)
	}
	for _, at := range wrong {
		line++
		why := writeCell(strings.Join(p.rejected[table][at], "; "))
		if err := s.row(line, t.withProblem(t.Rows[at].Cells, width, why)); err != nil {
			return fmt.Errorf("cannot write the rejected rows of %s: %w", t.File, err)
		}
	}
	return s.close()
}

// withProblem fills cells up to width, appends a last one and leaves out the problem column of an
// earlier round.
func (t *Table) withProblem(cells []string, width int, last string) []string {
	out := make([]string, 0, width+1)
	for i := range width {
		switch {
		case i < len(t.headerKeys) && t.headerKeys[i] == problemHeader:
		case i < len(cells):
			out = append(out, cells[i])
		default:
			out = append(out, "")
		}
	}
	return append(out, last)
}
