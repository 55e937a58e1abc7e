package mesh_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"muster/inventory"
	"muster/mesh"
	"muster/mesh/fabric"
)

const meshPort = 7946

// county is a controller and sites on a fabric; it lives in a synctest bubble.
type county struct {
	t          *testing.T
	f          *fabric.Fabric
	controller *mesh.Controller
	port       *mesh.Port
	agents     map[string][]*agent

	mu       sync.Mutex
	observed []mesh.Observation
	events   []mesh.MemberEvent
}

// agent is a member's pool with the least it takes to come back by itself.
type agent struct {
	site string
	addr netip.AddrPort
	port *mesh.Port
	pool *mesh.Pool
	stop context.CancelFunc
	done chan struct{}
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

func key(b byte) []byte { return bytes.Repeat([]byte{b}, mesh.KeyBytes) }

func siteKey(site string) []byte { return key(site[len(site)-1]) }

var hq = netip.MustParseAddrPort("10.0.0.1:7946")

func memberAddr(site, n int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(site), byte(n + 10)}), meshPort)
}

func newCounty(t *testing.T, seed uint64) *county {
	c := &county{t: t, f: fabric.New(seed), agents: make(map[string][]*agent)}
	c.startController()
	return c
}

func (c *county) startController() {
	c.t.Helper()
	var err error
	c.port, err = mesh.ListenPort(mesh.PortOptions{Network: c.f.Machine(hq.Addr(), "hq"), Addr: hq, Log: discard()})
	if err != nil {
		c.t.Fatal(err)
	}
	c.controller, err = mesh.NewController(mesh.ControllerOptions{
		Port: c.port, Name: "c1", Advertise: hq, Version: "1.0", Log: discard(),
		Observe: func(o mesh.Observation) { c.mu.Lock(); c.observed = append(c.observed, o); c.mu.Unlock() },
		OnEvent: func(e mesh.MemberEvent) { c.mu.Lock(); c.events = append(c.events, e); c.mu.Unlock() },
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *county) open(site string, neighbours ...netip.AddrPort) {
	c.t.Helper()
	err := c.controller.Open(c.t.Context(), mesh.PoolSpec{
		Site: site, Label: site, Keys: [][]byte{siteKey(site)}, KeyVersion: 1, Neighbours: neighbours,
		Gateway: netip.MustParseAddr("10.1.0.1"), Router: netip.MustParseAddr("10.1.0.2"),
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

// add puts n agents into a site and lets them join, paced.
func (c *county) add(site string, number, n int) {
	c.t.Helper()
	for i := range n {
		a := c.newAgent(site, memberAddr(number, i), fmt.Sprintf("w%03d%05d", number, i))
		c.agents[site] = append(c.agents[site], a)
		a.keepJoined(200*time.Millisecond*time.Duration(i), hq)
	}
}

func (c *county) newAgent(site string, addr netip.AddrPort, id string) *agent {
	c.t.Helper()
	port, err := mesh.ListenPort(mesh.PortOptions{Network: c.f.Machine(addr.Addr(), site), Addr: addr, Log: discard()})
	if err != nil {
		c.t.Fatal(err)
	}
	a := &agent{site: site, addr: addr, port: port, done: make(chan struct{})}
	a.pool, err = mesh.OpenPool(mesh.PoolOptions{
		Port: port, Name: mesh.MemberName(id, mesh.NewRun()), Advertise: addr, Role: mesh.RoleAgent, Log: discard(),
		Membership: mesh.Membership{Site: site, Label: site, Keys: [][]byte{siteKey(site)}, Controllers: []netip.AddrPort{hq}},
		Tags:       mesh.Tags{Version: "1.0.0", Uplink: "ok"},
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return a
}

// keepJoined joins after a while, and again every three seconds while no
// controller is alive, as a resident does.
func (a *agent) keepJoined(after time.Duration, via netip.AddrPort) {
	ctx, cancel := context.WithCancel(context.Background())
	a.stop = cancel
	go func() {
		defer close(a.done)
		timer := time.NewTimer(after)
		defer timer.Stop()
		for {
			select {
			case <-timer.C:
			case <-ctx.Done():
				return
			}
			if !seesController(a.pool) {
				_, _ = a.pool.Join(ctx, []netip.AddrPort{via})
			}
			timer.Reset(3 * time.Second)
		}
	}()
}

func seesController(p *mesh.Pool) bool {
	for _, m := range p.Members() {
		if m.Controller && m.State == mesh.StateAlive {
			return true
		}
	}
	return false
}

func (a *agent) crash() {
	a.stop()
	<-a.done
	_ = a.pool.Close()
	_ = a.port.Close()
}

// close ends everything and lets the bubble's clock run on: memberlist's probes
// outlive it by some intervals.
func (c *county) close() {
	c.stopController()
	for _, agents := range c.agents {
		for _, a := range agents {
			a.crash()
		}
	}
	time.Sleep(5 * time.Minute)
	synctest.Wait()
}

func (c *county) stopController() {
	if err := c.controller.Close(); err != nil {
		c.t.Error(err)
	}
	if err := c.port.Close(); err != nil {
		c.t.Error(err)
	}
}

func (c *county) alive(site string) int {
	n := 0
	for _, m := range c.controller.Members(site) {
		if m.State == mesh.StateAlive && !m.Controller {
			n++
		}
	}
	return n
}

// within lets the clock run until ok holds, and returns how long it took.
func (c *county) within(limit time.Duration, what string, ok func() bool) time.Duration {
	c.t.Helper()
	began := time.Now()
	for !ok() {
		if time.Since(began) > limit {
			c.t.Fatalf("not within %s: %s", limit, what)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return time.Since(began)
}

func (c *county) state(site string) inventory.ReachState { return c.controller.Reach(site).State }

func (c *county) eventsOf(kind mesh.MemberEventKind) []mesh.MemberEvent {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []mesh.MemberEvent
	for _, e := range c.events {
		if e.Kind == kind {
			out = append(out, e)
		}
	}
	return out
}

func (c *county) lossy(loss float64) fabric.Weather {
	return fabric.Weather{Latency: 15 * time.Millisecond, Jitter: 10 * time.Millisecond, Loss: loss}
}
