package rehearsal

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Problem is what is wrong with a file, and where.
type Problem struct {
	File string
	Line int
	Text string
}

// Error implements error.
func (p Problem) Error() string { return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text) }

// mostProblems is how many are said of one file: the rest follows from them.
const mostProblems = 20

// reading is one file being read: it goes on behind a problem, so that a person
// mends a file in one turn.
type reading struct {
	file     string
	problems []Problem
}

func (r *reading) wrong(at *yaml.Node, format string, args ...any) {
	if len(r.problems) < mostProblems {
		r.problems = append(r.problems, Problem{File: r.file, Line: at.Line, Text: fmt.Sprintf(format, args...)})
	}
}

func (r *reading) err() error {
	slices.SortStableFunc(r.problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	errs := make([]error, len(r.problems))
	for i, p := range r.problems {
		errs[i] = p
	}
	return errors.Join(errs...)
}

// field is a key of a mapping with what reads its value.
type field map[string]func(value *yaml.Node)

// mapping reads each key of a mapping by its field. A key that is none of them is
// a problem that names those that are.
func (r *reading) mapping(at *yaml.Node, what string, fields field) {
	if at.Kind != yaml.MappingNode {
		r.wrong(at, "%s: want key: value, got %s", what, kindOf(at))
		return
	}
	given := map[string]bool{}
	for i := 0; i+1 < len(at.Content); i += 2 {
		key, value := at.Content[i], at.Content[i+1]
		read, known := fields[key.Value]
		switch {
		case !known || key.Kind != yaml.ScalarNode:
			r.wrong(key, "%s: unknown word %q, the words are %s", what, clip(key.Value), list(slices.Sorted(maps.Keys(fields))))
		case given[key.Value]:
			r.wrong(key, "%s: %s is given twice", what, key.Value)
		default:
			read(value)
		}
		given[key.Value] = true
	}
}

// items reads each entry of a sequence, at most most of them.
func (r *reading) items(at *yaml.Node, what string, most int, read func(value *yaml.Node)) {
	switch {
	case at.Kind != yaml.SequenceNode:
		r.wrong(at, "%s: want a list, got %s", what, kindOf(at))
	case len(at.Content) > most:
		r.wrong(at, "%s: %d entries, at most %d are read", what, len(at.Content), most)
	default:
		for _, value := range at.Content {
			read(value)
		}
	}
}

// scalar returns a plain value.
func (r *reading) scalar(at *yaml.Node, what string) (string, bool) {
	if at.Kind != yaml.ScalarNode || at.Tag == "!!null" {
		r.wrong(at, "%s: want a value, got %s", what, kindOf(at))
		return "", false
	}
	return at.Value, true
}

func (r *reading) text(at *yaml.Node, what string, most int) string {
	value, ok := r.scalar(at, what)
	switch {
	case !ok:
		return ""
	case len(value) > most:
		r.wrong(at, "%s: %d bytes, at most %d are read", what, len(value), most)
		return ""
	case strings.ContainsFunc(value, func(c rune) bool { return c < ' ' }):
		r.wrong(at, "%s: %q holds a control character", what, clip(value))
		return ""
	}
	return value
}

// word is one of a closed set.
func word[W ~string](r *reading, at *yaml.Node, what string, known []W) W {
	value, ok := r.scalar(at, what)
	if !ok {
		return ""
	}
	if !slices.Contains(known, W(value)) {
		words := make([]string, len(known))
		for i, w := range known {
			words[i] = string(w)
		}
		r.wrong(at, "%s: unknown word %q, the words are %s", what, clip(value), list(words))
		return ""
	}
	return W(value)
}

func (r *reading) count(at *yaml.Node, what string, least, most int) int {
	value, ok := r.scalar(at, what)
	if !ok {
		return least
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > most {
		r.wrong(at, "%s: %q is not a whole number from %d to %d", what, clip(value), least, most)
		return least
	}
	return n
}

func (r *reading) ratio(at *yaml.Node, what string) float64 {
	value, ok := r.scalar(at, what)
	if !ok {
		return 0
	}
	v, err := strconv.ParseFloat(value, 64)
	if err != nil || !(v >= 0 && v <= 1) {
		r.wrong(at, "%s: %q is not a share from 0 to 1", what, clip(value))
		return 0
	}
	return v
}

func (r *reading) yes(at *yaml.Node, what string) bool {
	switch value, _ := r.scalar(at, what); value {
	case "true", "yes", "on":
		return true
	case "false", "no", "off":
		return false
	default:
		r.wrong(at, "%s: %q is neither true nor false", what, clip(value))
		return false
	}
}

func (r *reading) instant(at *yaml.Node, what string) time.Time {
	value, ok := r.scalar(at, what)
	if !ok {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, value)
	if err != nil || t.Year() < 2001 || t.Year() > 2100 {
		r.wrong(at, "%s: %q is not a time such as 2026-11-23T10:00:00Z of this century", what, clip(value))
		return time.Time{}
	}
	return t.UTC()
}

// lasting reads a duration such as 90s, 5m, 1h30m or 3d.
func (r *reading) lasting(at *yaml.Node, what string, least, most time.Duration) time.Duration {
	value, ok := r.scalar(at, what)
	if !ok {
		return least
	}
	d, err := parseDuration(value)
	if err != nil {
		r.wrong(at, "%s: %q is not a duration such as 90s, 5m, 1h30m or 3d", what, clip(value))
		return least
	}
	if d < least || d > most {
		r.wrong(at, "%s: %s is not between %s and %s", what, value, least, most)
		return least
	}
	return d
}

// parseDuration is time.ParseDuration with days in front: 3d, 1d12h.
func parseDuration(value string) (time.Duration, error) {
	days, rest, hasDays := strings.Cut(value, "d")
	if !hasDays {
		return time.ParseDuration(value)
	}
	n, err := strconv.ParseFloat(days, 64)
	if err != nil || !(n > -4000 && n < 4000) {
		return 0, fmt.Errorf("%q is no number of days", clip(days))
	}
	d := time.Duration(n * float64(24*time.Hour))
	if rest == "" {
		return d, nil
	}
	more, err := time.ParseDuration(rest)
	if d < 0 {
		more = -more
	}
	return d + more, err
}

func kindOf(at *yaml.Node) string {
	switch at.Kind {
	case yaml.MappingNode:
		return "keys and values"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias, which is not read here"
	default:
		if at.Tag == "!!null" {
			return "nothing"
		}
		return fmt.Sprintf("%q", clip(at.Value))
	}
}

func list(words []string) string {
	if len(words) > 60 {
		words = append(slices.Clone(words[:60]), "…")
	}
	return strings.Join(words, ", ")
}

func clip(s string) string { return strings.ToValidUTF8(s[:min(len(s), 60)], "") }
