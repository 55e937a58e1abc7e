package importer

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"github.com/xuri/excelize/v2"
)

// isoDate is the number format that every date of a workbook is read with.
const isoDate = "yyyy-mm-dd"

// textFormat is the built-in format "@": the general format would write
// 123456789012 as 1.23456789E+11.
const textFormat = 49

// dateFormat tells a number format that shows a day from one that does not,
// once quoted text, colours and locales are taken out.
var (
	formatNoise = regexp.MustCompile(`"[^"]*"|\[[^\]]*\]|\\.`)
	dateFormat  = regexp.MustCompile(`(?i)y|d`)
)

// readXLSX reads one sheet of a workbook row by row; sheet may be empty.
func readXLSX(content []byte, sheet string) (rows []Row, name string, err error) {
	// The library has panicked on damaged workbooks before, and one file must
	// never take the controller down.
	defer func() {
		if r := recover(); r != nil {
			rows, name, err = nil, "", fmt.Errorf("damaged workbook: %v", r)
		}
	}()
	// Equal limits keep the library from spilling parts into temporary files.
	book, err := excelize.OpenReader(bytes.NewReader(content), excelize.Options{
		UnzipSizeLimit: MaxUnzippedBytes, UnzipXMLSizeLimit: MaxUnzippedBytes,
	})
	if err != nil {
		if strings.Contains(err.Error(), "unzip size exceeds") {
			return nil, "", fmt.Errorf("unpacks to more than %d MiB: %w", MaxUnzippedBytes>>20, ErrTooLarge)
		}
		return nil, "", fmt.Errorf("not a readable workbook: %w", err)
	}
	defer func() {
		if closeErr := book.Close(); err == nil && closeErr != nil {
			err = closeErr
		}
	}()
	if err := checkSheets(book); err != nil {
		return nil, "", err
	}
	if err := plainFormats(book); err != nil {
		return nil, "", fmt.Errorf("not a readable workbook: %w", err)
	}
	if name, err = chooseSheet(book, sheet); err != nil {
		return nil, "", err
	}
	rows, err = sheetRows(book, name, MaxRows+1)
	return rows, name, err
}

// plainFormats makes every date style ISO and drops every other number format,
// so that a cell reads the same whatever it looked like on the author's screen:
// 03/04/26 in a date cell is one certain day, and 1,234.50 is 1234.5. Numbers of
// more than 15 digits come out as 5.02123456789012E+18: the workbook itself has
// lost the rest.
func plainFormats(book *excelize.File) error {
	if book.Styles == nil || book.Styles.CellXfs == nil {
		return nil
	}
	custom := isoDate
	style, err := book.NewStyle(&excelize.Style{CustomNumFmt: &custom})
	if err != nil {
		return err
	}
	iso, asText := book.Styles.CellXfs.Xf[style].NumFmtID, textFormat
	for i := range book.Styles.CellXfs.Xf {
		xf := &book.Styles.CellXfs.Xf[i]
		if xf.NumFmtID != nil && showsDay(book, i, *xf.NumFmtID) {
			xf.NumFmtID = iso
		} else {
			xf.NumFmtID = &asText
		}
	}
	return nil
}

func showsDay(book *excelize.File, style, number int) bool {
	switch {
	case number >= 14 && number <= 17, number == 22, number >= 27 && number <= 31, number == 36, number >= 50 && number <= 58:
		return true // built in, some of them national
	case number < 164:
		return false
	}
	s, err := book.GetStyle(style)
	if err != nil || s.CustomNumFmt == nil {
		return false
	}
	return dateFormat.MatchString(formatNoise.ReplaceAllString(*s.CustomNumFmt, ""))
}

// chooseSheet takes the sheet that was asked for, or the only visible one that
// holds anything.
func chooseSheet(book *excelize.File, asked string) (string, error) {
	names := book.GetSheetList()
	if asked != "" {
		for _, name := range names {
			if strings.EqualFold(name, strings.TrimSpace(asked)) {
				return name, nil
			}
		}
		return "", fmt.Errorf("no sheet %q: the workbook has %s", shorten(asked), quoteAll(names))
	}
	var filled []string
	for _, name := range names {
		if visible, err := book.GetSheetVisible(name); err == nil && !visible {
			continue // lists behind drop-down cells hide on sheets of their own
		}
		rows, err := sheetRows(book, name, 1)
		if err != nil {
			return "", err
		}
		if len(rows) > 0 {
			filled = append(filled, name)
		}
	}
	switch len(filled) {
	case 0:
		return "", errEmpty
	case 1:
		return filled[0], nil
	default:
		return "", fmt.Errorf("several sheets hold something: say which of %s", quoteAll(filled))
	}
}

func quoteAll(names []string) string {
	quoted := make([]string, 0, len(names))
	for _, n := range names[:min(len(names), 10)] {
		quoted = append(quoted, fmt.Sprintf("%q", shorten(n)))
	}
	return strings.Join(quoted, ", ")
}

// maxBlankRun bounds the blank rows that a sheet may claim between others.
const maxBlankRun = 100_000

// sheetRows reads up to limit rows that are not blank.
func sheetRows(book *excelize.File, sheet string, limit int) ([]Row, error) {
	stream, err := book.Rows(sheet)
	if err != nil {
		return nil, fmt.Errorf("cannot read sheet %q: %w", shorten(sheet), err)
	}
	defer stream.Close()
	var rows []Row
	var size sheetSize
	blanks := 0
	for line := 1; stream.Next(); line++ {
		cells, err := stream.Columns()
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", line, err)
		}
		if blankRow(cells) {
			if blanks++; blanks > maxBlankRun {
				return nil, fmt.Errorf("row %d follows %d blank ones: %w", line, maxBlankRun, ErrTooLarge)
			}
			continue
		}
		blanks = 0
		row := Row{Line: line, Cells: cells}
		if limit == 1 {
			return []Row{row}, nil
		}
		if err := size.grow(row); err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	if err := stream.Error(); err != nil {
		return nil, fmt.Errorf("cannot read sheet %q: %w", shorten(sheet), err)
	}
	return rows, nil
}
