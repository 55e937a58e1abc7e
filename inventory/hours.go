package inventory

import (
	"fmt"
	"strings"
	"time"
)

// Hours is a site's opening hours as people write them:
// "Mon-Fri 08:00-18:00; Sat 09:00-12:30". The empty Hours is always open.
type Hours string

type openSpan struct {
	days     [7]bool // by time.Weekday
	from, to int     // minutes of the day, to is exclusive
}

var weekdayByName = map[string]time.Weekday{
	"sun": time.Sunday, "mon": time.Monday, "tue": time.Tuesday, "wed": time.Wednesday,
	"thu": time.Thursday, "fri": time.Friday, "sat": time.Saturday,
}

// Validate says what cannot be read in h.
func (h Hours) Validate() error {
	_, err := h.spans()
	return err
}

// Open reports whether h covers the wall-clock moment of t, which the caller has
// put into the site's zone. Hours that cannot be read count as always open: a
// site is never excused by a typing error.
func (h Hours) Open(t time.Time) bool {
	spans, err := h.spans()
	if err != nil || len(spans) == 0 {
		return true
	}
	minute := t.Hour()*60 + t.Minute()
	for _, span := range spans {
		if span.days[t.Weekday()] && minute >= span.from && minute < span.to {
			return true
		}
	}
	return false
}

func (h Hours) spans() ([]openSpan, error) {
	var spans []openSpan
	if len(h) > MaxText {
		return nil, fmt.Errorf("longer than %d bytes", MaxText)
	}
	for part := range strings.SplitSeq(string(h), ";") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		days, clock, ok := strings.Cut(part, " ")
		if !ok {
			return nil, fmt.Errorf("cannot read hours %q: want for example Mon-Fri 08:00-18:00", part)
		}
		span, err := readSpan(days, strings.TrimSpace(clock))
		if err != nil {
			return nil, fmt.Errorf("cannot read hours %q: %w", part, err)
		}
		spans = append(spans, span)
	}
	return spans, nil
}

func readSpan(days, clock string) (openSpan, error) {
	var span openSpan
	for part := range strings.SplitSeq(days, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		from, okFrom := weekdayByName[strings.ToLower(first)]
		to, okTo := weekdayByName[strings.ToLower(last)]
		if !okFrom || !okTo {
			return span, fmt.Errorf("%q is not a day such as Mon or Mon-Fri", part)
		}
		for d := from; ; d = (d + 1) % 7 {
			span.days[d] = true
			if d == to {
				break
			}
		}
	}
	from, to, ok := strings.Cut(clock, "-")
	if !ok {
		return span, fmt.Errorf("%q is not a span such as 08:00-18:00", clock)
	}
	var err error
	if span.from, err = minuteOf(from); err != nil {
		return span, err
	}
	if span.to, err = minuteOf(to); err != nil {
		return span, err
	}
	if span.to <= span.from {
		return span, fmt.Errorf("%q ends before it begins", clock)
	}
	return span, nil
}

func minuteOf(clock string) (int, error) {
	if clock == "24:00" {
		return 24 * 60, nil
	}
	t, err := time.Parse("15:04", clock)
	if err != nil {
		return 0, fmt.Errorf("%q is not a time such as 08:00", clock)
	}
	return t.Hour()*60 + t.Minute(), nil
}
