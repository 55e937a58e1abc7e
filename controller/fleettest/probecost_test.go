package fleettest_test

import (
	"context"
	"flag"
	"net/netip"
	"sync"
	"testing"
	"time"

	"muster/controller/fleettest"
	"muster/inventory"
	"muster/inventory/wire"
)

var probeHours = flag.Duration("probe-hours", time.Hour, "how long TestProbesOfASiteFitTheirShareOfItsLink watches; longer than an hour, also without services")

// tallied is a world in which all is well, that counts what leaves the site.
type tallied struct {
	mu     sync.Mutex // guards made
	made   map[inventory.ProbeKind]int
	lan    int // pings that never leave it
	within netip.Prefix
}

// Probe implements simulated.World.
func (w *tallied) Probe(_ context.Context, _ netip.Addr, spec wire.ProbeSpec) inventory.ProbeResult {
	w.mu.Lock()
	defer w.mu.Unlock()
	if to, err := netip.ParseAddr(spec.Target); err == nil && w.within.Contains(to) {
		w.lan++
	} else {
		w.made[spec.Kind]++
	}
	r := inventory.ProbeResult{OK: true, TotalMillis: 61.25}
	switch spec.Kind {
	case inventory.ProbeHTTP:
		r.Status, r.DNSMillis, r.ConnectMillis, r.TLSMillis, r.FirstByteMillis = 200, 1.25, 18.31, 21.44, 20.25
	case inventory.ProbePing:
		r.Sent, r.MinMillis, r.MedianMillis, r.P95Millis, r.MaxMillis, r.JitterMillis = max(spec.Count, 10), 17.31, 18.02, 19.77, 20.11, 0.61
	case inventory.ProbeMTU:
		r.MTUBytes = 1500
	case inventory.ProbeTCP, inventory.ProbeDNS, inventory.ProbeTrace:
	}
	return r
}

// reset begins to count anew.
func (w *tallied) reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.made, w.lan = map[inventory.ProbeKind]int{}, 0
}

// bytesOf is what one probe brings over a link, Ethernet headers included, both
// ways, as docs/probes.md measured in namespaces; a session is never resumed here.
func bytesOf(kind inventory.ProbeKind) float64 {
	switch kind {
	case inventory.ProbeHTTP:
		return 6511
	case inventory.ProbePing:
		return 1606
	case inventory.ProbeMTU:
		return 3028
	case inventory.ProbeTCP, inventory.ProbeDNS, inventory.ProbeTrace:
	}
	return 808
}

// linkDay lets a site of fifteen work and returns what its link carried, scaled to a
// day: what agents and controller say to one another, counted on the fabric, and the
// probes.
func linkDay(t *testing.T, services []inventory.Service) (said, probed float64) {
	t.Helper()
	w := &tallied{within: siteOne}
	w.reset()
	estate := fleettest.Estate{Sites: 1, PerSite: 15, Seed: 41, World: w, Services: services, References: []string{"192.0.2.1", "192.0.2.2"}}
	fleettest.Run(t, estate, func(f *fleettest.Fleet) {
		f.Wait(10 * time.Minute) // first inventories are through
		bytes := func() float64 {
			return float64(f.Fabric.Traffic("S001", "controller").Bytes + f.Fabric.Traffic("controller", "S001").Bytes)
		}
		w.reset()
		before := bytes()
		f.Wait(*probeHours)
		day := float64(24*time.Hour) / float64(*probeHours)
		said = (bytes() - before) * day / 1e6
		w.mu.Lock()
		defer w.mu.Unlock()
		for kind, n := range w.made {
			probed += float64(n) * bytesOf(kind) * day / 1e6
			t.Logf("%d probes of kind %s leave the site in %s", n, kind, *probeHours)
		}
		t.Logf("%d windows stay in it", w.lan)
	})
	return said, probed
}

// TestProbesOfASiteFitTheirShareOfItsLink holds a day of a site of fifteen with three
// services, two references and its two probers against design's 30 MB, and its probes
// against their 3.5 MB.
func TestProbesOfASiteFitTheirShareOfItsLink(t *testing.T) {
	var three []inventory.Service
	for _, name := range []string{"email", "files", "records"} {
		three = append(three, inventory.Service{Name: name, Target: "https://" + name + ".county.example/"})
	}
	if *probeHours > time.Hour {
		said, paths := linkDay(t, nil)
		t.Logf("without services, MB/day: %.2f said, %.2f of the elected", said, paths)
	}
	said, probed := linkDay(t, three)
	t.Logf("with three services, MB/day: %.2f said, %.2f probed", said, probed)
	if probed > 3.5 {
		t.Errorf("probes bring %.2f MB a day to the link, their share is 3.5", probed)
	}
	if said+probed > 30 {
		t.Errorf("the site's link carries %.2f MB a day, it may carry 30", said+probed)
	}
}
