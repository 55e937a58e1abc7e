package programme

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"muster/controller/readiness"
	"muster/controller/refresh"
	"muster/inventory"
)

// Readiness is how every gate stands at every site, wave and programme that it
// judges: now, or as it was known at an instant.
func (d *Desk) Readiness(ctx context.Context, asOf time.Time) ([]inventory.Evaluation, error) {
	if !asOf.IsZero() {
		return d.o.Store.Evaluations(ctx, asOf)
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	all := make([]inventory.Evaluation, 0, len(d.now))
	for _, key := range sortedKeys(d.now) {
		all = append(all, d.now[key])
	}
	return all, nil
}

// SiteReadiness is one site's gates; the main gate's evaluation stands for the
// site as a whole.
type SiteReadiness struct {
	inventory.Evaluation
	Name     string                 `json:"name,omitempty"`
	Wave     string                 `json:"wave,omitempty"`
	Swaps    refresh.Tally          `json:"swaps"`
	Gates    []inventory.Evaluation `json:"gates"`
	SignOffs []inventory.SignOff    `json:"sign_offs"`
	Waivers  []inventory.Waiver     `json:"waivers"`
}

// ReadinessOf is how a site stands, now or as it was known at an instant. Swaps,
// sign-offs and waivers are those of now.
func (d *Desk) ReadinessOf(ctx context.Context, site string, asOf time.Time) (SiteReadiness, error) {
	all, err := d.Readiness(ctx, asOf)
	if err != nil {
		return SiteReadiness{}, err
	}
	r := SiteReadiness{SignOffs: d.SignOffs(site), Waivers: d.Waivers(site, false), Swaps: d.Tally(site, "")}
	main := d.MainGate()
	for _, e := range all {
		if e.Site != site {
			continue
		}
		r.Gates = append(r.Gates, e)
		if e.Gate == main || r.Site == "" {
			r.Evaluation = e
		}
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	_, known := d.estate.sites[site]
	if !known && len(r.Gates) == 0 {
		return r, fmt.Errorf("there is no site %q: %w", site, inventory.ErrNotFound)
	}
	if len(r.Gates) == 0 { // known, and not judged then
		r.Evaluation = inventory.Evaluation{
			Site: site, Gate: main, Verdict: inventory.VerdictUndecided, Criteria: []inventory.CriterionResult{}, Blockers: []inventory.Blocker{},
		}
		r.Gates = []inventory.Evaluation{}
	}
	r.Name, r.Wave = d.estate.sites[site].Name, d.estate.waveOf[site]
	if r.SignOffs == nil {
		r.SignOffs = []inventory.SignOff{}
	}
	if r.Waivers == nil {
		r.Waivers = []inventory.Waiver{}
	}
	return r, nil
}

// MainGate is the gate that says whether a site may go live: the first that is
// signed and does not judge live sites, else the first of a site.
func (d *Desk) MainGate() string {
	name := ""
	for _, g := range d.gates[readiness.ScopeSite] {
		if g.SignOff != nil && !g.KeepLive {
			return g.Name
		}
		if name == "" && !g.KeepLive {
			name = g.Name
		}
	}
	return name
}

// VerdictOf is a site's verdict by the main gate; empty where it was not judged.
func (d *Desk) VerdictOf(site string) inventory.ReadyVerdict {
	main := d.MainGate()
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.now[gateKey(site, main)].Verdict
}

// Gates lists the gates that are judged, by name.
func (d *Desk) Gates() []*readiness.Gate {
	gates := make([]*readiness.Gate, 0, len(d.named))
	for _, name := range sortedKeys(d.named) {
		gates = append(gates, d.named[name])
	}
	return gates
}

// Gate is one gate; it wraps inventory.ErrNotFound.
func (d *Desk) Gate(name string) (*readiness.Gate, error) {
	if g := d.named[name]; g != nil {
		return g, nil
	}
	return nil, d.noGate(name)
}

// Explain says how a gate stands at a site, in lines for a person.
func (d *Desk) Explain(site, gate string) ([]string, error) {
	g, err := d.Gate(gate)
	if err != nil {
		return nil, err
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	e, judged := d.now[gateKey(site, gate)]
	if !judged {
		return nil, fmt.Errorf("gate %s was not judged at %q: %w", gate, site, inventory.ErrNotFound)
	}
	var facts *readiness.Facts
	if _, isSite := d.estate.sites[site]; isSite {
		facts = d.siteFacts(site, d.o.Now().UTC())
	}
	return g.Explain(e, facts), nil
}

// SiteChange is how a gate came to stand otherwise.
type SiteChange struct {
	Site string                 `json:"site"`
	Gate string                 `json:"gate"`
	From inventory.ReadyVerdict `json:"from,omitempty"` // empty: it was not judged yet
	To   inventory.ReadyVerdict `json:"to"`
	Why  []string               `json:"why"`
}

// SwapChange is one thing that became of a swap.
type SwapChange struct {
	Swap       string    `json:"swap"`
	Position   string    `json:"position,omitempty"`
	Site       string    `json:"site,omitempty"`
	Kind       string    `json:"kind"`
	OccurredAt time.Time `json:"occurred_at"`
	Author     string    `json:"author"`
}

// Changes is what changed between two instants, by what was known at each.
type Changes struct {
	From  time.Time    `json:"from"`
	To    time.Time    `json:"to"`
	Gates []SiteChange `json:"gates"`
	Swaps []SwapChange `json:"swaps"`
	// Scope is what imports did to positions: progress is told apart from it.
	Scope []inventory.Event `json:"scope"`
	More  bool              `json:"more,omitempty"` // the lists are longer than the limit
}

// maxChanges bounds each list of Changes.
const maxChanges = 2000

// Changes says what changed between two instants and why. An empty site is all.
func (d *Desk) Changes(ctx context.Context, from, to time.Time, site string) (Changes, error) {
	c := Changes{From: from.UTC(), To: to.UTC(), Gates: []SiteChange{}, Swaps: []SwapChange{}, Scope: []inventory.Event{}}
	if !from.Before(to) {
		return c, refused("cannot compare %s with %s: the earlier comes first", from.Format(time.RFC3339), to.Format(time.RFC3339))
	}
	was, err := d.o.Store.Evaluations(ctx, from)
	if err != nil {
		return c, err
	}
	is, err := d.o.Store.Evaluations(ctx, to)
	if err != nil {
		return c, err
	}
	before := map[string]inventory.Evaluation{}
	for _, e := range was {
		before[gateKey(e.Site, e.Gate)] = e
	}
	for _, e := range is {
		last := before[gateKey(e.Site, e.Gate)]
		if site != "" && e.Site != site || last.ID == e.ID || last.ID != "" && sameButAges(last, e) {
			continue
		}
		change := SiteChange{Site: e.Site, Gate: e.Gate, From: last.Verdict, To: e.Verdict, Why: []string{"judged for the first time"}}
		if last.ID != "" {
			change.Why = readiness.DiffEvaluations(last, e)
		}
		c.Gates = append(c.Gates, change)
	}
	return c, d.addEvents(ctx, &c, site)
}

func (d *Desk) addEvents(ctx context.Context, c *Changes, site string) error {
	err := d.eventsBetween(ctx, inventory.NounSwap, c.From, c.To, func(e inventory.Event) bool {
		d.mu.RLock()
		s := d.swaps.byID[e.Subject.Key]
		d.mu.RUnlock()
		if site != "" && s.Site != site {
			return true
		}
		c.Swaps = append(c.Swaps, SwapChange{Swap: s.ID, Position: s.Position, Site: s.Site, Kind: e.Kind, OccurredAt: e.OccurredAt, Author: e.Author})
		c.More = c.More || len(c.Swaps) >= maxChanges
		return len(c.Swaps) < maxChanges
	})
	if err != nil || site != "" {
		return err
	}
	return d.eventsBetween(ctx, inventory.NounPosition, c.From, c.To, func(e inventory.Event) bool {
		if e.Kind != inventory.EventRegisterChanged {
			c.Scope = append(c.Scope, e)
		}
		c.More = c.More || len(c.Scope) >= maxChanges
		return len(c.Scope) < maxChanges
	})
}

// eventsBetween reads events that were recorded between two instants, newest
// first, until take has enough.
func (d *Desk) eventsBetween(ctx context.Context, noun inventory.Noun, from, to time.Time, take func(inventory.Event) bool) error {
	filter := inventory.EventFilter{Subject: inventory.Subject{Noun: noun}, RecordedUntil: to, Page: inventory.Page{Limit: inventory.MaxPage}}
	for {
		events, next, err := d.o.Store.Events(ctx, filter)
		if err != nil {
			return err
		}
		for _, e := range events {
			if !e.RecordedAt.After(from) || !take(e) {
				return nil
			}
		}
		if next == "" {
			return nil
		}
		filter.After = next
	}
}

// BurnUp is the scope, what was swapped and verified, and the sites that were
// ready at the end of each day from one to another, as it is known now.
func (d *Desk) BurnUp(ctx context.Context, from, to inventory.Date) ([]inventory.BurnDay, error) {
	first, last := from.Time(), to.Time()
	if first.IsZero() || last.IsZero() || last.Before(first) || last.Sub(first) > maxBurnFor {
		return nil, refused("cannot count from %q to %q: want two dates, at most %d days apart", from, to, int(maxBurnFor.Hours()/24))
	}
	d.mu.RLock()
	zone := d.estate.programmeZone()
	d.mu.RUnlock()
	known, err := d.o.Store.BurnUp(ctx, time.Time{}, zone)
	if err != nil {
		return nil, err
	}
	ready, err := d.readyDays(ctx, zone)
	if err != nil {
		return nil, err
	}
	days := []inventory.BurnDay{}
	var now inventory.BurnDay
	count := 0
	for day := first; !day.After(last); day = day.AddDate(0, 0, 1) {
		date := inventory.DateOf(day)
		for len(known) > 0 && known[0].Day <= date {
			now, known = known[0], known[1:]
		}
		for len(ready) > 0 && ready[0].day <= date {
			count, ready = ready[0].count, ready[1:]
		}
		now.Day, now.Ready = date, count
		days = append(days, now)
	}
	return days, nil
}

// maxBurnFor bounds a burn-up.
const maxBurnFor = 10 * 366 * 24 * time.Hour

type readyDay struct {
	day   inventory.Date
	count int
}

// readyDays counts the sites that the main gate found ready, at the end of each
// day on which that changed.
func (d *Desk) readyDays(ctx context.Context, zone *time.Location) ([]readyDay, error) {
	main := d.MainGate()
	type mark struct {
		at    time.Time
		site  string
		ready bool
	}
	var marks []mark
	err := d.eventsBetween(ctx, inventory.NounReadiness, time.Time{}, d.o.Now(), func(e inventory.Event) bool {
		var c change
		if json.Unmarshal(e.Body, &c) == nil && c.Gate == main {
			marks = append(marks, mark{e.OccurredAt, e.Subject.Key, c.To == inventory.VerdictReady})
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	slices.Reverse(marks)
	ready := map[string]bool{}
	var days []readyDay
	for _, m := range marks {
		if m.ready {
			ready[m.site] = true
		} else {
			delete(ready, m.site)
		}
		day := readyDay{inventory.DateOf(m.at.In(zone)), len(ready)}
		if n := len(days); n > 0 && days[n-1].day == day.day {
			days[n-1] = day
		} else {
			days = append(days, day)
		}
	}
	return days, nil
}

// History is a page of what a gate said of a site, newest first.
func (d *Desk) History(ctx context.Context, site, gate string, page inventory.Page) ([]inventory.Evaluation, string, error) {
	return d.o.Store.EvaluationsOf(ctx, site, gate, page)
}

// InWave reports which sites belong to a wave.
func (d *Desk) InWave(wave string) func(site string) bool {
	d.mu.RLock()
	waveOf := d.estate.waveOf // replaced as a whole, never changed
	d.mu.RUnlock()
	return func(site string) bool { return waveOf[site] == wave }
}

// Pin is how a gate stands at a site now, kept first so that it has an id: what a
// person who is about to sign looks at.
func (d *Desk) Pin(ctx context.Context, site, gate string) (inventory.Evaluation, error) {
	if err := d.begin(); err != nil {
		return inventory.Evaluation{}, err
	}
	defer d.work.Unlock()
	_, e, err := d.gateAt(ctx, site, gate)
	return e, err
}
