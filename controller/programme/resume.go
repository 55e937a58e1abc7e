package programme

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"muster/controller/refresh"
	"muster/inventory"
)

// resume reads back what was kept.
func (d *Desk) resume(ctx context.Context) error {
	d.work.Lock()
	defer d.work.Unlock()
	register, err := d.o.Store.Register(ctx)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.estate = newEstate(register)
	for _, code := range d.estate.codes {
		d.seen[code] = unseen()
	}
	for _, read := range []func(context.Context) error{d.resumeSwaps, d.resumeSettled, d.resumeCustody, d.resumeEvaluations} {
		if err := read(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (d *Desk) resumeSwaps(ctx context.Context) error {
	return readStates(ctx, d.o.Store, inventory.NounSwap, func(_ inventory.State, s inventory.Swap) { d.swaps.put(s) })
}

func (d *Desk) resumeSettled(ctx context.Context) error {
	err := readStates(ctx, d.o.Store, inventory.NounSignOff, func(st inventory.State, s inventory.SignOff) { d.signoffs[st.Key] = s })
	if err != nil {
		return err
	}
	err = readStates(ctx, d.o.Store, inventory.NounWaiver, func(st inventory.State, w inventory.Waiver) { d.waivers[st.Key] = w })
	if err != nil {
		return err
	}
	err = readStates(ctx, d.o.Store, inventory.NounBlocker, func(st inventory.State, c inventory.BlockerCare) { d.cares[st.Key] = c })
	if err != nil {
		return err
	}
	err = readStates(ctx, d.o.Store, inventory.NounBaseline, func(_ inventory.State, b inventory.Baseline) { d.baselines = append(d.baselines, b) })
	if err != nil {
		return err
	}
	slices.SortFunc(d.baselines, func(a, b inventory.Baseline) int {
		return cmp.Or(strings.Compare(a.Programme, b.Programme), cmp.Compare(a.Number, b.Number))
	})
	return readStates(ctx, d.o.Store, inventory.NounWhatIf, func(st inventory.State, w WhatIf) { d.whatIfs[st.Key] = w })
}

// nounDoubt is under what decisions on doubtful identities are kept.
const nounDoubt inventory.Noun = "doubt"

func (d *Desk) resumeCustody(ctx context.Context) error {
	err := readStates(ctx, d.o.Store, inventory.NounWipe, func(_ inventory.State, w inventory.Wipe) { d.wipes[w.Asset] = append(d.wipes[w.Asset], w) })
	if err != nil {
		return err
	}
	err = readStates(ctx, d.o.Store, inventory.NounDisposal, func(_ inventory.State, g inventory.Disposal) { d.disposals[g.Asset] = g })
	if err != nil {
		return err
	}
	return readStates(ctx, d.o.Store, nounDoubt, func(_ inventory.State, g refresh.Decision) { d.decided = append(d.decided, g) })
}

func (d *Desk) resumeEvaluations(ctx context.Context) error {
	last, err := d.o.Store.Evaluations(ctx, time.Time{})
	if err != nil {
		return err
	}
	for _, e := range last {
		if d.named[e.Gate] == nil {
			continue // the gate is not judged any more; its history stays
		}
		key := gateKey(e.Site, e.Gate)
		d.now[key], d.kept[key], d.keptAt[key] = e, e, e.At
		if d.signoffs[key].Holds() {
			if err := d.resumeFailing(ctx, e); err != nil {
				return err
			}
		}
	}
	return nil
}

// maxLookBack bounds how many evaluations are read to find since when a criterion
// fails; one that has failed for longer has failed for long enough.
const maxLookBack = 500

// resumeFailing finds since when criteria of a signed gate fail.
func (d *Desk) resumeFailing(ctx context.Context, e inventory.Evaluation) error {
	since := failingOf(e, nil)
	if len(since) == 0 {
		return nil
	}
	earlier, _, err := d.o.Store.EvaluationsOf(ctx, e.Site, e.Gate, inventory.Page{Limit: maxLookBack})
	if err != nil {
		return err
	}
	going := map[string]bool{}
	for id := range since {
		going[id] = true
	}
	for _, was := range earlier {
		failed := failingOf(was, nil)
		for id := range going {
			at, still := failed[id]
			if !still {
				delete(going, id)
				continue
			}
			since[id] = at
		}
	}
	d.failing[gateKey(e.Site, e.Gate)] = since
	return nil
}

// failingOf is since when each criterion fails: as known before, or since this
// evaluation.
func failingOf(e inventory.Evaluation, before map[string]time.Time) map[string]time.Time {
	since := map[string]time.Time{}
	for _, c := range e.Criteria {
		if c.Verdict != inventory.VerdictBlocked {
			continue
		}
		if at, ok := before[c.ID]; ok {
			since[c.ID] = at
		} else {
			since[c.ID] = e.At
		}
	}
	return since
}

// readMachines reads every install with its lists. It reports whether it came to
// the end before ctx did.
func (d *Desk) readMachines(ctx context.Context) bool {
	d.work.Lock()
	defer d.work.Unlock()
	all, err := d.o.Store.AllWorkstations(ctx)
	if err != nil {
		if ctx.Err() == nil {
			d.o.Log.Error("workstations cannot be read: gates go without them until they report", "error", err)
		}
		return ctx.Err() == nil
	}
	machines := make(map[string]*machine, len(all))
	for _, w := range all {
		if ctx.Err() != nil {
			return false
		}
		m, err := d.readMachine(ctx, w)
		if err != nil {
			d.o.Log.Error("what a workstation read of itself cannot be read back", "workstation", w.ID, "error", err)
		}
		machines[w.ID] = m
	}
	if err := d.readSince(ctx, machines); err != nil && ctx.Err() == nil {
		d.o.Log.Error("when workstations moved cannot be read back", "error", err)
	}
	err = readStates(ctx, d.o.Store, nounAccess, func(st inventory.State, body map[string]map[string]*reach) {
		d.accesses[st.Key] = st.Version
		for id, access := range body {
			if m := machines[id]; m != nil {
				m.access = access
			}
		}
	})
	if err != nil && ctx.Err() == nil {
		d.o.Log.Error("the newest probes cannot be read back", "error", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.machines = machines
	d.rehome()
	return ctx.Err() == nil
}

// readMachine is an install with its lists.
func (d *Desk) readMachine(ctx context.Context, w inventory.Workstation) (*machine, error) {
	m := &machine{w: w, site: w.Site}
	if site, _, known := d.o.Live.WorkstationAt(w.ID); known {
		m.site = site
	}
	if w.LastReportAt.IsZero() || !w.RevokedAt.IsZero() || w.ReplacedBy != "" {
		m.weigh() // nothing that it read counts
		return m, nil
	}
	lists, err := d.o.Store.Lists(ctx, w.ID)
	if err != nil {
		m.weigh()
		return m, fmt.Errorf("cannot read the lists of %s: %w", w.ID, err)
	}
	m.setLists(lists)
	d.judgePrograms(m, lists)
	return m, nil
}

// maxMoves is how many of the newest moves are read back: only those of machines
// that are not at home matter.
const maxMoves = 1000

// readSince finds since when machines are where they are.
func (d *Desk) readSince(ctx context.Context, machines map[string]*machine) error {
	moves, _, err := d.o.Store.Events(ctx, inventory.EventFilter{Kind: inventory.EventMoved, Page: inventory.Page{Limit: maxMoves}})
	if err != nil {
		return err
	}
	for _, e := range moves { // newest first
		if m := machines[e.Subject.Key]; m != nil && m.siteSince.IsZero() {
			m.siteSince = e.OccurredAt
		}
	}
	return nil
}

// rehome finds each site's installs anew; mu is held.
func (d *Desk) rehome() {
	home, byAsset := map[string][]*machine{}, map[string][]string{}
	for _, id := range sortedKeys(d.machines) {
		m := d.machines[id]
		if m.w.HomeSite != "" {
			home[m.w.HomeSite] = append(home[m.w.HomeSite], m)
		}
		if m.w.AssetTag != "" {
			byAsset[m.w.AssetTag] = append(byAsset[m.w.AssetTag], id)
		}
	}
	d.home, d.byAsset = home, byAsset
}

func gateKey(site, gate string) string { return site + "/" + gate }
