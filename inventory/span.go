package inventory

import (
	"slices"
	"time"
)

// Span is a piece of time, From included and To not.
type Span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// For is how long the span lasts; never negative.
func (s Span) For() time.Duration { return max(s.To.Sub(s.From), 0) }

// Holds reports whether t lies in the span.
func (s Span) Holds(t time.Time) bool { return !t.Before(s.From) && t.Before(s.To) }

// Within is the part of s that lies in other; ok is false where there is none.
func (s Span) Within(other Span) (part Span, ok bool) {
	if s.From.Before(other.From) {
		s.From = other.From
	}
	if s.To.After(other.To) {
		s.To = other.To
	}
	return s, s.To.After(s.From)
}

// OpenSpans lists the spans of the period in which h is open, in the zone, in
// order and apart. Days begin and end by the wall clock: the night when clocks
// change has its real length. Hours that cannot be read, or are empty, are open
// throughout.
func (h Hours) OpenSpans(period Span, zone *time.Location) []Span {
	if !period.To.After(period.From) {
		return nil
	}
	spans, err := h.spans()
	if err != nil || len(spans) == 0 {
		return []Span{period}
	}
	var open []Span
	first := period.From.In(zone)
	for day := time.Date(first.Year(), first.Month(), first.Day(), 0, 0, 0, 0, zone); day.Before(period.To); day = day.AddDate(0, 0, 1) {
		for _, s := range spans {
			if !s.days[day.Weekday()] {
				continue
			}
			at := func(minute int) time.Time {
				return time.Date(day.Year(), day.Month(), day.Day(), 0, minute, 0, 0, zone)
			}
			if part, ok := (Span{From: at(s.from), To: at(s.to)}).Within(period); ok {
				open = append(open, part)
			}
		}
	}
	return JoinSpans(open)
}

// JoinSpans sorts spans and joins those that touch or overlap. The argument is
// not changed.
func JoinSpans(spans []Span) []Span {
	sorted := slices.Clone(spans)
	slices.SortFunc(sorted, func(a, b Span) int { return a.From.Compare(b.From) })
	joined := sorted[:0]
	for _, s := range sorted {
		if last := len(joined) - 1; last >= 0 && !s.From.After(joined[last].To) {
			if s.To.After(joined[last].To) {
				joined[last].To = s.To
			}
			continue
		}
		if s.To.After(s.From) {
			joined = append(joined, s)
		}
	}
	return joined
}
