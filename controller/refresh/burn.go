package refresh

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"muster/inventory"
)

// desks is how every position and site stands at one moment of a burn-up. A
// position with several swaps stands as far as the furthest of them.
type desks struct {
	positions map[string]*deskState
	ready     map[string]string // site: why
	day       inventory.BurnDay // the counts
}

type deskState struct {
	scope bool
	swaps map[string]level
	why   string // of the last change
}

func newDesks() *desks { return &desks{positions: map[string]*deskState{}, ready: map[string]string{}} }

// counts reports how far a desk counts: only in scope.
func (d *deskState) counts() (scope bool, best level) {
	for _, l := range d.swaps {
		best = max(best, l)
	}
	if !d.scope {
		return false, levelNone
	}
	return true, best
}

func (d *desks) apply(m mark) {
	if m.site != "" {
		delete(d.ready, m.site)
		if m.on {
			d.ready[m.site] = m.why
		}
		d.day.Ready = len(d.ready)
		return
	}
	p := d.positions[m.position]
	if p == nil {
		p = &deskState{swaps: map[string]level{}}
		d.positions[m.position] = p
	}
	d.add(p, -1)
	p.why = m.why
	if m.swap == "" {
		p.scope = m.on
	} else {
		p.swaps[m.swap] = m.level
	}
	d.add(p, 1)
}

func (d *desks) add(p *deskState, by int) {
	scope, best := p.counts()
	if scope {
		d.day.Scope += by
	}
	if best >= levelSwapped {
		d.day.Swapped += by
	}
	if best >= levelVerified {
		d.day.Verified += by
	}
}

// maxBurnDays bounds a burn-up.
const maxBurnDays = 20 * 366

// BurnUp counts at the end of each day from from to to: the scope, and apart
// from it what was swapped and verified of it, and the sites that were ready.
// Swapped includes Verified.
func BurnUp(p Past, axis Axis, from, to inventory.Date) ([]inventory.BurnDay, error) {
	marks, err := p.marks(axis)
	if err != nil {
		return nil, err
	}
	first, last := from.Time(), to.Time()
	if first.IsZero() || last.IsZero() || last.Before(first) || last.Sub(first) > maxBurnDays*24*time.Hour {
		return nil, fmt.Errorf("cannot count from %q to %q: want two dates, at most 20 years apart", from, to)
	}
	d := newDesks()
	var days []inventory.BurnDay
	for day := first; !day.After(last); day = day.AddDate(0, 0, 1) {
		end := p.endOf(day)
		for len(marks) > 0 && marks[0].at.Before(end) {
			d.apply(marks[0])
			marks = marks[1:]
		}
		d.day.Day = inventory.DateOf(day)
		days = append(days, d.day)
	}
	return days, nil
}

// endOf is when a day ends in the zone of the past.
func (p Past) endOf(day time.Time) time.Time {
	zone := p.Zone
	if zone == nil {
		zone = time.UTC
	}
	return time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, zone)
}

// Change is one position or site that stands otherwise, and why.
type Change struct {
	Key string `json:"key"`
	Why string `json:"why,omitempty"`
}

// Changes is what changed between the ends of two days: what moved the scope
// apart from what was done.
type Changes struct {
	From       inventory.BurnDay `json:"from"`
	To         inventory.BurnDay `json:"to"`
	ScopeIn    []Change          `json:"scope_in"`
	ScopeOut   []Change          `json:"scope_out"`
	Swapped    []Change          `json:"swapped"`     // and not verified
	Verified   []Change          `json:"verified"`    // more than before
	Unverified []Change          `json:"unverified"`  // no longer verified, and still in scope
	NotSwapped []Change          `json:"not_swapped"` // undone or rolled back
	Ready      []Change          `json:"ready"`
	NotReady   []Change          `json:"not_ready"`
}

// Between says what changed from the end of one day to the end of another.
func Between(p Past, axis Axis, from, to inventory.Date) (Changes, error) {
	marks, err := p.marks(axis)
	if err != nil {
		return Changes{}, err
	}
	if from.Time().IsZero() || to.Time().IsZero() || to < from {
		return Changes{}, fmt.Errorf("cannot compare %q with %q: want two dates, the earlier first", from, to)
	}
	d := newDesks()
	play := func(day inventory.Date) {
		end := p.endOf(day.Time())
		for len(marks) > 0 && marks[0].at.Before(end) {
			d.apply(marks[0])
			marks = marks[1:]
		}
		d.day.Day = day
	}
	play(from)
	type standing struct {
		scope bool
		best  level
	}
	was, ready := map[string]standing{}, maps.Clone(d.ready)
	for code, p := range d.positions {
		scope, best := p.counts()
		was[code] = standing{scope, best}
	}
	lost := map[string]string{}
	for _, m := range marks { // why a site lost it is in its mark, which leaves no other trace
		if m.site != "" && !m.on && m.at.Before(p.endOf(to.Time())) {
			lost[m.site] = m.why
		}
	}
	c := Changes{From: d.day}
	play(to)
	c.To = d.day
	for _, code := range sortedKeys(d.positions) {
		scope, best := d.positions[code].counts()
		c.position(Change{Key: code, Why: d.positions[code].why}, was[code].scope, scope, was[code].best, best)
	}
	for _, site := range sortedKeys(d.ready) {
		if _, before := ready[site]; !before {
			c.Ready = append(c.Ready, Change{Key: site, Why: d.ready[site]})
		}
	}
	for _, site := range sortedKeys(ready) {
		if _, still := d.ready[site]; !still {
			c.NotReady = append(c.NotReady, Change{Key: site, Why: lost[site]})
		}
	}
	return c, nil
}

func (c *Changes) position(ch Change, scopeWas, scope bool, was, is level) {
	switch {
	case scope && !scopeWas:
		c.ScopeIn = append(c.ScopeIn, ch)
	case scopeWas && !scope:
		c.ScopeOut = append(c.ScopeOut, ch)
		return
	}
	switch {
	case is == levelVerified && was < levelVerified:
		c.Verified = append(c.Verified, ch)
	case is == levelSwapped && was < levelSwapped:
		c.Swapped = append(c.Swapped, ch)
	case is == levelSwapped && was > levelSwapped:
		c.Unverified = append(c.Unverified, ch)
	case is == levelNone && was > levelNone:
		c.NotSwapped = append(c.NotSwapped, ch)
	}
}

// CrewDay is how many swaps a crew got verified on a day.
type CrewDay struct {
	Day   inventory.Date `json:"day"`
	Crew  string         `json:"crew,omitempty"`
	Count int            `json:"count"`
}

// VerifiedByCrew counts the swaps that stand as verified by the day on which
// they were proven and the crew that did them: the history of a forecast.
func VerifiedByCrew(swaps []inventory.Swap, zone *time.Location) []CrewDay {
	counts := map[CrewDay]int{}
	for _, s := range Current(swaps) {
		if (s.State == inventory.SwapVerified || s.State == inventory.SwapClosed) && !s.VerifiedAt.IsZero() {
			counts[CrewDay{Day: Scene{Zone: zone}.day(s.VerifiedAt), Crew: s.Crew}]++
		}
	}
	out := make([]CrewDay, 0, len(counts))
	for k, n := range counts {
		k.Count = n
		out = append(out, k)
	}
	sortCrewDays(out)
	return out
}

func sortCrewDays(days []CrewDay) {
	slices.SortFunc(days, func(a, b CrewDay) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Crew, b.Crew))
	})
}
