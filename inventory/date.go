package inventory

import (
	"fmt"
	"time"
)

// Date is a civil date without a zone, kept as its ISO 8601 text
// ("2026-11-23"), so that dates compare, sort and travel as strings. The zero
// Date is "not set".
type Date string

// ParseDate reads an ISO 8601 date; the empty string is the unset date.
func ParseDate(s string) (Date, error) {
	if s == "" {
		return "", nil
	}
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return "", fmt.Errorf("cannot read date %q: want YYYY-MM-DD", s)
	}
	return Date(s), nil
}

// DateOf is the date of t in t's own zone.
func DateOf(t time.Time) Date { return Date(t.Format(time.DateOnly)) }

// Set reports whether the date is set.
func (d Date) Set() bool { return d != "" }

// Time is midnight UTC at the start of the date; the zero time where it is unset.
func (d Date) Time() time.Time {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Time{}
	}
	return t
}
