package mesh_test

import (
	"net/netip"
	"testing"
	"time"

	"muster/mesh"
	"muster/mesh/fabric"
)

// TestARouterIsAskedOnceAMinuteAtRestAndThriceInABurst needs it known that a router
// answers before its site is cut for the first time.
func TestARouterIsAskedOnceAMinuteAtRestAndThriceInABurst(t *testing.T) {
	inShire(t, func(t *testing.T, c *shire) {
		router, reference := netip.MustParseAddr("10.1.0.1"), netip.MustParseAddr("192.0.2.1")
		c.f.Place(router, "mill")
		c.f.Place(reference, "outside")
		c.f.SetPath("hq", "outside", fabric.Weather{Latency: 10 * time.Millisecond})
		var seen observations
		network := c.f.Machine(shireHQ.Addr(), "hq")
		c.port = need(mesh.ListenPort(mesh.PortOptions{Network: network, Addr: shireHQ, Log: noLog()}))
		c.ctl = need(mesh.NewController(mesh.ControllerOptions{
			Port: c.port, Name: "controller-1", Advertise: shireHQ, Log: noLog(), Observe: seen.add, References: []netip.Addr{reference},
		}))
		m := c.membership("mill")
		if err := c.ctl.Open(t.Context(), mesh.PoolSpec{Site: "mill", Label: m.Label, Keys: m.Keys, KeyVersion: 1, Router: router}); err != nil {
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
		begun := time.Now().UTC()
		time.Sleep(5 * time.Minute)
		if n := len(seen.of(mesh.ObserveRouter, begun)); n < 4 || n > 6 {
			t.Errorf("the router was asked %d times in five minutes of rest, want once a minute", n)
		}
		cutAt := time.Now().UTC()
		c.f.Cut("mill")
		time.Sleep(6 * time.Second)
		missed := 0
		for _, o := range seen.of(mesh.ObserveRouter, cutAt) {
			if o.Missed {
				missed++
			}
		}
		if missed < 3 {
			t.Errorf("the silent router was asked %d times in the first burst, want 3", missed)
		}
		asked := time.Now().UTC()
		c.ctl.AskReferences()
		time.Sleep(100 * time.Millisecond)
		if n := len(seen.of(mesh.ObserveReference, asked)); n == 0 {
			t.Error("100 ms after they were asked for no reference has answered")
		}
	})
}
