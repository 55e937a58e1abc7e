package importer

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"muster/inventory"
)

// Map is a saved column mapping: how one organisation's file is to be read. A
// nil Map maps nothing.
type Map struct {
	Name      string // of the file it came from
	Kind      Kind
	Sheet     string
	HeaderRow int
	DayFirst  bool
	Sites     map[string]string // what the file calls a site → its code

	columns   map[string]string            // squashed header → column
	ignored   map[string]bool              // squashed headers
	authority map[string]Authority         // column → whose it is
	values    map[string]map[string]string // column → squashed word → ours
}

func (m *Map) sheet() string {
	if m == nil {
		return ""
	}
	return m.Sheet
}

func (m *Map) headerRow() int {
	if m == nil {
		return 0
	}
	return m.HeaderRow
}

func (m *Map) column(key string) (string, bool) {
	if m == nil {
		return "", false
	}
	column, ok := m.columns[key]
	return column, ok
}

func (m *Map) ignores(key string) bool { return m != nil && m.ignored[key] }

func (m *Map) gives(column string, to Authority) bool { return m != nil && m.authority[column] == to }

// mapReader walks a YAML map and remembers the first error with its line.
type mapReader struct {
	name string
	err  error
}

// ParseMap reads a saved mapping. Errors name the file and the line.
func ParseMap(name string, content []byte) (*Map, error) {
	if len(content) > MaxMapBytes {
		return nil, fmt.Errorf("cannot read map %s: more than %d KiB: %w", name, MaxMapBytes>>10, ErrTooLarge)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(content, &doc); err != nil {
		return nil, fmt.Errorf("cannot read map %s: %w", name, err)
	}
	if len(doc.Content) == 0 {
		return nil, fmt.Errorf("cannot read map %s: the file is empty", name)
	}
	r := &mapReader{name: name}
	m := r.read(doc.Content[0])
	if r.err != nil {
		return nil, r.err
	}
	return m, nil
}

func (r *mapReader) fail(node *yaml.Node, format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("cannot read map %s, line %d: %s", r.name, node.Line, fmt.Sprintf(format, args...))
	}
}

func (r *mapReader) read(root *yaml.Node) *Map {
	m := &Map{
		Name: r.name, Sites: map[string]string{}, columns: map[string]string{}, ignored: map[string]bool{},
		authority: map[string]Authority{}, values: map[string]map[string]string{},
	}
	sections := map[string]*yaml.Node{}
	r.each(root, "the map", func(key, value *yaml.Node) { sections[key.Value] = value })
	// The kind comes first: it says which columns there are.
	if node, ok := sections["kind"]; ok {
		kind, err := ParseKind(r.word(node))
		if err != nil {
			r.fail(node, "%s", err)
		}
		m.Kind = kind
	} else {
		r.fail(root, "kind is missing: want one of %v", Kinds())
	}
	r.each(root, "the map", func(key, value *yaml.Node) { r.section(m, key, value) })
	return m
}

func (r *mapReader) section(m *Map, key, value *yaml.Node) {
	switch key.Value {
	case "kind":
	case "sheet":
		m.Sheet = r.word(value)
	case "header_row":
		row, err := strconv.Atoi(r.word(value))
		if err != nil || row < 1 || row > MaxRows {
			r.fail(value, "header_row: want a row number from 1, not %q", shorten(value.Value))
		}
		m.HeaderRow = row
	case "dates":
		switch r.word(value) {
		case "day-first":
			m.DayFirst = true
		case "unambiguous":
		default:
			r.fail(value, "dates: want unambiguous or day-first, not %q", shorten(value.Value))
		}
	case "columns":
		r.each(value, "columns", func(header, column *yaml.Node) {
			m.columns[r.header(header)] = r.column(m.Kind, column)
		})
	case "ignore":
		if value.Kind != yaml.SequenceNode {
			r.fail(value, "ignore: want a list of headers")
		}
		for _, header := range value.Content {
			m.ignored[r.header(header)] = true
		}
	case "authority":
		r.each(value, "authority", func(column, whose *yaml.Node) { r.authority(m, column, whose) })
	case "values":
		r.each(value, "values", func(column, words *yaml.Node) {
			name := r.column(m.Kind, column)
			m.values[name] = map[string]string{}
			r.each(words, name, func(theirs, ours *yaml.Node) {
				m.values[name][squash(r.word(theirs))] = r.word(ours)
			})
		})
	case "sites":
		r.each(value, "sites", func(alias, code *yaml.Node) { r.alias(m, alias, code) })
	default:
		r.fail(key, "%q is not a key: want kind, sheet, header_row, dates, columns, ignore, authority, values or sites", shorten(key.Value))
	}
}

func (r *mapReader) alias(m *Map, alias, code *yaml.Node) {
	if !inventory.ValidSiteCode(r.word(code)) {
		r.fail(code, "sites: %q is not a site code", shorten(code.Value))
	}
	m.Sites[r.word(alias)] = code.Value
}

func (r *mapReader) authority(m *Map, column, whose *yaml.Node) {
	name := r.column(m.Kind, column)
	switch to := Authority(r.word(whose)); {
	case to != FileAuthority && to != AgentAuthority:
		r.fail(whose, "authority: want file or agent, not %q", shorten(whose.Value))
	case slices.Contains(slices.Concat(keyColumnsOf(m.Kind)...), name):
		r.fail(column, "authority: %s identifies the row and belongs to the file", name)
	case to == FileAuthority && agentsColumn(m.Kind, name):
		r.fail(whose, "authority: only the agent can say %s", name)
	default:
		m.authority[name] = to
	}
}

// header is a squashed header of the organisation's file.
func (r *mapReader) header(node *yaml.Node) string {
	key := squash(r.word(node))
	if key == "" {
		r.fail(node, "a header needs a letter or a digit")
	}
	return key
}

// column is one of our columns by its own name.
func (r *mapReader) column(kind Kind, node *yaml.Node) string {
	name := r.word(node)
	var names []string
	for _, c := range Columns(kind) {
		if c.Name == name {
			return name
		}
		names = append(names, c.Name)
	}
	hint := didYouMean(nearest(name, names, 2))
	if hint == "" {
		hint = "want one of " + strings.Join(names, ", ")
	}
	r.fail(node, "%q is not a column of %s: %s", shorten(name), kind, hint)
	return name
}

func (r *mapReader) word(node *yaml.Node) string {
	if node.Kind != yaml.ScalarNode || strings.TrimSpace(node.Value) == "" {
		r.fail(node, "want a word here")
	}
	return node.Value
}

// each walks a mapping; the same key twice is an error, for one of the two would
// be lost.
func (r *mapReader) each(node *yaml.Node, name string, visit func(key, value *yaml.Node)) {
	if node.Kind != yaml.MappingNode {
		r.fail(node, "%s: want keys with values", name)
		return
	}
	seenAt := map[string]int{}
	for i := 0; i+1 < len(node.Content) && r.err == nil; i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if line, twice := seenAt[key.Value]; twice {
			r.fail(key, "%s: %q stands on line %d already", name, shorten(key.Value), line)
			return
		}
		seenAt[key.Value] = key.Line
		visit(key, value)
	}
}
