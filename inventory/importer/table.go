package importer

// Table is one sheet of a file, decoded, with its headers bound to columns. It
// is made by Read and not changed afterwards.
type Table struct {
	File      string
	Sheet     string // empty for CSV
	Format    Format
	Kind      Kind
	Layout    string // whose columns these are: muster, netbox-sites, snipe-it …
	Header    []string
	HeaderRow int
	Rows      []Row
	Notices   []Problem // what was ignored or assumed

	preamble   []Row    // what stands above the header
	headerKeys []string // squashed Header
	comma      rune
	encoding   string // empty for XLSX
	bindings   []binding
	layout     *layout // nil where the columns are our own
	values     map[string]map[string]string
	aliases    map[string]string
	dayFirst   bool
	keyAt      int // the column, from 1, that identifies the rows; 0: none or several
}

// Row is one record. Line is where it begins, from 1.
type Row struct {
	Line  int
	Cells []string
}

// ReadOptions say how to read a file; the zero value reads the first sheet, its
// first row as the header, and refuses ambiguous dates. What is set here wins
// over the map.
type ReadOptions struct {
	Kind      Kind   // empty: from the map or recognised by the headers
	Sheet     string // XLSX only; empty: the only sheet with anything in it
	HeaderRow int    // line of the header, from 1; 0: the first row that is not blank
	Map       *Map   // a saved column mapping, or nil
	DayFirst  bool   // 03/04/2026 is the third of April
}

// columnAt is our column at a column of the file, from 1.
func (t *Table) columnAt(column int) string {
	for _, b := range t.bindings {
		if b.index == column-1 {
			return b.column
		}
	}
	return ""
}

// keyIndex is the file's column, from 1, that identifies its rows; 0 where several
// do together.
func (t *Table) keyIndex() int { return t.keyAt }
