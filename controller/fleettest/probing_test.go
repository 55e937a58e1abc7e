package fleettest_test

import (
	"context"
	"net/netip"
	"sync"
	"testing"
	"time"

	"muster/controller/fleettest"
	"muster/inventory"
	"muster/inventory/wire"
)

// probed is one probe that a machine made.
type probed struct {
	from netip.Addr
	at   time.Time
	spec wire.ProbeSpec
}

// weather is a world that notes every probe, with services that fail at some
// sites.
type weather struct {
	mu   sync.Mutex // guards what follows
	all  []probed
	fail map[netip.Prefix]inventory.ProbeError
}

// Probe implements simulated.World.
func (w *weather) Probe(_ context.Context, from netip.Addr, spec wire.ProbeSpec) inventory.ProbeResult {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, probed{from, time.Now(), spec})
	r := inventory.ProbeResult{OK: true, TotalMillis: 42}
	for site, class := range w.fail {
		if spec.Service != "" && site.Contains(from) {
			r = inventory.ProbeResult{Error: class}
		}
	}
	return r
}

// of are the probes from a site for a reason, since a moment.
func (w *weather) of(site netip.Prefix, why inventory.ProbeWhy, since time.Time) (some []probed) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.all {
		if site.Contains(p.from) && p.spec.Why == why && !p.at.Before(since) {
			some = append(some, p)
		}
	}
	return some
}

var (
	siteOne  = netip.MustParsePrefix("10.1.0.0/24")
	siteTwo  = netip.MustParsePrefix("10.1.1.0/24")
	services = []inventory.Service{{Name: "email", Target: "https://mail.county.example/", Every: 300}}
)

// slotsOf checks that each slot had one turn, but for those that a machine's last
// moments took with it, and returns who took them.
func slotsOf(t *testing.T, turns []probed, slots int) map[netip.Addr]int {
	t.Helper()
	who, per := map[netip.Addr]int{}, map[int64]int{}
	for _, p := range turns {
		who[p.from]++
		per[p.at.Unix()/300]++
	}
	for slot, n := range per {
		if n > 1 {
			t.Errorf("slot %d was taken %d times", slot, n)
		}
	}
	if len(per) < slots-1 || len(per) > slots+1 {
		t.Errorf("%d of %d slots were taken", len(per), slots)
	}
	return who
}

// TestOneWorkstationProbesEachServiceInEachSlot lets two sites probe for two
// hours, with a machine that crashes in between.
func TestOneWorkstationProbesEachServiceInEachSlot(t *testing.T) {
	w := &weather{}
	fleettest.Run(t, fleettest.Estate{Sites: 2, PerSite: 5, Seed: 31, Services: services, World: w}, func(f *fleettest.Fleet) {
		f.Wait(5 * time.Minute)
		begun := time.Now()
		f.Wait(time.Hour)
		for _, site := range []netip.Prefix{siteOne, siteTwo} {
			if who := slotsOf(t, w.of(site, inventory.ProbeRota, begun), 12); len(who) < 3 {
				t.Errorf("at %s only %d of 5 took turns", site, len(who))
			}
			elected := map[netip.Addr]bool{}
			for _, p := range w.of(site, inventory.ProbeElected, begun) {
				elected[p.from] = true
			}
			if len(elected) != 2 {
				t.Errorf("at %s %d measured the path, want 2", site, len(elected))
			}
		}
		crashed := fleettest.Tag("S001", 0)
		f.Crash(crashed)
		f.Wait(time.Minute)
		begun = time.Now()
		f.Wait(time.Hour)
		if who := slotsOf(t, fromOthers(w.of(siteOne, inventory.ProbeRota, begun), netip.MustParseAddr("10.1.0.10")), 12); len(who) < 3 {
			t.Errorf("after one left only %d of 4 took turns", len(who))
		}
	})
}

