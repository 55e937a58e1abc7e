package refresh

import (
	"fmt"
	"time"

	"muster/inventory"
)

// when is the moment in a row: a time of the visit's day, or a day and a time.
// A swap that was done needs one; one that was not may leave it out.
func (f *filler) when(r Row, outcome string) time.Time {
	text := f.sheet.cell(r, "when")
	zone := f.Zone
	if zone == nil {
		zone = time.UTC
	}
	if text == "" {
		if outcome != failed {
			f.problem(r, "when", "missing: when was it done?")
		}
		return f.endOfVisit(zone)
	}
	at, err := readMoment(text, f.Visit.Date, zone)
	if err != nil {
		f.problem(r, "when", "%s", err)
	}
	return at
}

// endOfVisit is the end of the visit's day, or now where that is earlier. What
// was not done has no moment of its own.
func (f *filler) endOfVisit(zone *time.Location) time.Time {
	day := f.Visit.Date.Time()
	end := time.Date(day.Year(), day.Month(), day.Day(), 23, 59, 0, 0, zone)
	if end.After(f.now) {
		return f.now.UTC()
	}
	return end.UTC()
}

// readMoment reads 10:40, 2026-11-23 10:40, 23/11/2026 10:40 as spreadsheets
// write it, or RFC 3339. A date that may be read two ways is refused.
func readMoment(text string, day inventory.Date, zone *time.Location) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t.UTC(), nil
	}
	for _, layout := range []string{"15:04", "15:04:05"} {
		if t, err := time.Parse(layout, text); err == nil {
			d := day.Time()
			return time.Date(d.Year(), d.Month(), d.Day(), t.Hour(), t.Minute(), t.Second(), 0, zone).UTC(), nil
		}
	}
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t.UTC(), nil
		}
	}
	return readSlashes(text, day, zone)
}

func readSlashes(text string, day inventory.Date, zone *time.Location) (time.Time, error) {
	var read []time.Time
	for _, layout := range []string{"2/1/2006 15:04", "1/2/2006 15:04"} {
		for _, seconds := range []string{"", ":05"} {
			if t, err := time.ParseInLocation(layout+seconds, text, zone); err == nil {
				read = append(read, t.UTC())
			}
		}
	}
	switch {
	case len(read) == 0:
		return time.Time{}, fmt.Errorf("%.40q is no time: want 10:40, or 2026-11-23 10:40", text)
	case len(read) == 1 || read[0].Equal(read[1]):
		return read[0], nil
	}
	for _, t := range read { // the visit's own day decides
		if inventory.DateOf(t.In(zone)) == day {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%.40q may be %s or %s: write it that way", text,
		read[0].In(zone).Format("2006-01-02 15:04"), read[1].In(zone).Format("2006-01-02 15:04"))
}
