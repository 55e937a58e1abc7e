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

	preamble []Row // what stands above the header
	comma    rune
	bindings []binding
	layout   *layout
	options  ReadOptions
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
