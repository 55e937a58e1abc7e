package readiness

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"muster/inventory"
)

// Fresh is how old a measurement may be, in the open hours of its site: "45m" of
// open time, or "7d", days on which the site opens. Nights, weekends and the days
// on which it stays shut do not age it. The zero Fresh is "never stale".
type Fresh struct {
	Open time.Duration
	Days int
}

// maxFresh bounds how far back a measurement may count.
const (
	maxFresh     = 90 * 24 * time.Hour
	maxFreshDays = 366
	lookBack     = 400 // days searched for open hours
)

// ParseFresh reads "45m", "1h30m" or "7d".
func ParseFresh(s string) (Fresh, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n < 1 || n > maxFreshDays {
			return Fresh{}, fmt.Errorf("cannot read %q: days of freshness are 1d to %dd", s, maxFreshDays)
		}
		return Fresh{Days: n}, nil
	}
	open, err := time.ParseDuration(s)
	if err != nil || open < time.Minute || open > maxFresh {
		return Fresh{}, fmt.Errorf("cannot read %q: want open hours such as 45m or 36h (1m to %dh), or open days such as 7d", s, int(maxFresh.Hours()))
	}
	return Fresh{Open: open}, nil
}

// Set reports whether anything can grow stale.
func (f Fresh) Set() bool { return f.Open > 0 || f.Days > 0 }

// String is the text that ParseFresh reads.
func (f Fresh) String() string {
	switch {
	case f.Days > 0:
		return strconv.Itoa(f.Days) + "d"
	case f.Open > 0:
		text := f.Open.String()
		text = strings.TrimSuffix(text, "m0s") + "m"
		if whole, ok := strings.CutSuffix(text, "h0m"); ok {
			return whole + "h"
		}
		if !strings.HasSuffix(f.Open.String(), "m0s") {
			return f.Open.String()
		}
		return text
	default:
		return ""
	}
}

// Opening is when a site is open.
type Opening struct {
	hours  inventory.Hours
	zone   *time.Location
	shut   []inventory.Span // days on which it stays shut
	always bool
}

// NewOpening is the opening of hours in a zone, but for the days on which the site
// stays shut, such as bank holidays; a nil zone is UTC. Hours that cannot be read
// count as always open, as they do everywhere, and what is always open has no such
// days.
func NewOpening(hours inventory.Hours, zone *time.Location, shut ...inventory.DaySpan) Opening {
	if zone == nil {
		zone = time.UTC
	}
	o := Opening{hours: hours, zone: zone, always: strings.Trim(string(hours), "; ") == "" || hours.Validate() != nil}
	if o.always {
		return o
	}
	for _, days := range shut {
		from, to := days.From.Time(), days.To.Time()
		o.shut = append(o.shut, inventory.Span{
			From: time.Date(from.Year(), from.Month(), from.Day(), 0, 0, 0, 0, zone),
			To:   time.Date(to.Year(), to.Month(), to.Day()+1, 0, 0, 0, 0, zone),
		})
	}
	return o
}

// open is whether the site is open at a moment.
func (o Opening) open(at time.Time) bool {
	return o.always || o.hours.Open(at.In(o.zone)) && !slices.ContainsFunc(o.shut, func(s inventory.Span) bool { return s.Holds(at) })
}

// spans lists when the site is open within a period, in order.
func (o Opening) spans(period inventory.Span) []inventory.Span {
	open := o.hours.OpenSpans(period, o.zone)
	for _, shut := range o.shut {
		var left []inventory.Span
		for _, span := range open {
			for _, part := range []inventory.Span{{From: span.From, To: earlier(span.To, shut.From)}, {From: later(span.From, shut.To), To: span.To}} {
				if part.For() > 0 {
					left = append(left, part)
				}
			}
		}
		open = left
	}
	return open
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// LastOpen is now where the site is open, else the moment at which it last
// closed.
func (o Opening) LastOpen(now time.Time) time.Time {
	if o.open(now) {
		return now
	}
	for days := 2; days <= lookBack; days *= 4 {
		spans := o.spans(inventory.Span{From: now.AddDate(0, 0, -days), To: now})
		if len(spans) > 0 {
			return spans[len(spans)-1].To
		}
	}
	return now
}

// Between is the open time from one moment to another.
func (o Opening) Between(from, to time.Time) time.Duration {
	if !to.After(from) {
		return 0
	}
	if o.always {
		return to.Sub(from)
	}
	var open time.Duration
	for _, span := range o.spans(inventory.Span{From: from, To: to}) {
		open += span.For()
	}
	return open
}

// Cutoff is the moment before which a measurement is stale at asOf, itself an
// open moment.
func (o Opening) Cutoff(asOf time.Time, fresh Fresh) time.Time {
	switch {
	case !fresh.Set():
		return time.Time{}
	case fresh.Days > 0:
		return o.daysBefore(asOf, fresh.Days)
	case o.always:
		return asOf.Add(-fresh.Open)
	}
	left, to := fresh.Open, asOf
	for days := 0; days < lookBack; days += 14 {
		from := to.AddDate(0, 0, -14)
		spans := o.spans(inventory.Span{From: from, To: to})
		for _, span := range slices.Backward(spans) {
			if span.For() >= left {
				return span.To.Add(-left)
			}
			left -= span.For()
		}
		to = from
	}
	return to
}

// daysBefore is the same time of day, n open days earlier.
func (o Opening) daysBefore(asOf time.Time, n int) time.Time {
	local := asOf.In(o.zone)
	day := local
	for left, looked := n, 0; left > 0 && looked < 2*lookBack; looked++ {
		day = day.AddDate(0, 0, -1)
		if o.always || o.opensOn(day) {
			left--
		}
	}
	return day
}

func (o Opening) opensOn(day time.Time) bool {
	from := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, o.zone)
	return len(o.spans(inventory.Span{From: from, To: from.AddDate(0, 0, 1)})) > 0
}

// clock is a site's moment: what time it is for its measurements.
type clock struct {
	opening Opening
	now     time.Time
	asOf    time.Time
	today   inventory.Date // in the site's zone
	cuts    map[Fresh]time.Time
}

func newClock(opening Opening, now time.Time) *clock {
	return &clock{
		opening: opening, now: now, asOf: opening.LastOpen(now).UTC(), today: inventory.DateOf(now.In(opening.zone)),
		cuts: map[Fresh]time.Time{},
	}
}

func (c *clock) cutoff(fresh Fresh) time.Time {
	if !fresh.Set() {
		return time.Time{}
	}
	cut, ok := c.cuts[fresh]
	if !ok {
		cut = c.opening.Cutoff(c.asOf, fresh)
		c.cuts[fresh] = cut
	}
	return cut
}

func (f *Facts) clock(now time.Time) *clock {
	return newClock(NewOpening(f.Site.Hours, f.Zone, f.Shut...), now)
}
