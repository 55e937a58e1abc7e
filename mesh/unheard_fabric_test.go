package mesh_test

import (
	"fmt"
	"testing"
	"time"

	"muster/mesh"
	"muster/mesh/fabric"
)

// ear counts calls of OnUnheard in a channel.
func ear(heard chan<- time.Time) func(*mesh.ResidentOptions) {
	return func(o *mesh.ResidentOptions) {
		o.OnUnheard = func() {
			select {
			case heard <- time.Now():
			default:
			}
		}
	}
}

// lastAnswer is when the controller last had an answer of a workstation.
func (c *shire) lastAnswer(site, id string) time.Time {
	for _, p := range c.ctl.PoolMembers(site) {
		if p.Workstation == id {
			return p.SeenAt
		}
	}
	return time.Time{}
}

func TestWorkstationThatTheControllerMissesIsToldWithin25sOfFifteenAndWithin28sOfThirty(t *testing.T) {
	both := func(f *fabric.Fabric) { f.CutOneWay("mill-desk", "hq"); f.CutOneWay("hq", "mill-desk") }
	cases := map[string]struct {
		members int
		cut     func(*fabric.Fabric)
		within  time.Duration
	}{
		"both ways":         {15, both, 25 * time.Second},
		"to the controller": {15, func(f *fabric.Fabric) { f.CutOneWay("mill-desk", "hq") }, 25 * time.Second},
		"to the desk":       {15, func(f *fabric.Fabric) { f.CutOneWay("hq", "mill-desk") }, 25 * time.Second},
		"of thirty":         {30, both, 28 * time.Second},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			inShire(t, func(t *testing.T, c *shire) {
				c.startController("mill")
				room := c.millWithUplinks(tc.members - 1)
				heard := make(chan time.Time, 10)
				w := c.apartWith(1450, ear(heard))
				inTime(t, wholeWithin(tc.members), "a whole pool", whole(tc.members, append(room, w)...))
				for range 5 { // the report sets the tag, which a newcomer's neighbours must hear of
					if _, via, err := c.report(t.Context(), w, "hello"); err != nil || via != mesh.ViaDirect {
						t.Fatalf("before the cut: via %q, %v", via, err)
					}
				}
				time.Sleep(time.Minute)
				if len(heard) != 0 {
					t.Fatal("told although heard")
				}
				before := c.lastAnswer("mill", w.id)
				inTime(t, 40*time.Second, "its turn in the sweep", func() bool { return c.lastAnswer("mill", w.id) != before })

				tc.cut(c.f) // just swept: the worst moment
				start := time.Now()
				inTime(t, tc.within, "told", func() bool { return len(heard) > 0 })
				t.Logf("told after %s", time.Since(start))
				if s := w.Standing(); s.Uplink != mesh.UplinkTimeout {
					t.Errorf("uplink %q", s.Uplink)
				}
				start = time.Now()
				answer, via, err := c.report(t.Context(), w, "hello")
				if err != nil || via == mesh.ViaDirect || answer != w.id+" says hello" || time.Since(start) > time.Second {
					t.Errorf("reports %q via %q after %s: %v", answer, via, time.Since(start), err)
				}
				time.Sleep(10 * time.Minute)
				if n := len(heard); n != 1 {
					t.Errorf("told %d times", n)
				}
				if n := c.heard(func(e mesh.MemberEvent) bool { return e.Kind == mesh.MemberFail }); n != 0 {
					t.Errorf("%d failures were seen", n)
				}
			})
		})
	}
}

func TestHealthySiteIsHardlyEverToldThoughItsLinkIsLossy(t *testing.T) {
	for loss, atMost := range map[float64]int{0: 0, 0.05: 1} {
		t.Run(fmt.Sprintf("loss %v", loss), func(t *testing.T) {
			inShire(t, func(t *testing.T, c *shire) {
				c.startController("mill")
				heard := make(chan time.Time, 100)
				var room []*desk
				for i := range 15 {
					w := c.workstation(fmt.Sprintf("10.1.0.%d", i+10), "mill", i, ear(heard))
					if err := w.Use(t.Context(), c.membership("mill")); err != nil {
						t.Fatal(err)
					}
					room = append(room, w)
				}
				inTime(t, wholeWithin(15), "a whole pool", whole(15, room...))
				c.f.SetPath("mill", "hq", fabric.Weather{Latency: 15 * time.Millisecond, Jitter: 10 * time.Millisecond, Loss: loss})
				time.Sleep(30 * time.Minute)
				if n := len(heard); n > atMost {
					t.Errorf("told %d times", n)
				}
			})
		})
	}
}

func TestNoticeFromOutsideThePoolChangesNothing(t *testing.T) {
	inShire(t, func(t *testing.T, c *shire) {
		c.startController("mill", "quay")
		heard := make(chan time.Time, 10)
		w := c.workstation("10.1.0.9", "mill", 9, ear(heard))
		if err := w.Use(t.Context(), c.membership("mill")); err != nil {
			t.Fatal(err)
		}
		room := append(c.room("mill", 1, 2), w)
		inTime(t, 40*time.Second, "a whole pool", whole(3, room...))
		notice := need(mesh.UnheardNotice{Member: w.Standing().Name, Number: 1}.Encode())

		c.f.Cut("hq") // the sweep is direct messages too
		time.Sleep(time.Second)
		before := w.port.Stats().DirectIn

		// One who has the key but is no member, and a member of another pool.
		for n, from := range map[int]string{1: "mill", 2: "quay"} {
			m := *c.membership(from)
			addr := memberAddr(9, n)
			port := c.listen(addr, "mill")
			pool := need(mesh.OpenPool(mesh.PoolOptions{
				Port: port, Membership: m, Name: fmt.Sprintf("w9999999%d.zzzzz", n), Advertise: addr, Role: mesh.RoleAgent, Log: noLog(),
			}))
			for _, to := range room {
				if err := pool.SendDirect(to.addr, mesh.DirectUnheard, notice); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(time.Second)
			_ = pool.Close()
			_ = port.Close()
		}
		if len(heard) != 0 || w.Standing().Uplink != mesh.UplinkUnknown {
			t.Errorf("told %d times, uplink %q", len(heard), w.Standing().Uplink)
		}
		if n := w.port.Stats().DirectIn - before; n != 1 {
			t.Errorf("%d notices were opened, want the one that was sealed with the pool's key", n)
		}
	})
}
