package mesh_test

import (
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"muster/mesh"
	"muster/mesh/fabric"
)

// observations collects what a controller measures.
type observations struct {
	mu  sync.Mutex // guards all
	all []mesh.Observation
}

func (o *observations) add(one mesh.Observation) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all = append(o.all, one)
}

// of lists what was measured in a way since an instant.
func (o *observations) of(kind mesh.ObservationKind, since time.Time) []mesh.Observation {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(o.all), func(one mesh.Observation) bool { return one.Kind != kind || one.At.Before(since) })
}

// TestReferencesAndTheOwnGatewayTellWithinSecondsThatTheControllersNetworkFails lets
// one reference be silent from the start: it must not hold up the others.
func TestReferencesAndTheOwnGatewayTellWithinSecondsThatTheControllersNetworkFails(t *testing.T) {
	inShire(t, func(t *testing.T, c *shire) {
		gateway, dead, live := netip.MustParseAddr("10.0.0.254"), netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
		c.f.Place(gateway, "hq")
		c.f.Place(live, "outside")
		c.f.Place(dead, "outside")
		c.f.Isolate(dead)
		c.f.SetPath("hq", "outside", fabric.Weather{Latency: 10 * time.Millisecond})
		var seen observations
		network := c.f.Machine(shireHQ.Addr(), "hq")
		c.port = need(mesh.ListenPort(mesh.PortOptions{Network: network, Addr: shireHQ, Log: noLog()}))
		c.ctl = need(mesh.NewController(mesh.ControllerOptions{
			Port: c.port, Name: "controller-1", Advertise: shireHQ, Log: noLog(), Observe: seen.add,
			References: []netip.Addr{dead, live}, Gateway: gateway,
		}))
		begun := time.Now().UTC()
		time.Sleep(30 * time.Second)
		for _, o := range seen.of(mesh.ObserveReference, begun) {
			if o.Missed != (o.Target == dead) || o.Site != "" {
				t.Errorf("a reference is seen as %+v", o)
			}
		}
		if n := len(seen.of(mesh.ObserveOwnGateway, begun)); n < 18 || n > 21 {
			t.Errorf("the own gateway was asked %d times in 30 s, want once a sweep", n)
		}
		cutAt := time.Now().UTC()
		c.f.Cut("hq")
		time.Sleep(4 * time.Second)
		missed := 0
		for _, o := range seen.of(mesh.ObserveReference, cutAt) {
			if o.Missed && o.Target == live {
				missed++
			}
		}
		if missed == 0 {
			t.Error("four seconds after the cut no reference has failed")
		}
	})
}

func TestAllMembersAreAskedAtOnceAndAMachineWithoutItsAgentRefuses(t *testing.T) {
	inShire(t, func(t *testing.T, c *shire) {
		var seen observations
		network := c.f.Machine(shireHQ.Addr(), "hq")
		c.port = need(mesh.ListenPort(mesh.PortOptions{Network: network, Addr: shireHQ, Log: noLog()}))
		c.ctl = need(mesh.NewController(mesh.ControllerOptions{
			Port: c.port, Name: "controller-1", Advertise: shireHQ, Log: noLog(), Observe: seen.add,
		}))
		m := c.membership("mill")
		if err := c.ctl.Open(t.Context(), mesh.PoolSpec{Site: "mill", Label: m.Label, Keys: m.Keys, KeyVersion: 1}); err != nil {
			t.Fatal(err)
		}
		c.serveTLS()
		var room []*desk
		for i := range 3 {
			w := c.workstation("10.1.0."+string(rune('5'+i)), "mill", i, nil)
			if err := w.Use(t.Context(), c.membership("mill")); err != nil {
				t.Fatal(err)
			}
			room = append(room, w)
		}
		inTime(t, 30*time.Second, "a whole pool", whole(3, room...))
		gone := room[2]
		gone.stop()
		asked := time.Now().UTC()
		if err := c.ctl.AskAll("mill", gone.id); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second)
		answered := map[string]bool{}
		for _, o := range seen.of(mesh.ObserveBurstPing, asked) {
			answered[o.Workstation] = answered[o.Workstation] || !o.Missed
		}
		for _, w := range room[:2] {
			if !answered[w.id] {
				t.Errorf("%s was not asked, or did not answer", w.id)
			}
		}
		tcp := seen.of(mesh.ObserveBurstTCP, asked)
		tcp = slices.DeleteFunc(tcp, func(o mesh.Observation) bool { return o.Workstation != gone.id })
		if len(tcp) == 0 || tcp[0].Missed || tcp[0].Err != mesh.Refused {
			t.Errorf("the machine whose agent is gone is seen as %+v", tcp)
		}
		if err := c.ctl.AskAll("nowhere", ""); err == nil {
			t.Error("a site that is not there was asked")
		}
	})
}
