package programme

import (
	"context"
	"slices"
	"time"

	"muster/controller/refresh"
	"muster/inventory"
)

// verifyAt holds the swaps of sites, and those whose machines are there, against
// what is seen now.
func (d *Desk) verifyAt(ctx context.Context, sites []string) {
	now := d.o.Now().UTC()
	ids := map[string]bool{}
	for _, code := range sites {
		for _, p := range d.estate.at[code] {
			for _, id := range d.swaps.ofPosition[p] {
				ids[id] = true
			}
		}
		for _, m := range d.home[code] {
			for _, id := range d.swaps.ofAsset[m.w.AssetTag] {
				ids[id] = true
			}
		}
	}
	for _, id := range sortedKeys(ids) {
		s := d.swaps.byID[id]
		if s.State != inventory.SwapSwapped && s.State != inventory.SwapVerified && s.State != inventory.SwapClosed {
			continue
		}
		d.verify(ctx, s, now)
	}
}

// verify keeps what evidence shows of one swap. What cannot be kept is shown again
// by the next look.
func (d *Desk) verify(ctx context.Context, s inventory.Swap, now time.Time) {
	after, events := d.o.Rules.Verify(s, d.seenOf(s), now)
	if len(events) == 0 {
		if !slices.Equal(after.Missing, s.Missing) {
			d.mu.Lock()
			d.swaps.put(after)
			d.mu.Unlock()
		}
		return
	}
	states, err := swapStates(after, s.Version)
	if err == nil {
		err = d.o.Store.Record(ctx, events, states)
	}
	if err != nil {
		d.metrics.unkept.Inc()
		d.o.Log.Error("what agents show of a swap cannot be kept, will try again", "swap", s.ID, "error", err)
		return
	}
	d.mu.Lock()
	d.swaps.put(after)
	d.version++
	d.mu.Unlock()
	for _, e := range events {
		d.metrics.swaps.WithLabelValues(e.Kind).Inc()
	}
	d.inbox.touch(after.Site)
}

// seenOf is what agents and the roster show of the two machines.
func (d *Desk) seenOf(s inventory.Swap) refresh.Seen {
	since := s.DoneAt.Add(-d.o.Rules.EarlyFor)
	seen := refresh.Seen{Old: d.machineOf(s.Old, since), New: d.machineOf(s.New, since)}
	for _, m := range d.home[s.Site] {
		if m.site != s.Site || m.w.AssetTag == s.Old {
			continue
		}
		heard := m.w.LastReportAt
		if presence, at := d.o.Live.Presence(m.w.ID); presence == inventory.Present {
			heard = d.o.Now().UTC()
		} else if at.After(heard) {
			heard = at
		}
		if heard.After(seen.SiteHeardAt) {
			seen.SiteHeardAt = heard
		}
	}
	return seen
}

func (d *Desk) machineOf(tag string, since time.Time) refresh.Machine {
	m := refresh.Machine{Asset: d.estate.assets[tag]}
	if tag == "" {
		return m
	}
	for _, install := range d.installsOf(tag) {
		m.Installs = append(m.Installs, install.install(d.o.Live, since))
	}
	return m
}

// installsOf lists every install on an asset, by id.
func (d *Desk) installsOf(tag string) []*machine {
	var found []*machine
	for _, id := range d.byAsset[tag] {
		found = append(found, d.machines[id])
	}
	return found
}

// reported reports which machines an agent ever reported from.
func (d *Desk) reported(tags ...string) map[string]bool {
	reported := map[string]bool{}
	for _, tag := range tags {
		reported[tag] = slices.ContainsFunc(d.installsOf(tag), func(m *machine) bool { return !m.w.LastReportAt.IsZero() })
	}
	return reported
}
