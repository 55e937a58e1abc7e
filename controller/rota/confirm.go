package rota

import (
	"slices"
	"time"

	"muster/inventory"
)

// Rules say how a failure is confirmed.
type Rules struct {
	Others   int           // workstations asked to look as well
	AgainFor time.Duration // for so long one service at one site is not asked about again
}

// DefaultRules ask two: with the one that failed they are three, and a fault of
// one machine has stayed alone. A minute is what an agent would refuse within
// anyway, twice.
func DefaultRules() Rules { return Rules{Others: 2, AgainFor: time.Minute} }

// place is one service at one site.
type place struct{ site, service string }

// Confirmations remembers what was asked lately. The zero value is not usable:
// NewConfirmations makes one. It is not safe for concurrent use.
type Confirmations struct {
	rules Rules
	asked map[place]time.Time
}

// maxPlaces bounds what is remembered; beyond it what is over is forgotten.
const maxPlaces = 20_000

// NewConfirmations remembers nothing yet.
func NewConfirmations(rules Rules) *Confirmations {
	return &Confirmations{rules: rules, asked: map[place]time.Time{}}
}

// Take reports whether a service at a site may be asked about now, and notes it.
// One that was asked about within AgainFor may not: the answers are on their way.
func (c *Confirmations) Take(site, service string, now time.Time) bool {
	key := place{site, service}
	if at, known := c.asked[key]; known && now.Sub(at) < c.rules.AgainFor {
		return false
	}
	if len(c.asked) >= maxPlaces {
		for old, at := range c.asked {
			if now.Sub(at) >= c.rules.AgainFor {
				delete(c.asked, old)
			}
		}
	}
	c.asked[key] = now
	return true
}

// Others picks count members that are not among failed, by rank, another set in
// each round: the same three machines must not be the judges of a whole day.
func Others(site, service string, round int64, members, failed []string, count int) []string {
	left := slices.DeleteFunc(slices.Clone(members), func(m string) bool { return slices.Contains(failed, m) })
	var picked []string
	for range count {
		next := inventory.RotaTurn(site, service, round, left)
		if next == "" {
			break
		}
		picked = append(picked, next)
		left = slices.DeleteFunc(left, func(m string) bool { return m == next })
	}
	return picked
}

// Stalls reports whether a failure looks like a path that loses large packets:
// the connection came about, and then nothing more.
func Stalls(r inventory.ProbeResult) bool {
	return r.Error == inventory.ProbeTimeout && r.ConnectMillis > 0 && r.FirstByteMillis == 0
}
