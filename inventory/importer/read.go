package importer

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
)

var errEmpty = errors.New("the file is empty")

// Read decodes one sheet of a file and binds its header. name is shown in every
// problem; whether the content is a workbook is told from its first bytes. The
// error is about the whole file and names it; it wraps ErrTooLarge where a bound
// was exceeded.
func Read(name string, content []byte, options ReadOptions) (*Table, error) {
	t := &Table{File: name, Kind: options.Kind, dayFirst: options.DayFirst}
	if options.Map != nil {
		if err := t.takeMap(options.Map); err != nil {
			return nil, err
		}
	}
	if len(content) > MaxFileBytes {
		return nil, fmt.Errorf("cannot read %s: more than %d MiB: %w", name, MaxFileBytes>>20, ErrTooLarge)
	}
	rows, err := t.readRows(content, cmp.Or(options.Sheet, options.Map.sheet()))
	if err == nil {
		err = t.cutHeader(rows, cmp.Or(options.HeaderRow, options.Map.headerRow()))
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", t.place(0, 0), err)
	}
	if err := t.chooseLayout(); err != nil {
		return nil, err
	}
	if err := t.bindHeader(options.Map); err != nil {
		return nil, err
	}
	return t, nil
}

// takeMap checks that a map fits what was asked for and takes it over.
func (t *Table) takeMap(m *Map) error {
	if t.Kind == "" {
		t.Kind = m.Kind
	}
	if m.Kind != "" && m.Kind.Noun() != t.Kind.Noun() {
		return fmt.Errorf("cannot read %s as %s: the map %s is for %s", t.File, t.Kind, m.Name, m.Kind)
	}
	t.dayFirst = t.dayFirst || m.DayFirst
	t.values, t.aliases = m.values, m.Sites
	return nil
}

func (t *Table) readRows(content []byte, sheet string) ([]Row, error) {
	if bytes.HasPrefix(content, zipMagic) {
		t.Format = XLSX
		rows, name, err := readXLSX(content, sheet)
		t.Sheet = name
		return rows, err
	}
	t.Format = CSV
	if sheet != "" {
		return nil, fmt.Errorf("a CSV file has no sheets, but sheet %q was asked for", shorten(sheet))
	}
	rows, comma, encoding, err := readCSV(content)
	if err != nil {
		return nil, err
	}
	t.comma, t.encoding = comma, encoding
	if encoding == windows1252 {
		t.Notices = append(t.Notices, Problem{Place: t.place(0, 0), Why: "not UTF-8: read as " + windows1252})
	}
	return rows, nil
}

// cutHeader splits rows into what stands above the header, the header and the
// rest.
func (t *Table) cutHeader(rows []Row, line int) error {
	if len(rows) == 0 {
		return errEmpty
	}
	at := 0
	if line != 0 {
		at = slices.IndexFunc(rows, func(r Row) bool { return r.Line == line })
	}
	if at < 0 {
		return fmt.Errorf("row %d, which should be the header, is blank or not there", line)
	}
	t.preamble, t.Header, t.HeaderRow, t.Rows = rows[:at], rows[at].Cells, rows[at].Line, rows[at+1:]
	return nil
}

// chooseLayout recognises another system's export by its headers.
func (t *Table) chooseLayout() error {
	present := map[string]bool{}
	for _, header := range t.Header {
		key := squash(header)
		present[key] = true
		t.headerKeys = append(t.headerKeys, key)
	}
	t.Layout = "muster"
	for _, l := range layouts() {
		if !l.recognises(present) {
			continue
		}
		if t.Kind == "" {
			t.Kind = l.kind
		}
		if l.kind.Noun() != t.Kind.Noun() {
			return fmt.Errorf("cannot read %s as %s: it is %s, which holds %s", t.File, t.Kind, l.title, l.kind)
		}
		t.layout, t.Layout = l, l.name
		return nil
	}
	if t.Kind == "" {
		return fmt.Errorf("cannot read %s: say whether it holds %v", t.File, Kinds())
	}
	if t.Kind.Noun() == "" {
		return fmt.Errorf("cannot read %s as %q: want one of %v", t.File, t.Kind, Kinds())
	}
	return nil
}