// fromOthers leaves out the probes of a machine that thinks it is alone.
func fromOthers(all []probed, alone netip.Addr) (some []probed) {
	for _, p := range all {
		if p.from != alone {
			some = append(some, p)
		}
	}
	return some
}

// TestAFailureIsConfirmedByOthersWithinSeconds takes e-mail from one site.
func TestAFailureIsConfirmedByOthersWithinSeconds(t *testing.T) {
	w := &weather{}
	fleettest.Run(t, fleettest.Estate{Sites: 2, PerSite: 5, Seed: 32, Services: services, World: w}, func(f *fleettest.Fleet) {
		f.Wait(6 * time.Minute)
		w.mu.Lock()
		w.fail = map[netip.Prefix]inventory.ProbeError{siteOne: inventory.ProbeRefused}
		w.mu.Unlock()
		begun := time.Now()
		failures := func() []probed { return w.of(siteOne, inventory.ProbeRota, begun) }
		f.Within(11*time.Minute, "the rota finds it", func() bool { return len(failures()) > 0 })
		confirmations := func() []probed { return w.of(siteOne, inventory.ProbeConfirm, begun) }
		took := f.Within(20*time.Second, "two others look as well", func() bool { return len(confirmations()) >= 2 })
		t.Logf("a failure was confirmed by two others after %s", took)
		first := failures()[0]
		for _, p := range confirmations() {
			if p.from == first.from || p.spec.Service != "email" {
				t.Errorf("it was confirmed by %s, who found it, or of %q", p.from, p.spec.Service)
			}
		}
		if others := w.of(siteTwo, inventory.ProbeConfirm, begun); len(others) > 0 {
			t.Errorf("the other site was asked %d times", len(others))
		}
	})
}

// TestAnyWorkstationProbesOnRequest asks one in a pool, and one of a site without.
func TestAnyWorkstationProbesOnRequest(t *testing.T) {
	for _, mode := range []inventory.MeshMode{inventory.MeshPool, inventory.MeshDirect} {
		t.Run(string(mode), func(t *testing.T) {
			w := &weather{}
			fleettest.Run(t, fleettest.Estate{Sites: 1, PerSite: 3, Seed: 33, Mesh: mode, Services: services, World: w}, func(f *fleettest.Fleet) {
				f.Wait(2 * time.Minute)
				within := 15 * time.Second
				if mode == inventory.MeshDirect {
					within = 75 * time.Second // its next report
				}
				ctx, cancel := context.WithTimeout(context.Background(), within)
				defer cancel()
				begun := time.Now()
				workstation := f.Status(fleettest.Tag("S001", 1)).Workstation
				r, err := f.Controller.Probe(ctx, workstation, wire.ProbeSpec{
					Kind: inventory.ProbeTrace, Why: inventory.ProbeAsked, Target: "records.county.example",
				})
				t.Logf("a question was answered after %s", time.Since(begun))
				if err != nil || !r.OK || r.TotalMillis != 42 || r.Kind != inventory.ProbeTrace {
					t.Errorf("the answer is %+v, %v", r, err)
				}
				asked := w.of(siteOne, inventory.ProbeAsked, begun)
				if len(asked) != 1 || asked[0].from != netip.MustParseAddr("10.1.0.11") {
					t.Errorf("asked were %+v", asked)
				}
			})
		})
	}
}

// TestASiteWithoutAPoolSharesItsTurnsAsWell relies on the controller's list.
func TestASiteWithoutAPoolSharesItsTurnsAsWell(t *testing.T) {
	w := &weather{}
	fleettest.Run(t, fleettest.Estate{Sites: 1, PerSite: 4, Seed: 34, Mesh: inventory.MeshDirect, Services: services, World: w}, func(f *fleettest.Fleet) {
		f.Wait(10 * time.Minute)
		begun := time.Now()
		f.Wait(time.Hour)
		if who := slotsOf(t, w.of(siteOne, inventory.ProbeRota, begun), 12); len(who) < 3 {
			t.Errorf("only %d of 4 took turns", len(who))
		}
	})
}
