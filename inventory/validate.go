package inventory

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxText bounds every free-text field of the register, in bytes.
const MaxText = 1000

// maxList bounds the values of a field that holds several, in bytes.
const maxList = 2 * MaxText

// FieldError says which field of a noun is wrong and why. The importer turns
// Field into a column, the API into a JSON pointer.
type FieldError struct {
	Field string
	Why   string
}

// Error implements error.
func (e *FieldError) Error() string { return e.Field + ": " + e.Why }

// FieldErrors is every problem found in one noun.
type FieldErrors []*FieldError

// Error implements error.
func (es FieldErrors) Error() string {
	texts := make([]string, len(es))
	for i, e := range es {
		texts[i] = e.Error()
	}
	return strings.Join(texts, "; ")
}

func (es *FieldErrors) add(field, format string, args ...any) {
	*es = append(*es, &FieldError{Field: field, Why: fmt.Sprintf(format, args...)})
}

func (es *FieldErrors) text(field, value string) {
	switch {
	case len(value) > MaxText:
		es.add(field, "longer than %d bytes", MaxText)
	case !utf8.ValidString(value):
		es.add(field, "not valid UTF-8")
	case strings.IndexFunc(value, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) >= 0:
		es.add(field, "holds a control character")
	case strings.ContainsAny(value, "\uFFFE\uFFFF"):
		es.add(field, "holds a code point that is no character and that no workbook can carry")
	}
}

// texts checks pairs of field and value, in this order: a map would report the
// same noun differently every time.
func (es *FieldErrors) texts(pairs ...string) {
	for pair := range slices.Chunk(pairs, 2) {
		es.text(pair[0], pair[1])
	}
}

// list bounds the values of a field together, so that they fit one cell of a file.
func (es *FieldErrors) list(field string, values []string) {
	total := 0
	for _, v := range values {
		total += len(v) + len("; ")
	}
	if total > maxList {
		es.add(field, "together longer than %d bytes", maxList)
	}
}

// maxLongList bounds a field that may name many things, in bytes: escaped, it
// still fits the cell of a workbook.
const maxLongList = 15_000

// longList bounds the values of a field that may hold many.
func (es *FieldErrors) longList(field string, values []string) {
	total := 0
	for _, v := range values {
		total += len(v) + len("; ")
	}
	if total > maxLongList {
		es.add(field, "together longer than %d bytes", maxLongList)
	}
}

// address refuses a zone: what it names is known on one machine only.
func (es *FieldErrors) address(field string, addr netip.Addr) {
	if addr.Zone() != "" {
		es.add(field, "%s has a zone, which means nothing elsewhere", addr)
	}
}

func (es FieldErrors) err() error {
	if len(es) == 0 {
		return nil
	}
	return es
}

// key checks what identifies a noun: present, bounded, no surrounding space.
func (es *FieldErrors) key(field, value string, limit int) {
	switch {
	case value == "":
		es.add(field, "missing")
	case len(value) > limit:
		es.add(field, "%q is longer than %d characters", value[:limit], limit)
	case strings.TrimSpace(value) != value:
		es.add(field, "%q has spaces around it", value)
	default:
		es.text(field, value)
	}
}
