package importer

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// We read CSV ourselves: encoding/csv knows neither lone carriage returns nor
// the line on which a quote was left open, and both occur in real files.

// separators that a file may use, in the order in which a tie is decided.
var separators = []rune{',', ';', '\t'}

// csvReader cuts text into records and counts physical lines.
type csvReader struct {
	text  string
	at    int
	line  int
	comma rune
}

// newCSVReader looks for Excel's "sep=;" line first, then takes the separator
// that cuts the first lines most evenly.
func newCSVReader(text string) *csvReader {
	r := &csvReader{text: text, line: 1}
	if len(text) >= 5 && strings.EqualFold(text[:4], "sep=") && strings.ContainsRune(",;\t", rune(text[4])) {
		r.comma = rune(text[4])
		r.at = 5
		r.skipLineEnd()
		return r
	}
	r.comma = guessSeparator(text)
	return r
}

// guessSeparator takes the separator that cuts most of the first 20 lines into
// the same number of cells: a title above the header or a list inside a cell
// holds separators too, but not as evenly.
func guessSeparator(text string) rune {
	best, bestLines, bestCells := separators[0], 0, 0
	counts := countSeparators(text)
	for _, separator := range separators {
		alike := map[int]int{}
		for _, line := range counts {
			if n := line[separator]; n > 0 {
				alike[n]++
			}
		}
		for cells, lines := range alike {
			if lines > bestLines || lines == bestLines && cells > bestCells {
				best, bestLines, bestCells = separator, lines, cells
			}
		}
	}
	return best
}

// countSeparators counts what stands outside quotes, line by line.
func countSeparators(text string) []map[rune]int {
	lines := []map[rune]int{{}}
	quoted := false
	for _, c := range text[:min(len(text), 64<<10)] {
		switch {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '\n' || c == '\r':
			if len(lines) == 20 {
				return lines
			}
			lines = append(lines, map[rune]int{})
		case slices.Contains(separators, c):
			lines[len(lines)-1][c]++
		}
	}
	return lines
}

// next returns the next record, or io.EOF. Line ends inside quotes come back as
// a line feed.
func (r *csvReader) next() (Row, error) {
	if r.at >= len(r.text) {
		return Row{}, io.EOF
	}
	row := Row{Line: r.line}
	for {
		cell, more, err := r.cell()
		if err != nil {
			return Row{}, err
		}
		row.Cells = append(row.Cells, cell)
		if len(row.Cells) > MaxColumns {
			return Row{}, fmt.Errorf("line %d has more than %d columns: %w", row.Line, MaxColumns, ErrTooLarge)
		}
		if !more {
			return row, nil
		}
	}
}

// cell reads one cell and what ends it; more says that another follows.
func (r *csvReader) cell() (cell string, more bool, err error) {
	if r.at < len(r.text) && r.text[r.at] == '"' {
		if cell, err = r.quoted(); err != nil {
			return "", false, err
		}
	}
	// Text after a closing quote is kept as it stands: spreadsheets do the same.
	start := r.at
	for r.at < len(r.text) {
		c := r.text[r.at]
		if rune(c) == r.comma {
			cell += r.text[start:r.at]
			r.at++
			return cell, true, nil
		}
		if c == '\n' || c == '\r' {
			break
		}
		r.at++
	}
	cell += r.text[start:r.at]
	r.skipLineEnd()
	return cell, false, nil
}

func (r *csvReader) quoted() (string, error) {
	opened := r.line
	r.at++
	var b strings.Builder
	for r.at < len(r.text) {
		c := r.text[r.at]
		switch {
		case c == '"' && strings.HasPrefix(r.text[r.at+1:], `"`):
			b.WriteByte('"')
			r.at += 2
		case c == '"':
			r.at++
			return b.String(), nil
		case c == '\n' || c == '\r':
			b.WriteByte('\n')
			r.skipLineEnd()
		default:
			b.WriteByte(c)
			r.at++
		}
	}
	return "", fmt.Errorf("line %d: a quoted cell begins here and never ends", opened)
}

// skipLineEnd steps over one LF, CRLF or CR.
func (r *csvReader) skipLineEnd() {
	if r.at >= len(r.text) {
		return
	}
	switch r.text[r.at] {
	case '\r':
		r.at++
		if r.at < len(r.text) && r.text[r.at] == '\n' {
			r.at++
		}
	case '\n':
		r.at++
	default:
		return
	}
	r.line++
}

// readCSV decodes a whole file into rows, blank ones left out.
func readCSV(content []byte) (rows []Row, comma rune, encoding string, err error) {
	text, encoding, err := decode(content)
	if err != nil {
		return nil, 0, "", err
	}
	r := newCSVReader(text)
	var size sheetSize
	for {
		row, err := r.next()
		if errors.Is(err, io.EOF) {
			return rows, r.comma, encoding, nil
		}
		if err != nil {
			return nil, 0, "", err
		}
		if blankRow(row.Cells) {
			continue
		}
		if err := size.grow(row); err != nil {
			return nil, 0, "", err
		}
		rows = append(rows, row)
	}
}

// sheetSize holds rows against the bounds as they are read.
type sheetSize struct{ rows, cells int }

func (s *sheetSize) grow(row Row) error {
	s.rows++
	s.cells += len(row.Cells)
	switch {
	case s.rows > MaxRows+1: // the header is none of them
		return fmt.Errorf("line %d is beyond %d rows: %w", row.Line, MaxRows, ErrTooLarge)
	case len(row.Cells) > MaxColumns:
		return fmt.Errorf("line %d has more than %d columns: %w", row.Line, MaxColumns, ErrTooLarge)
	case s.cells > MaxCells:
		return fmt.Errorf("line %d is beyond %d cells: %w", row.Line, MaxCells, ErrTooLarge)
	default:
		return nil
	}
}

func blankRow(cells []string) bool {
	for _, c := range cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return true
}

// writeCSV writes one record with CRLF, as spreadsheets expect it.
func writeCSV(w io.Writer, cells []string, comma rune) error {
	var b strings.Builder
	for i, c := range cells {
		if i > 0 {
			b.WriteRune(comma)
		}
		if strings.ContainsAny(c, "\"\r\n,;\t") || strings.TrimSpace(c) != c {
			c = `"` + strings.ReplaceAll(c, `"`, `""`) + `"`
		}
		b.WriteString(c)
	}
	b.WriteString("\r\n")
	_, err := io.WriteString(w, b.String())
	return err
}
