package past

import (
	"slices"
	"strings"
	"time"

	"muster/inventory"
)

const week = 7 * 24 * time.Hour

// weeks is by how many days dates move so that the week of told becomes that of
// today: whole weeks, so that a Monday stays one.
func weeks(told, today inventory.Date) int {
	return int(monday(today).Sub(monday(told))/week) * 7
}

func monday(day inventory.Date) time.Time {
	t := day.Time()
	return t.AddDate(0, 0, -(int(t.Weekday())+6)%7)
}

// later is a day some days after another; a date that is not set stays so.
func later(day inventory.Date, days int) inventory.Date {
	if !day.Set() {
		return day
	}
	return inventory.DateOf(day.Time().AddDate(0, 0, days))
}

// moved is the county with its programme's dates moved by days.
func moved(county inventory.Register, days int) inventory.Register {
	county.Programmes, county.Waves, county.Milestones = slices.Clone(county.Programmes), slices.Clone(county.Waves), slices.Clone(county.Milestones)
	for i := range county.Programmes {
		p := &county.Programmes[i]
		p.Target, p.Freezes, p.Holidays = later(p.Target, days), movedSpans(p.Freezes, days), movedSpans(p.Holidays, days)
	}
	for i := range county.Waves {
		w := &county.Waves[i]
		w.Starts, w.Ends, w.GoLive = later(w.Starts, days), later(w.Ends, days), later(w.GoLive, days)
	}
	for i := range county.Milestones {
		s := &county.Milestones[i]
		s.Planned, s.Actual = later(s.Planned, days), later(s.Actual, days)
	}
	return county
}

func movedSpans(spans []string, days int) []string {
	var out []string
	for _, text := range spans {
		span, err := inventory.ParseDaySpan(text)
		if err != nil {
			out = append(out, text) // the register refuses it, and says why
			continue
		}
		text = string(later(span.From, days)) + "/" + string(later(span.To, days)) + " " + span.Why
		out = append(out, strings.TrimSpace(text))
	}
	return out
}
