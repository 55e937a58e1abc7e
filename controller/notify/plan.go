package notify

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"muster/inventory"
)

// Plan is what the book decides by.
type Plan struct {
	Routes []Route
	Zone   *time.Location
	Digest DigestTimes
	// Programme is who hears of the refresh and of readiness.
	Programme ProgrammeConfig
}

// DigestTimes is when digests are written, in the plan's zone. Without an hour
// none are.
type DigestTimes struct {
	At   string   `yaml:"at"`   // 08:00
	Days []string `yaml:"days"` // Mon, Tue …; empty: every day
}

// lastDigest is the newest moment for a digest that is not after now.
func (p Plan) lastDigest(now time.Time) (time.Time, bool) { return p.Digest.last(now, p.Zone) }

// last is the newest of these times that is not after now.
func (d DigestTimes) last(now time.Time, zone *time.Location) (time.Time, bool) {
	clock, err := time.Parse("15:04", d.At)
	if err != nil {
		return time.Time{}, false
	}
	local := now.In(zone)
	for back := range 8 {
		day := local.AddDate(0, 0, -back)
		at := time.Date(day.Year(), day.Month(), day.Day(), clock.Hour(), clock.Minute(), 0, 0, zone)
		if !at.After(now) && (len(d.Days) == 0 || slices.Contains(d.Days, at.Format("Mon"))) {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}

func carriers(links []inventory.Link) []string {
	out := make([]string, 0, len(links))
	for _, l := range links {
		out = append(out, l.Carrier)
	}
	return out
}

// merge appends the targets that are not there yet.
func merge(into, more []Target) []Target {
	for _, t := range more {
		if !slices.Contains(into, t) {
			into = append(into, t)
		}
	}
	return into
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
