package mesh_test

import (
	"errors"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"muster/inventory"
	"muster/mesh"
)

func TestTwoControllersShareAPoolSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounty(t, 21)
		defer c.close()
		c.open("s1")
		c.add("s1", 1, 8)
		other := netip.MustParseAddrPort("10.0.0.2:7946")
		port, err := mesh.ListenPort(mesh.PortOptions{Network: c.f.Machine(other.Addr(), "hq"), Addr: other, Log: discard()})
		must(t, err)
		second, err := mesh.NewController(mesh.ControllerOptions{Port: port, Name: "c2", Advertise: other, Log: discard()})
		must(t, err)
		must(t, second.Open(t.Context(), mesh.PoolSpec{
			Site: "s1", Label: "s1", Keys: [][]byte{siteKey("s1")}, Neighbours: []netip.AddrPort{hq},
		}))
		c.within(20*time.Second, "both see all eight and each other", func() bool {
			return len(c.controller.Members("s1")) == 10 && len(second.Members("s1")) == 10
		})
		c.within(10*time.Second, "both reach the site", func() bool {
			return c.state("s1") == inventory.ReachOK && second.Reach("s1").State == inventory.ReachOK
		})
		must(t, second.Close())
		must(t, port.Close())
		time.Sleep(10 * time.Second)
		if got := c.alive("s1"); got != 8 {
			t.Errorf("%d alive after the other controller left, want 8", got)
		}
	})
}

func TestControllerClosesWithinFiveSecondsAlsoWhenItsLinksAreCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounty(t, 22)
		for i, site := range []string{"s1", "s2", "s3"} {
			c.open(site)
			c.add(site, i+1, 4)
		}
		c.within(20*time.Second, "all alive", func() bool { return c.alive("s1")+c.alive("s2")+c.alive("s3") == 12 })
		c.f.Cut("s2")
		time.Sleep(3 * time.Second)
		began := time.Now()
		must(t, c.controller.Close())
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("close took %s", took)
		}
		if err := c.controller.Open(t.Context(), mesh.PoolSpec{Site: "s4", Label: "s4", Keys: [][]byte{key(4)}}); err == nil {
			t.Error("a closed controller opened a pool")
		}
		if c.controller.Members("s9") != nil || c.controller.Reach("s9").State != inventory.ReachUnknown {
			t.Error("an unknown site has members or reach")
		}
		c.close()
	})
}

func TestOpenAndCloseAtTheSameTimeLeaveNothingBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounty(t, 23)
		var opening sync.WaitGroup
		for _, site := range []string{"s1", "s2", "s3", "s4", "s5", "s6"} {
			opening.Go(func() {
				_ = c.controller.Open(t.Context(), mesh.PoolSpec{
					Site: site, Label: site, Keys: [][]byte{siteKey(site)}, Neighbours: []netip.AddrPort{memberAddr(1, 1)},
				})
			})
		}
		time.Sleep(25 * time.Millisecond)
		c.close()
		opening.Wait()
	})
}

func TestClosedSiteIsForgottenAndCanBeOpenedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounty(t, 24)
		defer c.close()
		c.open("s1")
		c.add("s1", 1, 4)
		c.within(20*time.Second, "4 alive", func() bool { return c.alive("s1") == 4 })
		if err := c.controller.Open(t.Context(), mesh.PoolSpec{Site: "s1", Label: "sx", Keys: [][]byte{key(1)}}); err == nil {
			t.Error("a site was opened twice")
		}
		must(t, c.controller.CloseSite(t.Context(), "s1"))
		if err := c.controller.CloseSite(t.Context(), "s1"); !errors.Is(err, mesh.ErrNoSite) {
			t.Errorf("closed twice: %v", err)
		}
		c.open("s1")
		c.within(20*time.Second, "4 alive again", func() bool { return c.alive("s1") == 4 })
	})
}

func TestBlockedUDPIsNoSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounty(t, 25)
		defer c.close()
		c.f.Place(netip.MustParseAddr("10.1.0.2"), "s1")
		c.open("s1")
		c.add("s1", 1, 6)
		c.within(20*time.Second, "6 alive", func() bool { return c.alive("s1") == 6 })
		c.f.BlockUDP("s1", true)
		time.Sleep(30 * time.Second)
		for _, e := range c.eventsOf(mesh.SiteReach) {
			if e.Reach == inventory.ReachSilent {
				t.Error("a site whose TCP is open was called silent")
			}
		}
		kinds := map[mesh.ObservationKind][2]int{} // answered, missed
		c.mu.Lock()
		for _, o := range c.observed[len(c.observed)/2:] {
			n := kinds[o.Kind]
			if o.Missed {
				n[1]++
			} else {
				n[0]++
			}
			kinds[o.Kind] = n
		}
		c.mu.Unlock()
		if kinds[mesh.ObserveBurstPing][0] > 0 || kinds[mesh.ObserveBurstTCP][0] == 0 || kinds[mesh.ObserveRouter][0] == 0 || kinds[mesh.ObserveGateway][1] == 0 {
			t.Errorf("observed (answered, missed): %v; want pings missed, TCP and router answered, the gateway missed", kinds)
		}
	})
}
