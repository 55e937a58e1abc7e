package mesh_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"muster/inventory"
	"muster/mesh"
	"muster/mesh/fabric"
)

func (c *shire) reasons(id string, reason inventory.LeaveReason) int {
	return c.heard(func(e mesh.MemberEvent) bool {
		return e.Kind == mesh.MemberLeaveReason && e.Workstation == id && e.Reason == reason
	})
}

func (c *shire) stateOf(site, id string) mesh.State {
	for _, m := range c.ctl.Members(site) {
		if m.Workstation == id {
			return m.State
		}
	}
	return ""
}

func TestLeaveReasonArrivesOnceThoughTheFirstCopyIsLost(t *testing.T) {
	inShire(t, func(t *testing.T, c *shire) {
		c.startController("mill")
		room := c.room("mill", 1, 3)
		inTime(t, 40*time.Second, "a whole pool", whole(3, room...))
		c.f.SetPath("mill", "hq", fabric.Weather{Latency: 8 * time.Millisecond, Loss: 1})
		time.AfterFunc(50*time.Millisecond, func() { c.f.SetPath("mill", "hq", fabric.Weather{Latency: 8 * time.Millisecond}) })
		if err := room[1].SayLeave(t.Context(), inventory.LeaveShutdown); err != nil {
			t.Fatal(err)
		}
		if n := c.reasons(room[1].id, inventory.LeaveShutdown); n != 1 {
			t.Errorf("the reason was heard %d times", n)
		}
		inTime(t, 10*time.Second, "seen to leave", func() bool { return c.stateOf("mill", room[1].id) == mesh.StateLeft })
		if s := room[1].Standing(); s.Site != "" {
			t.Errorf("still in the pool of %s", s.Site)
		}
	})
}

func TestSleepSaysWhyAtOnceAndLeavesNoPool(t *testing.T) {
	inShire(t, func(t *testing.T, c *shire) {
		c.startController("mill")
		room := c.room("mill", 1, 4)
		inTime(t, 40*time.Second, "a whole pool", whole(4, room...))
		w := room[0]
		before := w.Standing().Name
		start := time.Now()
		if err := w.SayLeave(t.Context(), inventory.LeaveSleep); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took > 250*time.Millisecond {
			t.Errorf("going to sleep takes %s", took)
		}
		time.Sleep(50 * time.Millisecond)
		if n := c.reasons(w.id, inventory.LeaveSleep); n != 1 {
			t.Errorf("the reason was heard %d times", n)
		}
		c.f.Isolate(w.addr.Addr()) // asleep
		inTime(t, 2*time.Minute, "missed", func() bool { return c.stateOf("mill", w.id) == mesh.StateFailed })
		if n := c.heard(func(e mesh.MemberEvent) bool { return e.Kind == mesh.MemberLeave }); n != 0 {
			t.Errorf("%d members left", n)
		}
		c.f.Restore(w.addr.Addr()) // awake
		inTime(t, 30*time.Second, "back under the same name", func() bool {
			return c.stateOf("mill", w.id) == mesh.StateAlive && w.Standing().Name == before
		})
	})
}

func TestGoodbyeInNoPoolIsAnErrorAndAnUnreachablePoolHoldsNobodyUp(t *testing.T) {
	inShire(t, func(t *testing.T, c *shire) {
		c.startController("mill")
		w := c.workstation("10.1.0.9", "mill", 9, nil)
		if err := w.SayLeave(t.Context(), inventory.LeaveShutdown); !errors.Is(err, mesh.ErrNoPool) {
			t.Errorf("a goodbye in no pool: %v", err)
		}
		room := c.room("mill", 1, 3)
		inTime(t, 40*time.Second, "a whole pool", whole(3, room...))
		c.f.Isolate(room[0].addr.Addr())
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		start := time.Now()
		_ = room[0].SayLeave(ctx, inventory.LeaveRestart)
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("a goodbye that nobody hears takes %s", took)
		}
		start = time.Now()
		if err := room[0].Use(t.Context(), c.membership("mill")); err != nil || time.Since(start) > 5*time.Second {
			t.Errorf("back after %s: %v", time.Since(start), err)
		}
		start = time.Now()
		if err := room[0].SayLeave(t.Context(), inventory.LeaveUpdate); err != nil {
			t.Log(err)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("a goodbye without a limit takes %s", took)
		}
	})
}
