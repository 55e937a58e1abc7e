package ledger

import (
	"fmt"
	"time"

	"muster/inventory"
)

// ParsePeriod reads a period in a zone: a month (2026-11), a day (2026-11-23), or
// two of either, the second included. Nothing at all is the month so far.
func ParsePeriod(from, to string, zone *time.Location, now time.Time) (inventory.Span, error) {
	if from == "" && to == "" {
		local := now.In(zone)
		return inventory.Span{From: time.Date(local.Year(), local.Month(), 1, 0, 0, 0, 0, zone).UTC(), To: now.UTC()}, nil
	}
	if from == "" {
		return inventory.Span{}, fmt.Errorf("a period to %q has no beginning", to)
	}
	if to == "" {
		to = from
	}
	first, _, err := parseMoment(from, zone)
	if err != nil {
		return inventory.Span{}, err
	}
	_, last, err := parseMoment(to, zone)
	if err != nil {
		return inventory.Span{}, err
	}
	if !last.After(first) {
		return inventory.Span{}, fmt.Errorf("the period from %q to %q is empty", from, to)
	}
	return inventory.Span{From: first.UTC(), To: last.UTC()}, nil
}

// parseMoment reads a month, a day or an instant, and says where it begins and ends.
func parseMoment(text string, zone *time.Location) (begin, end time.Time, err error) {
	if t, err := time.ParseInLocation("2006-01", text, zone); err == nil {
		return t, t.AddDate(0, 1, 0), nil
	}
	if t, err := time.ParseInLocation("2006-01-02", text, zone); err == nil {
		return t, t.AddDate(0, 0, 1), nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, t, nil
	}
	return begin, end, fmt.Errorf("%q is none of a month (2026-11), a day (2026-11-23) and an instant (2026-11-23T10:00:00Z)", text)
}
