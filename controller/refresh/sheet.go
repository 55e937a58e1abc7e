package refresh

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"muster/inventory"
)

// Columns of a visit's sheet: what a crew reads, then what it fills in.
var (
	sheetRead   = []string{"visit", "swap", "version", "position", "room", "desk", "role", "class", "old", "old_serial", "new", "new_serial", "keep", "notes"}
	sheetFilled = []string{"outcome", "when", "new_scanned", "old_scanned", "by", "reason", "next", "why"}
)

// SheetColumns lists the columns of a visit's sheet, the checks at the end.
func SheetColumns() []string { return slices.Concat(sheetRead, sheetFilled, CheckNames()) }

// WriteCSV writes the work list as a sheet to fill in: one row for each desk,
// with empty cells for what happened there.
func (l WorkList) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	rows := [][]string{SheetColumns()}
	for _, d := range l.Desks {
		row := []string{
			l.Visit.Code, d.Swap, strconv.Itoa(d.Version), d.Position, d.Room, d.Desk, d.Role, d.Class,
			d.Old, d.OldSerial, d.New, d.NewSerial, d.Keep, d.Notes,
		}
		for i := range row {
			row[i] = inventory.CSVCell(row[i])
		}
		rows = append(rows, append(row, make([]string, len(sheetFilled)+len(CheckNames()))...))
	}
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("cannot write the sheet of visit %s: %w", l.Visit.Code, err)
	}
	return nil
}

// Bounds of a sheet that is read back.
const (
	MaxSheetBytes = 1 << 20
	MaxSheetRows  = 2000
	maxSheetCells = 100 // of one row
	maxCellBytes  = 1000
)

// Row is one row of a sheet, with its line in the file.
type Row struct {
	Line  int
	Cells []string
}

// RowProblem is what is wrong with one row.
type RowProblem struct {
	Line   int    `json:"line"`
	Column string `json:"column,omitempty"`
	Why    string `json:"why"`
	Help   string `json:"help,omitempty"`
}

// RowProblems is every problem of a sheet. Where there is one, nothing of the
// sheet is recorded.
type RowProblems []RowProblem

// Error implements error.
func (ps RowProblems) Error() string {
	texts := make([]string, 0, len(ps))
	for _, p := range ps {
		where := fmt.Sprintf("line %d", p.Line)
		if p.Column != "" {
			where += ", " + p.Column
		}
		texts = append(texts, where+": "+p.Why)
	}
	return "nothing was recorded: " + strings.Join(texts, "; ")
}

// ReadCSV cuts a sheet into rows, the header first. It takes commas, semicolons
// or tabs, and every kind of line end.
func ReadCSV(content []byte) ([]Row, error) {
	switch {
	case len(content) > MaxSheetBytes:
		return nil, fmt.Errorf("cannot read the sheet: larger than %d bytes", MaxSheetBytes)
	case !utf8.Valid(content):
		return nil, errors.New("cannot read the sheet: it is not UTF-8; save it as CSV UTF-8")
	}
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	content = bytes.ReplaceAll(bytes.ReplaceAll(content, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
	in := csv.NewReader(bytes.NewReader(content))
	in.Comma, in.FieldsPerRecord, in.LazyQuotes, in.TrimLeadingSpace = comma(content), -1, false, false
	var rows []Row
	for {
		cells, err := in.Read()
		switch {
		case errors.Is(err, io.EOF):
			return rows, nil
		case err != nil:
			return nil, fmt.Errorf("cannot read the sheet: %w", err)
		}
		line, _ := in.FieldPos(0)
		if len(rows) > MaxSheetRows {
			return nil, fmt.Errorf("cannot read the sheet: line %d is beyond %d rows", line, MaxSheetRows)
		}
		if slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) != "" }) {
			rows = append(rows, Row{Line: line, Cells: cells})
		}
	}
}

// comma is the separator of the header.
func comma(content []byte) rune {
	header, _, _ := bytes.Cut(content, []byte("\n"))
	best, most := ',', 0
	for _, c := range []rune{',', ';', '\t'} {
		if n := bytes.Count(header, []byte(string(c))); n > most {
			best, most = c, n
		}
	}
	return best
}

// sheet is the rows with their columns known.
type sheet struct {
	columns map[string]int
	rows    []Row
}

// newSheet reads the header. A column that is not known is a problem: what was
// written in it would be lost.
func newSheet(rows []Row) (sheet, RowProblems) {
	var ps RowProblems
	if len(rows) == 0 {
		return sheet{}, RowProblems{{Line: 1, Why: "the sheet is empty"}}
	}
	s := sheet{columns: map[string]int{}, rows: rows[1:]}
	for i, name := range rows[0].Cells {
		name = strings.ToLower(strings.TrimSpace(name))
		_, twice := s.columns[name]
		switch {
		case name == "":
		case i >= maxSheetCells:
			return s, append(ps, RowProblem{Line: rows[0].Line, Why: fmt.Sprintf("more than %d columns", maxSheetCells)})
		case twice:
			ps = append(ps, RowProblem{Line: rows[0].Line, Column: name, Why: "the column stands there twice"})
		case !slices.Contains(SheetColumns(), name):
			ps = append(ps, RowProblem{Line: rows[0].Line, Column: name, Why: "no column of this sheet", Help: "the columns are " + strings.Join(SheetColumns(), ", ")})
		default:
			s.columns[name] = i
		}
	}
	for _, needed := range []string{"swap", "version", "outcome"} {
		if _, ok := s.columns[needed]; !ok {
			ps = append(ps, RowProblem{Line: rows[0].Line, Column: needed, Why: "the column is missing"})
		}
	}
	if len(s.rows) > MaxSheetRows {
		ps = append(ps, RowProblem{Line: rows[0].Line, Why: fmt.Sprintf("more than %d rows", MaxSheetRows)})
	}
	return s, ps
}

// cell is the text of a row in a column; an apostrophe that we put before a
// formula is taken off.
func (s sheet) cell(r Row, column string) string {
	i, ok := s.columns[column]
	if !ok || i >= len(r.Cells) {
		return ""
	}
	text := strings.TrimSpace(r.Cells[i])
	if rest, ok := strings.CutPrefix(text, "'"); ok && inventory.CSVCell(rest) != rest {
		return rest
	}
	return text
}
