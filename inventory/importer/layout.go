package importer

import "slices"

// layout is how another system writes a table down.
type layout struct {
	name    string
	title   string // in an error: "a NetBox export of circuits"
	kind    Kind
	marks   []string             // squashed headers that it always has
	any     []string             // and one of these, unless empty
	unless  []string             // squashed headers that it never has
	columns map[string]binding   // squashed header → our column; an empty column is known and not kept
	skip    func(foreign) string // why a row is none of ours; empty: it is
	key     func(foreign, keys) string
	paired  bool // several rows may speak of one noun

	elsewhere string // a required column that the system keeps in another export
}

// foreign reads a row by squashed header.
type foreign func(header string) string

// keys tells a layout what the register calls things, so that another system's
// name of a site finds the site that is already known.
type keys struct {
	siteCode func(name string) (string, bool)
}

// layouts lists the layouts; the first that fits is taken.
func layouts() []*layout {
	return []*layout{
		netboxTerminations(), netboxCircuits(), netboxPrefixes(), netboxSites(), snipeAssets(),
	}
}

func (l *layout) recognises(present map[string]bool) bool {
	has := func(h string) bool { return present[h] }
	return !slices.ContainsFunc(l.marks, func(h string) bool { return !present[h] }) &&
		(len(l.any) == 0 || slices.ContainsFunc(l.any, has)) &&
		!slices.ContainsFunc(l.unless, has)
}

// foreignColumns are headers that a layout knows and Muster has no use for.
func foreignColumns(columns map[string]binding, unused ...string) map[string]binding {
	for _, header := range unused {
		columns[header] = binding{}
	}
	return columns
}
