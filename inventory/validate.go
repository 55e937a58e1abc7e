package inventory

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxText bounds every free-text field of the register, in bytes.
const MaxText = 1000

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
