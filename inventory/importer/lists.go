package importer

import (
	"slices"
	"strings"
)

// list is a column of several values separated by semicolons; canonical brings
// one value into its form, or says why it cannot.
func list[N any](c Column, field func(*N) *[]string, canonical func(string) (string, error)) column[N] {
	c.Authority = FileAuthority
	col := column[N]{
		Column: c,
		field:  c.Name,
		get:    func(n *N) string { return joinList(*field(n)) },
		clear:  func(n *N) { *field(n) = nil },
	}
	col.set = func(n *N, value string, _ *reading) error {
		values, err := readList(value, canonical)
		if err == nil {
			*field(n) = values
		}
		return err
	}
	col.add = func(n *N, value string, _ *reading) error {
		values, err := readList(value, canonical)
		if err != nil {
			return err
		}
		for _, v := range values {
			if !slices.Contains(*field(n), v) {
				*field(n) = append(slices.Clone(*field(n)), v)
			}
		}
		return nil
	}
	return col
}

var listEscapes = strings.NewReplacer(`\`, `\\`, `;`, `\;`)

func joinList(values []string) string {
	escaped := make([]string, len(values))
	for i, v := range values {
		escaped[i] = listEscapes.Replace(v)
	}
	return strings.Join(escaped, "; ")
}

func readList(value string, canonical func(string) (string, error)) ([]string, error) {
	var values []string
	var part strings.Builder
	flush := func() error {
		item := strings.TrimSpace(part.String())
		part.Reset()
		if item == "" {
			return nil
		}
		item, err := canonical(item)
		if err == nil {
			values = append(values, item)
		}
		return err
	}
	escaped := false
	for _, r := range value {
		switch {
		case escaped:
			part.WriteRune(r)
			escaped = false
		case r == '\\':
			escaped = true
		case r == ';':
			if err := flush(); err != nil {
				return nil, err
			}
		default:
			part.WriteRune(r)
		}
	}
	return values, flush()
}

func asItIs(s string) (string, error) { return s, nil }
