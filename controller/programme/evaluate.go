package programme

import (
	"context"
	"slices"
	"time"

	"muster/controller/readiness"
	"muster/inventory"
)

// countsEvery is how long an evaluation in which only counts changed waits to be
// appended: a verdict that changed never does.
const countsEvery = 5 * time.Minute

// maxPasses bounds how often a site is judged anew because a gate asks how another
// one stands.
const maxPasses = 4

// evaluate judges sites whose facts changed, then the waves and programmes around
// them.
func (d *Desk) evaluate(ctx context.Context, sites []string) {
	now := d.o.Now().UTC()
	var found []inventory.Evaluation
	for _, code := range sites {
		if _, known := d.estate.sites[code]; !known {
			continue
		}
		if judge := d.judges[readiness.ScopeSite]; judge != nil {
			judge.Put(d.siteFacts(code, now))
			found = append(found, d.judgeSite(judge, code, now)...)
		}
	}
	d.conclude(ctx, append(found, d.judgeWider(now)...), now)
}

// judgeAgain judges sites by what is known of them: time alone has passed, or
// people settled something.
func (d *Desk) judgeAgain(ctx context.Context, sites []string) {
	now := d.o.Now().UTC()
	var found []inventory.Evaluation
	for _, code := range sites {
		if judge := d.judges[readiness.ScopeSite]; judge != nil && judge.Facts(code) != nil {
			found = append(found, d.judgeSite(judge, code, now)...)
		}
	}
	d.conclude(ctx, append(found, d.judgeWider(now)...), now)
}

func (d *Desk) siteFacts(code string, now time.Time) *readiness.Facts {
	f := d.factsOf(code, now)
	f.SiteRow.Gates = d.gatesAt(code)
	return f
}

// judgeSite judges every gate of a site; again where one asks how another stands
// and that has changed.
func (d *Desk) judgeSite(judge *readiness.Judge, code string, now time.Time) []inventory.Evaluation {
	var found []inventory.Evaluation
	for range maxPasses {
		found = judge.Evaluate(code, d.settledAt(code), now)
		row := judge.Facts(code).SiteRow
		before := row.Gates
		d.mu.Lock()
		for _, e := range found {
			d.now[gateKey(e.Site, e.Gate)] = e
		}
		d.mu.Unlock()
		row.Gates = d.gatesAt(code)
		if sameGates(before, row.Gates) {
			break
		}
		readiness.PutRow(judge, code, row)
	}
	return found
}

// settledAt is what people settled about each gate of a key.
func (d *Desk) settledAt(key string) func(gate string) readiness.Settled {
	var waivers []inventory.Waiver
	for _, id := range sortedKeys(d.waivers) {
		if w := d.waivers[id]; w.Site == key && w.EndedAt.IsZero() {
			waivers = append(waivers, w)
		}
	}
	return func(gate string) readiness.Settled {
		s := readiness.Settled{Waivers: waivers, Care: d.cares}
		if signed, ok := d.signoffs[gateKey(key, gate)]; ok {
			s.SignOff = &signed
		}
		if before, ok := d.now[gateKey(key, gate)]; ok {
			s.Before = &before
		}
		return s
	}
}

// gatesAt is how the gates of a site stand, for gates that ask.
func (d *Desk) gatesAt(code string) map[string]readiness.GatePart {
	parts := map[string]readiness.GatePart{}
	for _, g := range d.gates[readiness.ScopeSite] {
		key := gateKey(code, g.Name)
		if e, judged := d.now[key]; judged {
			parts[g.Name] = readiness.GatePart{Verdict: e.Verdict, Signed: d.signoffs[key].Holds(), Blockers: len(e.Blockers) + e.MoreBlockers}
		}
	}
	return parts
}

func sameGates(a, b map[string]readiness.GatePart) bool {
	if len(a) != len(b) {
		return false
	}
	for name, part := range a {
		if b[name] != part {
			return false
		}
	}
	return true
}

// judgeWider judges the gates of waves and programmes.
func (d *Desk) judgeWider(now time.Time) []inventory.Evaluation {
	var found []inventory.Evaluation
	if judge := d.judges[readiness.ScopeWave]; judge != nil {
		for _, w := range d.estate.waves {
			f := d.widerFacts(w.Code, w.Programme, w.Sites)
			for _, m := range d.estate.milestones {
				if m.Wave == w.Code {
					f.Milestones = append(f.Milestones, milestoneRow(d.estate, m, d.today(f.Zone, now)))
				}
			}
			judge.Put(f)
			found = append(found, judge.Evaluate(w.Code, d.settledAt(w.Code), now)...)
		}
	}
	if judge := d.judges[readiness.ScopeProgramme]; judge != nil {
		for _, p := range d.estate.programmes {
			f := d.widerFacts(p.Code, p.Code, d.sitesOf(p.Code))
			for _, m := range d.estate.milestones {
				f.Milestones = append(f.Milestones, milestoneRow(d.estate, m, d.today(f.Zone, now)))
			}
			judge.Put(f)
			found = append(found, judge.Evaluate(p.Code, d.settledAt(p.Code), now)...)
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range found {
		d.now[gateKey(e.Site, e.Gate)] = e
	}
	return found
}

func (d *Desk) today(zone *time.Location, now time.Time) inventory.Date {
	return inventory.DateOf(now.In(zone))
}

// sitesOf lists the sites of a programme's waves, in order.
func (d *Desk) sitesOf(programme string) []string {
	var sites []string
	for _, w := range d.estate.waves {
		if programme == "" || w.Programme == programme {
			sites = append(sites, w.Sites...)
		}
	}
	slices.Sort(sites)
	return slices.Compact(sites)
}

// workingHours are those of who works on a programme: wider gates age by them.
const workingHours inventory.Hours = "Mon-Fri 08:00-18:00"

func (d *Desk) widerFacts(key, programme string, sites []string) *readiness.Facts {
	zone := d.estate.programmeZone()
	if p, ok := d.estate.programme(programme); ok {
		if z, err := p.Location(); err == nil {
			zone = z
		}
	}
	f := &readiness.Facts{Key: key, Zone: zone, Site: inventory.Site{Code: key, Hours: workingHours}}
	incidents := d.o.Incidents()
	for _, code := range sites {
		if _, known := d.estate.sites[code]; known {
			row := d.siteRow(code, d.counts[code], incidents)
			row.Gates = d.gatesAt(code)
			f.Sites = append(f.Sites, row)
		}
	}
	return f
}
