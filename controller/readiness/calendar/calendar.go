// Package calendar knows on which days a programme works: not at weekends, not
// on bank holidays of England and Wales, not on the days that the programme
// adds, and not while changes are frozen.
//
// Bank holidays follow from rules, so that they hold for any year; only what
// was proclaimed once stands in a table. It is pure, and the standard library
// and the nouns are all that it needs.
package calendar

import (
	"slices"
	"time"

	"muster/inventory"
)

// Calendar answers which days are working days. It does not change; With makes
// another one.
type Calendar struct {
	bank    bool
	holiday []inventory.DaySpan
	freezes []inventory.DaySpan
}

// New returns a calendar with the bank holidays of England and Wales, further
// holidays and freezes.
func New(holidays, freezes []inventory.DaySpan) *Calendar {
	return &Calendar{bank: true, holiday: slices.Clone(holidays), freezes: slices.Clone(freezes)}
}

// Elsewhere returns a calendar without the bank holidays of England and Wales:
// the file that names others is the only one that counts.
func Elsewhere(holidays, freezes []inventory.DaySpan) *Calendar {
	return &Calendar{holiday: slices.Clone(holidays), freezes: slices.Clone(freezes)}
}

// OfProgramme is the calendar of a programme's own holidays and freezes.
func OfProgramme(p inventory.Programme) (*Calendar, error) {
	holidays, err := spans(p.Holidays)
	if err != nil {
		return nil, err
	}
	freezes, err := spans(p.Freezes)
	if err != nil {
		return nil, err
	}
	return New(holidays, freezes), nil
}

func spans(texts []string) ([]inventory.DaySpan, error) {
	var out []inventory.DaySpan
	for _, text := range texts {
		s, err := inventory.ParseDaySpan(text)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// With is the calendar with further freezes.
func (c *Calendar) With(freezes ...inventory.DaySpan) *Calendar {
	return &Calendar{bank: c.bank, holiday: c.holiday, freezes: slices.Concat(c.freezes, freezes)}
}

// Why says why nobody works on a day; it is empty for a working day. A date
// that cannot be read is no working day.
func (c *Calendar) Why(day inventory.Date) string {
	t := day.Time()
	if t.IsZero() {
		return "not a date"
	}
	switch t.Weekday() {
	case time.Saturday, time.Sunday:
		return "weekend"
	default:
	}
	if c.bank {
		if name := BankHoliday(day); name != "" {
			return name
		}
	}
	if why, ok := covers(c.holiday, day, "holiday"); ok {
		return why
	}
	why, _ := covers(c.freezes, day, "freeze")
	return why
}

func covers(list []inventory.DaySpan, day inventory.Date, word string) (string, bool) {
	for _, s := range list {
		if s.Covers(day) {
			if s.Why != "" {
				return word + ": " + s.Why, true
			}
			return word, true
		}
	}
	return "", false
}

// Working reports whether the programme works on a day.
func (c *Calendar) Working(day inventory.Date) bool { return c.Why(day) == "" }

// furthest bounds every search: no programme plans further than this, and a
// freeze without end must not hold one up for ever.
const furthest = 60 * 366

// Add is the nth working day after day, or before it where n is negative. Add
// of 0 is day itself if it is a working day, else the next one. ok is false
// where there is none within 60 years.
func (c *Calendar) Add(day inventory.Date, n int) (to inventory.Date, ok bool) {
	t := day.Time()
	if t.IsZero() {
		return "", false
	}
	step := 1
	if n < 0 {
		step, n = -1, -n
	}
	if n == 0 && c.Working(day) {
		return day, true
	}
	n = max(n, 1)
	for range furthest {
		t = t.AddDate(0, 0, step)
		if d := inventory.DateOf(t); c.Working(d) {
			if n--; n == 0 {
				return d, true
			}
		}
	}
	return "", false
}

// Between counts the working days after from up to and including to. It is
// negative where to lies before from.
func (c *Calendar) Between(from, to inventory.Date) int {
	if to < from {
		return -c.Between(to, from)
	}
	a, b := from.Time(), to.Time()
	if a.IsZero() || b.IsZero() {
		return 0
	}
	n := 0
	for range furthest {
		a = a.AddDate(0, 0, 1)
		if a.After(b) {
			break
		}
		if c.Working(inventory.DateOf(a)) {
			n++
		}
	}
	return n
}

// Days lists the first n working days after day; fewer where a freeze has no end.
func (c *Calendar) Days(day inventory.Date, n int) []inventory.Date {
	t := day.Time()
	if t.IsZero() {
		return nil
	}
	days := make([]inventory.Date, 0, n)
	for range furthest {
		if len(days) >= n {
			break
		}
		t = t.AddDate(0, 0, 1)
		if d := inventory.DateOf(t); c.Working(d) {
			days = append(days, d)
		}
	}
	return days
}

// Since lists the working days from from to to, both included.
func (c *Calendar) Since(from, to inventory.Date) []inventory.Date {
	t, end := from.Time(), to.Time()
	if t.IsZero() || end.IsZero() {
		return nil
	}
	var days []inventory.Date
	for range furthest {
		if t.After(end) {
			break
		}
		if d := inventory.DateOf(t); c.Working(d) {
			days = append(days, d)
		}
		t = t.AddDate(0, 0, 1)
	}
	return days
}
