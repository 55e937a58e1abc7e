package fleettest_test

import (
	"context"
	"encoding/json"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"muster/controller/fleettest"
	"muster/controller/sla"
	"muster/controller/sla/ledger"
	"muster/inventory"
	"muster/inventory/wire"
	"muster/mesh/fabric"
)

// wan is a world in which pings go where the fabric lets them.
type wan struct {
	fabric atomic.Pointer[fabric.Fabric] // nil before the play: all is well
}

// Probe implements simulated.World.
func (w *wan) Probe(_ context.Context, from netip.Addr, spec wire.ProbeSpec) inventory.ProbeResult {
	to, err := netip.ParseAddr(spec.Target)
	if paths := w.fabric.Load(); err == nil && paths != nil && !paths.PathOpen(from, to) {
		return inventory.ProbeResult{Error: inventory.ProbeTimeout, Sent: 1, Lost: 1}
	}
	return inventory.ProbeResult{OK: true, Sent: 1}
}

var reference = netip.MustParseAddr("192.0.2.1")

// withLinks gives each site a circuit.
func withLinks(t *testing.T, f *fleettest.Fleet, sites ...string) {
	t.Helper()
	b := inventory.Batch{Source: "fleettest", Author: "fleettest", MadeAt: time.Now().UTC()}
	for _, site := range sites {
		body, err := json.Marshal(inventory.Link{Circuit: "NN-" + site, Site: site, Carrier: "northnet"})
		if err != nil {
			t.Fatal(err)
		}
		b.Changes = append(b.Changes, inventory.Change{Noun: inventory.NounLink, Key: "NN-" + site, After: body})
	}
	if err := f.Controller.Import(context.Background(), []inventory.Batch{b}); err != nil {
		t.Fatal(err)
	}
}

// accountsOf are the accounts of all links, by site.
func accountsOf(t *testing.T, f *fleettest.Fleet, period inventory.Span) map[string]sla.Account {
	t.Helper()
	r, err := f.Controller.LinkReport(context.Background(), ledger.Query{Period: period})
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]sla.Account{}
	for _, a := range r.Accounts {
		if sum := a.UpFor + a.DownFor + a.ExcludedFor + a.NotObservedFor; sum != period.For() {
			t.Errorf("%s: up %s, down %s, excluded %s and not observed %s sum to %s, the period has %s",
				a.Site, a.UpFor, a.DownFor, a.ExcludedFor, a.NotObservedFor, sum, period.For())
		}
		by[a.Site] = a
	}
	return by
}

// TestJournalsFillTheTimeInWhichNobodyWasThere stops the controller for a quarter
// of an hour, and cuts one link meanwhile for five minutes.
func TestJournalsFillTheTimeInWhichNobodyWasThere(t *testing.T) {
	w := &wan{}
	estate := fleettest.Estate{Sites: 3, PerSite: 5, Seed: 31, World: w, References: []string{reference.String()}, KeepSeries: true}
	fleettest.Run(t, estate, func(f *fleettest.Fleet) {
		w.fabric.Store(f.Fabric)
		f.Fabric.Place(reference, "outside")
		withLinks(t, f, "S001", "S002", "S003")
		f.Wait(5 * time.Minute)
		gone := time.Now()
		f.StopController()
		f.Wait(4 * time.Minute)
		cutAt := time.Now()
		f.Cut("S002")
		f.Wait(5 * time.Minute)
		healedAt := time.Now()
		f.Heal("S002")
		f.Wait(6 * time.Minute)
		f.StartController()
		back := time.Now()
		f.Wait(5 * time.Minute)

		by := accountsOf(t, f, inventory.Span{From: gone.UTC(), To: back.UTC()})
		for _, site := range []string{"S001", "S003"} {
			if a := by[site]; a.DownFor != 0 || a.UpByJournalsFor < 13*time.Minute || a.NotObservedFor > 2*time.Minute {
				t.Errorf("%s: up %s, by journals %s, down %s, not observed %s", site, a.UpFor, a.UpByJournalsFor, a.DownFor, a.NotObservedFor)
			}
		}
		a := by["S002"]
		if a.DownFor < 4*time.Minute || a.DownFor > 5*time.Minute || a.CarrierDownFor != a.DownFor || a.UpByJournalsFor < 8*time.Minute {
			t.Errorf("S002: up %s, by journals %s, down %s (carrier %s), not observed %s", a.UpFor, a.UpByJournalsFor, a.DownFor, a.CarrierDownFor, a.NotObservedFor)
		}
		for _, o := range a.Outages {
			if o.Incident != "" || !o.ByJournals || o.Grade != inventory.GradeProven || o.From.Before(cutAt) || o.To.After(healedAt) {
				t.Errorf("the outage from %s to %s is %s, %s, by journals %t, incident %q; the link was cut from %s to %s",
					o.From, o.To, o.Cause, o.Grade, o.ByJournals, o.Incident, cutAt, healedAt)
			}
			t.Logf("S002 was down for %s: %s", o.DownFor, o.Reason)
		}
		t.Logf("not observed of a quarter of an hour: S001 %s, S002 %s, S003 %s", by["S001"].NotObservedFor, a.NotObservedFor, by["S003"].NotObservedFor)
	})
}
