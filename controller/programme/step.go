package programme

import (
	"context"
	"errors"
	"slices"
	"time"

	"muster/inventory"
)

// step takes up what came and judges the sites that it is about.
func (d *Desk) step(ctx context.Context) {
	began := time.Now()
	d.work.Lock()
	defer d.work.Unlock()
	t := d.inbox.take()
	if t.register {
		d.readRegister(ctx)
		t.all = true
	}
	var touched []string
	known := len(d.machines)
	for _, id := range sortedKeys(t.machines) {
		touched = append(touched, d.takeNews(ctx, id, t.machines[id])...)
	}
	if len(d.machines) != known {
		d.mu.Lock()
		d.rehome()
		d.mu.Unlock()
	}
	for _, s := range touched {
		t.sites[s] = true
	}
	sites := sortedKeys(t.sites)
	if t.all {
		sites = d.estate.codes
	}
	if len(sites) == 0 {
		return
	}
	d.verifyAt(ctx, sites)
	d.evaluate(ctx, sites)
	d.tellRegister(ctx)
	d.metrics.stepped(time.Since(began), len(sites))
}

// readRegister takes up the register as it is now. One that cannot be read leaves
// the old one.
func (d *Desk) readRegister(ctx context.Context) {
	register, err := d.o.Store.Register(ctx)
	if err != nil {
		d.o.Log.Error("the register cannot be read for the programme", "error", err)
		return
	}
	all, err := d.o.Store.AllWorkstations(ctx)
	if err != nil {
		d.o.Log.Error("workstations cannot be read for the programme", "error", err)
		return
	}
	e := newEstate(register)
	d.mu.Lock()
	for _, code := range d.estate.codes {
		if _, still := e.sites[code]; !still {
			d.forgetSite(code)
		}
	}
	d.estate = e
	d.version++
	for _, code := range e.codes {
		if _, known := d.seen[code]; !known {
			d.seen[code] = unseen()
		}
	}
	for _, w := range all {
		if m := d.machines[w.ID]; m != nil {
			reportAt := m.w.LastReportAt
			m.w = w
			if reportAt.After(w.LastReportAt) {
				m.w.LastReportAt = reportAt
			}
		}
	}
	d.rehome()
	d.mu.Unlock()
	d.rejudgePrograms(ctx)
}

// forgetSite drops a site that left the register; mu is held. Its history stays.
func (d *Desk) forgetSite(code string) {
	for _, judge := range d.judges {
		judge.Drop(code)
	}
	for _, g := range d.o.Gates {
		delete(d.now, gateKey(code, g.Name))
		delete(d.failing, gateKey(code, g.Name))
	}
	delete(d.seen, code)
	delete(d.counts, code)
}

// takeNews merges what came of a workstation and lists the sites that it is about.
func (d *Desk) takeNews(ctx context.Context, id string, n *news) []string {
	m := d.machines[id]
	fresh := m == nil
	if fresh {
		w, err := d.o.Store.Workstation(ctx, id)
		if err != nil {
			if !errors.Is(err, inventory.ErrNotFound) {
				d.o.Log.Error("a workstation that reported cannot be read", "workstation", id, "error", err)
			}
			return nil
		}
		if m, err = d.readMachine(ctx, w); err != nil {
			d.o.Log.Error("what a workstation read of itself cannot be read back", "workstation", id, "error", err)
		}
	}
	var lists inventory.Lists
	software := !fresh && (n.software || n.os != nil && m.os == nil)
	if software {
		var err error
		if lists, err = d.o.Store.Lists(ctx, id); err != nil {
			d.o.Log.Error("the programs of a workstation cannot be read", "workstation", id, "error", err)
			software = false
		}
	}
	site, _, known := d.o.Live.WorkstationAt(id)
	d.mu.Lock()
	defer d.mu.Unlock()
	was := m.site
	m.take(n)
	if known && site != m.site {
		m.site, m.siteSince = site, d.o.Now().UTC()
	}
	if software {
		d.judgePrograms(m, lists)
	}
	if len(n.probes) > 0 {
		d.probed[m.w.HomeSite] = true
	}
	if fresh {
		d.machines[id] = m
	}
	return slices.DeleteFunc([]string{m.w.HomeSite, was, m.site}, func(s string) bool { return s == "" })
}

// look takes up presence and the sweep, and touches the sites where something
// changed; and it holds what waits for silence against the clock.
func (d *Desk) look() {
	d.work.Lock()
	defer d.work.Unlock()
	now := d.o.Now().UTC()
	counts := d.o.Live.AllCounts()
	incidents := d.o.Incidents()
	var changed []string
	d.mu.Lock()
	for _, code := range d.estate.codes {
		struck := slices.ContainsFunc(incidents, func(i inventory.Incident) bool { return i.Live() && !i.Cause.Presence() && i.Takes(code) })
		was := d.seen[code]
		is := was.look(d.o.Live.Reach(code), counts[code], struck, now)
		site := d.estate.sites[code]
		is.open = site.Hours.Open(now.In(d.estate.zone(code)))
		d.seen[code] = is
		if !is.Up.Equal(was.Up) || !is.Ratio.Equal(was.Ratio) || is.open != was.open || counts[code] != d.counts[code] {
			changed = append(changed, code)
		}
	}
	d.counts = counts
	for _, s := range d.swaps.byID {
		if s.State == inventory.SwapSwapped {
			changed = append(changed, s.Site)
		}
	}
	d.mu.Unlock()
	if len(changed) > 0 {
		d.inbox.touch(changed...)
	}
}
