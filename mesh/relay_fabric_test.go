package mesh_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net/netip"
	"testing"
	"time"

	"muster/mesh"
	"muster/mesh/fabric"
)

// apart puts workstation n of the mill into a group of its own, on the mill's
// LAN, so that its way to the controller can be cut alone.
func (c *shire) apart(n int) *desk { return c.apartWith(n, nil) }

func (c *shire) apartWith(n int, change func(*mesh.ResidentOptions)) *desk {
	c.t.Helper()
	c.f.SetPath("mill", "mill-desk", fabric.Weather{Latency: 300 * time.Microsecond})
	w := c.workstation("10.1.0.70", "mill-desk", n, change)
	if err := w.Use(c.t.Context(), c.membership("mill")); err != nil {
		c.t.Fatal(err)
	}
	return w
}

func (c *shire) dropDirect() {
	c.f.CutOneWay("mill-desk", "hq")
	c.f.CutOneWay("hq", "mill-desk")
}

func (c *shire) restoreDirect() { c.f.Heal("mill-desk") }

// millWithUplinks starts neighbours that have each reported directly.
func (c *shire) millWithUplinks(n int) []*desk {
	c.t.Helper()
	room := c.room("mill", 1, n)
	inTime(c.t, wholeWithin(n), "a pool", whole(n, room...))
	for _, w := range room {
		answer, via, err := c.report(c.t.Context(), w, "hello")
		if err != nil || via != mesh.ViaDirect || answer != w.id+" says hello" {
			c.t.Fatalf("%s reported %q via %q: %v", w.id, answer, via, err)
		}
	}
	return room
}

func TestWorkstationWithoutADirectPathReportsThroughANeighbourWithin30s(t *testing.T) {
	inShire(t, func(t *testing.T, c *shire) {
		c.startController("mill")
		room := c.millWithUplinks(4)
		w := c.apart(70)
		inTime(t, 40*time.Second, "a whole pool", whole(5, append(room, w)...))
		if _, via, err := c.report(t.Context(), w, "hello"); err != nil || via != mesh.ViaDirect {
			t.Fatalf("before the cut: via %q, %v", via, err)
		}

		c.dropDirect()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		start := time.Now()
		answer, via, err := c.report(ctx, w, "hello")
		if err != nil || via == mesh.ViaDirect {
			t.Fatalf("via %q: %v", via, err)
		}
		t.Logf("reported through %s after %s", via, time.Since(start))
		if answer != w.id+" says hello" { // the name is in the certificate: TLS went from end to end
			t.Errorf("the controller heard %q", answer)
		}
		start = time.Now()
		if _, again, err := c.report(ctx, w, "hello"); err != nil || again != via || time.Since(start) > time.Second {
			t.Errorf("the next report goes via %q after %s: %v", again, time.Since(start), err)
		}
		inTime(t, 20*time.Second, "the tag says so", func() bool {
			for _, m := range c.alive("mill") {
				if m.Workstation == w.id {
					return m.Tags.Uplink == mesh.UplinkRelayed
				}
			}
			return false
		})

		c.restoreDirect()
		time.Sleep(11 * time.Minute)
		if _, via, err := c.report(t.Context(), w, "hello"); err != nil || via != mesh.ViaDirect {
			t.Errorf("after healing it reports via %q: %v", via, err)
		}
		inTime(t, 20*time.Second, "the tag is ok", func() bool { return w.Standing().Uplink == mesh.UplinkOK })
	})
}

func TestRelayedReportStreamReturnsToTheDirectWay(t *testing.T) {
	inShire(t, func(t *testing.T, c *shire) {
		c.startController("mill")
		room := c.millWithUplinks(3)
		w := c.apart(70)
		inTime(t, 40*time.Second, "a whole pool", whole(4, append(room, w)...))
		c.dropDirect()
		conn, via, err := w.DialController(t.Context())
		if err != nil || via == mesh.ViaDirect {
			t.Fatalf("via %q: %v", via, err)
		}
		secure := tls.Client(conn, c.ca.client(w.id))
		if err := secure.HandshakeContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.restoreDirect()
		start := time.Now()
		if _, err := secure.Read(make([]byte, 1)); err == nil || time.Since(start) > 10*time.Minute {
			t.Errorf("the stream through a neighbour ends after %s with %v", time.Since(start), err)
		}
	})
}

