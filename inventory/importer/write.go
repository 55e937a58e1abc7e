package importer

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"
)

// sheetWriter writes numbered rows of text in one format.
type sheetWriter interface {
	// row writes cells at a line, which must be beyond the last one.
	row(line int, cells []string) error
	close() error
}

func newSheetWriter(w io.Writer, format Format, sheet string, comma rune) (sheetWriter, error) {
	switch format {
	case CSV:
		// The mark makes spreadsheets read UTF-8 as UTF-8.
		_, err := w.Write(utf8Mark)
		return &csvSheet{w: w, comma: cmp.Or(comma, ',')}, err
	case XLSX:
		return newXLSXSheet(w, sheet)
	default:
		return nil, fmt.Errorf("cannot write format %q: want csv or xlsx", format)
	}
}

// csvSheet keeps the line numbers by writing blank lines.
type csvSheet struct {
	w     io.Writer
	comma rune
	line  int
}

func (s *csvSheet) row(line int, cells []string) error {
	for s.line++; s.line < line; s.line++ {
		if _, err := io.WriteString(s.w, "\r\n"); err != nil {
			return err
		}
	}
	for _, c := range cells {
		s.line += strings.Count(c, "\n") // a cell of several lines
	}
	return writeCSV(s.w, cells, s.comma)
}

func (s *csvSheet) close() error { return nil }

// xlsxSheet writes every cell as text: a serial number stays what it is.
type xlsxSheet struct {
	w      io.Writer
	book   *excelize.File
	stream *excelize.StreamWriter
}

func newXLSXSheet(w io.Writer, sheet string) (*xlsxSheet, error) {
	book := excelize.NewFile()
	first := book.GetSheetName(0)
	if sheet != "" && sheet != first {
		if err := book.SetSheetName(first, sheet); err == nil {
			first = sheet // an invalid name cannot have come from a workbook
		}
	}
	stream, err := book.NewStreamWriter(first)
	if err != nil {
		return nil, fmt.Errorf("cannot begin the workbook: %w", err)
	}
	return &xlsxSheet{w: w, book: book, stream: stream}, nil
}

func (s *xlsxSheet) row(line int, cells []string) error {
	values := make([]any, len(cells))
	for i, c := range cells {
		if c != "" {
			values[i] = c
		}
	}
	at, err := excelize.CoordinatesToCellName(1, line)
	if err != nil {
		return err
	}
	return s.stream.SetRow(at, values)
}

func (s *xlsxSheet) close() error {
	if err := s.stream.Flush(); err != nil {
		return fmt.Errorf("cannot end the workbook: %w", err)
	}
	if err := s.book.Write(s.w); err != nil {
		return fmt.Errorf("cannot write the workbook: %w", err)
	}
	return s.book.Close()
}
