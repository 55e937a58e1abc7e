package readiness

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"muster/inventory"
)

// Problem is one thing wrong with a file.
type Problem struct {
	File   string
	Line   int
	Column int // from 1; 0: the line as a whole
	What   string
}

// Error is "file:line: what", with the column where it is known.
func (p Problem) Error() string {
	if p.Column > 0 {
		return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.What)
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.What)
}

// Problems is everything wrong with a file, in the order of its lines.
type Problems []Problem

// Error lists them, a line each.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// maxProblems bounds what one file is told.
const maxProblems = 50

// reader walks a YAML document and gathers what is wrong with it, so that one
// run tells a writer everything.
type reader struct {
	file  string
	src   []byte
	wrong Problems
}

func (r *reader) problems() error {
	if len(r.wrong) == 0 {
		return nil
	}
	slices.SortStableFunc(r.wrong, func(a, b Problem) int { return a.Line - b.Line })
	return r.wrong
}

func (r *reader) add(n *yaml.Node, format string, args ...any) {
	line := 1
	if n != nil {
		line = max(n.Line, 1)
	}
	r.addAt(line, 0, fmt.Sprintf(format, args...))
}

func (r *reader) addAt(line, column int, what string) {
	if len(r.wrong) < maxProblems {
		r.wrong = append(r.wrong, Problem{File: r.file, Line: line, Column: column, What: what})
	}
}

// document reads the one document of the source; nil: it has problems.
func (r *reader) document(limit int) *yaml.Node {
	if len(r.src) > limit {
		r.addAt(1, 0, fmt.Sprintf("%d bytes, the limit is %d", len(r.src), limit))
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(r.src))
	var doc yaml.Node
	if err := decoder.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			r.addAt(1, 0, "the file is empty")
			return nil
		}
		r.broken(err)
		return nil
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		r.addAt(1, 0, "more than one document")
		return nil
	}
	if !r.simple(&doc) {
		return nil
	}
	return doc.Content[0]
}

// broken says where the library could not read on.
func (r *reader) broken(err error) {
	what, line := strings.TrimPrefix(err.Error(), "yaml: "), 1
	if rest, ok := strings.CutPrefix(what, "line "); ok {
		at, said, _ := strings.Cut(rest, ": ")
		if n, err := strconv.Atoi(at); err == nil {
			line, what = n, said
		}
	}
	r.addAt(line, 0, what)
}

// simple refuses aliases: what a file says stands where it says it, and nothing
// in it grows.
func (r *reader) simple(n *yaml.Node) bool {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		r.add(n, "anchors and aliases are not used here: write it out")
		return false
	}
	for _, below := range n.Content {
		if !r.simple(below) {
			return false
		}
	}
	return true
}

// mapping is a mapping with known keys.
type mapping struct {
	node   *yaml.Node
	values map[string]*yaml.Node
}

func (m mapping) get(key string) *yaml.Node { return m.values[key] }

func (r *reader) mapping(n *yaml.Node, what string, known ...string) mapping {
	m := mapping{node: n, values: map[string]*yaml.Node{}}
	if n.Kind != yaml.MappingNode {
		r.add(n, "%s: want words and values; known: %s", what, strings.Join(known, ", "))
		return m
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case !slices.Contains(known, key.Value):
			r.add(key, "unknown word %q%s; known in %s: %s", key.Value, nearest(key.Value, known), what, strings.Join(known, ", "))
		case m.values[key.Value] != nil:
			r.add(key, "%q is there twice, first in line %d", key.Value, m.values[key.Value].Line)
		default:
			m.values[key.Value] = value
		}
	}
	return m
}

func (r *reader) list(m mapping, key string, limit int) []*yaml.Node {
	n := m.get(key)
	switch {
	case n == nil:
		return nil
	case n.Kind != yaml.SequenceNode:
		r.add(n, "%s: want a list", key)
		return nil
	case len(n.Content) > limit:
		r.add(n, "%s: %d, the limit is %d", key, len(n.Content), limit)
		return nil
	default:
		return n.Content
	}
}

func (r *reader) scalar(m mapping, key string) (string, *yaml.Node) {
	n := m.get(key)
	if n == nil {
		return "", nil
	}
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		r.add(n, "%s: want a value", key)
		return "", nil
	}
	if len(n.Value) > maxText {
		r.add(n, "%s: %d bytes, the limit is %d", key, len(n.Value), maxText)
		return "", nil
	}
	return n.Value, n
}

func (r *reader) text(m mapping, key string) string {
	text, _ := r.scalar(m, key)
	return strings.TrimSpace(text)
}

// name reads a word such as site-go-live.
func (r *reader) name(m mapping, key string) string {
	text, n := r.scalar(m, key)
	switch {
	case n == nil:
		r.add(m.node, "%s: missing: a name of a-z, 0-9 and -", key)
	case !inventory.ValidServiceName(text):
		r.add(n, "%s: %.60q is not a name: want 1 to 32 of a-z, 0-9 and -", key, text)
	}
	return text
}

func (r *reader) word(m mapping, key string, known ...string) string {
	text, n := r.scalar(m, key)
	if n != nil && !slices.Contains(known, text) {
		r.add(n, "%s: %.60q is not known%s; known: %s", key, text, nearest(text, known), strings.Join(known, ", "))
		return ""
	}
	return text
}

func (r *reader) flag(m mapping, key string) bool {
	text, n := r.scalar(m, key)
	if n != nil && text != "true" && text != "false" {
		r.add(n, "%s: %.60q is neither true nor false", key, text)
	}
	return text == "true"
}

func (r *reader) number(m mapping, key string, most float64) float64 {
	text, n := r.scalar(m, key)
	if n == nil {
		return 0
	}
	v, err := strconv.ParseFloat(text, 64)
	whole := most > 100 && v != float64(int(v))
	if err != nil || v != v || v < 0 || v > most || whole {
		r.add(n, "%s: %.60q is not a number from 0 to %s", key, text, number(most))
		return 0
	}
	return v
}

func (r *reader) duration(m mapping, key string, most time.Duration) time.Duration {
	text, n := r.scalar(m, key)
	if n == nil {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d > most {
		r.add(n, "%s: %.60q is not a duration such as 2h, up to %dh", key, text, int(most.Hours()))
		return 0
	}
	return d
}

// inside finds where in the file a place in a scalar's text stands: exactly of a
// text on one line, by its line of a block, else where the scalar begins.
func (r *reader) inside(n *yaml.Node, f fault) (line, column int) {
	switch {
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return r.insideBlock(n, f)
	case strings.Contains(n.Value, "\n"):
		return n.Line, 0
	}
	quote := 0
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		quote = 1
	}
	if !strings.Contains(r.line(n.Line), n.Value) { // escaped, or over several lines
		return n.Line, 0
	}
	return n.Line, n.Column + quote + f.column
}

func (r *reader) insideBlock(n *yaml.Node, f fault) (line, column int) {
	if n.Style&yaml.FoldedStyle != 0 {
		return n.Line + 1, 0
	}
	first := r.line(n.Line + 1) // the block is indented as its first line is
	return n.Line + f.line, len(first) - len(strings.TrimLeft(first, " ")) + f.column + 1
}

func (r *reader) line(n int) string {
	for i, text := range strings.Split(string(r.src), "\n") {
		if i+1 == n {
			return text
		}
	}
	return ""
}