func TestStrangersAreNotRelayed(t *testing.T) {
	inShire(t, func(t *testing.T, c *shire) {
		c.startController("mill", "quay")
		room := c.millWithUplinks(3)
		quay := c.room("quay", 2, 2)
		inTime(t, 40*time.Second, "another pool", whole(2, quay...))
		for what, from := range map[string]struct{ addr, group string }{
			"a machine on the LAN in no pool": {"10.1.0.200", "mill"},
			"a member of another site's pool": {quay[0].addr.Addr().String(), "quay"},
			"the internet":                    {"192.0.2.1", "away"},
		} {
			addr := netip.MustParseAddr(from.addr)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			conn, err := c.f.Machine(addr, from.group).Dial(ctx, addr, room[0].addr)
			if err != nil {
				t.Fatal(err)
			}
			if err := tls.Client(conn, c.ca.client("w99999999")).HandshakeContext(ctx); err == nil {
				t.Errorf("%s was relayed", what)
			}
			_ = conn.Close()
			cancel()
		}
		if s := room[0].Standing().Relay; s.Strangers != 3 || s.Spliced != 0 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestUplinkErrorSaysItsClassAndReachesTheControllerByGossip(t *testing.T) {
	inShire(t, func(t *testing.T, c *shire) {
		c.startController("mill")
		room := c.room("mill", 1, 1)
		inTime(t, 40*time.Second, "a whole pool", whole(1, room...))
		c.f.BlockTCP("mill", true)
		_, _, err := room[0].DialController(t.Context())
		var uplink *mesh.UplinkError
		if !errors.As(err, &uplink) || uplink.Class != mesh.UplinkTimeout {
			t.Fatalf("error %v", err)
		}
		inTime(t, 20*time.Second, "the tag says so", func() bool {
			for _, m := range c.alive("mill") {
				if m.Workstation == room[0].id {
					return m.Tags.Uplink == mesh.UplinkTimeout
				}
			}
			return false
		})
	})
}

func TestStalledHandshakeIsToldApartAndGoesAroundTheNextTime(t *testing.T) {
	inShire(t, func(t *testing.T, c *shire) {
		c.startController("mill")
		room := c.millWithUplinks(3)
		w := c.apart(70)
		inTime(t, 40*time.Second, "a whole pool", whole(4, append(room, w)...))
		conn, via, err := w.DialController(t.Context())
		if err != nil || via != mesh.ViaDirect {
			t.Fatalf("via %q: %v", via, err)
		}
		c.dropDirect() // connected, and then nothing gets through
		if err := tls.Client(conn, c.ca.client(w.id)).HandshakeContext(t.Context()); err == nil {
			t.Fatal("a handshake over a cut path")
		}
		_ = conn.Close()
		if s := w.Standing(); s.Uplink != mesh.UplinkStall {
			t.Errorf("uplink %q", s.Uplink)
		}
		if _, via, err := c.report(t.Context(), w, "hello"); err != nil || via == mesh.ViaDirect {
			t.Errorf("the next report goes via %q: %v", via, err)
		}
	})
}

func TestBlamedWayIsAvoidedByTheNextCall(t *testing.T) {
	inShire(t, func(t *testing.T, c *shire) {
		c.startController("mill")
		room := c.millWithUplinks(3)
		w := room[0]
		w.BlameUplink(mesh.ViaDirect, context.DeadlineExceeded)
		if s := w.Standing(); s.Uplink != mesh.UplinkStall {
			t.Errorf("uplink %q", s.Uplink)
		}
		_, via, err := c.report(t.Context(), w, "hello")
		if err != nil || via == mesh.ViaDirect {
			t.Errorf("via %q: %v", via, err)
		}
		w.BlameUplink(via, errors.New("reset"))
		_, other, err := c.report(t.Context(), w, "hello")
		if err != nil || other == via {
			t.Errorf("via %q again: %v", other, err)
		}
	})
}

func TestNextResidentOfAPortRelaysAgain(t *testing.T) {
	inShire(t, func(t *testing.T, c *shire) {
		c.startController("mill")
		near, far := c.workstation("10.1.0.1", "mill", 1, nil), c.workstation("10.1.0.2", "mill", 2, nil)
		if err := near.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		near.Resident = need(mesh.NewResident(mesh.ResidentOptions{Port: near.port, Workstation: "w00000003", Log: noLog()}))
		for _, w := range []*desk{near, far} {
			if err := w.Use(t.Context(), c.membership("mill")); err != nil {
				t.Fatal(err)
			}
		}
		inTime(t, 40*time.Second, "a whole pool", whole(2, near, far))
		far.BlameUplink(mesh.ViaDirect, errors.New("reset"))
		if _, via, err := c.report(t.Context(), far, "hello"); err != nil || via != "w00000003" {
			t.Errorf("via %q: %v", via, err)
		}
	})
}
