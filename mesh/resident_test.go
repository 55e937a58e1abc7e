package mesh_test

import (
	"bytes"
	"context"
	"errors"
	"net/netip"
	"sync"
	"testing"
	"time"

	"muster/mesh"
)

func TestRoomOfWorkstationsFormsOnePoolWithTheController(t *testing.T) {
	inShire(t, func(t *testing.T, c *shire) {
		c.startController("mill")
		room := c.room("mill", 1, 8)
		inTime(t, 40*time.Second, "a whole pool", whole(8, room...))
		time.Sleep(time.Minute)
		for _, w := range room {
			if heard, known := w.Peers(); heard < 3 || known != 7 {
				t.Errorf("%s heard %d of %d peers", w.id, heard, known)
			}
			if age := time.Since(w.LastControllerPacket()); age > 40*time.Second {
				t.Errorf("%s last heard the controller %s ago", w.id, age)
			}
			if age := time.Since(w.LastAck()); age > 10*time.Second {
				t.Errorf("%s had its last ack %s ago", w.id, age)
			}
		}
	})
}

func TestJoinsAreSpreadOverTheTimeGiven(t *testing.T) {
	inShire(t, func(t *testing.T, c *shire) {
		c.startController("mill")
		for i := range 12 {
			w := c.workstation(netip.AddrFrom4([4]byte{10, 1, 0, byte(i + 10)}).String(), "mill", i, func(o *mesh.ResidentOptions) { o.JoinSpread = 24 * time.Second })
			if err := w.Use(t.Context(), c.membership("mill")); err != nil {
				t.Fatal(err)
			}
		}
		most, before := 0, 0
		for range 24 {
			time.Sleep(time.Second)
			now := len(c.alive("mill"))
			most, before = max(most, now-before), now
		}
		inTime(t, 5*time.Second, "everybody", func() bool { return len(c.alive("mill")) == 12 })
		if most > 6 {
			t.Errorf("%d of 12 joined within one second", most)
		}
	})
}

func TestKeysRotateInPlaceWithoutLosingAnybody(t *testing.T) {
	inShire(t, func(t *testing.T, c *shire) {
		c.startController("mill")
		room := c.room("mill", 1, 5)
		inTime(t, 40*time.Second, "a whole pool", whole(5, room...))
		before := names(room)

		old, fresh := c.membership("mill").Keys[0], bytes.Repeat([]byte("n"), mesh.KeyBytes)
		for _, keys := range [][][]byte{{old, fresh}, {fresh, old}, {fresh}} {
			m := c.membership("mill")
			m.Keys, m.KeyVersion = keys, 2
			if err := c.ctl.SetKeys("mill", m.Keys, 2); err != nil {
				t.Fatal(err)
			}
			for _, w := range room {
				time.Sleep(20 * time.Second) // replies come one by one
				if err := w.Use(t.Context(), m); err != nil {
					t.Fatal(err)
				}
			}
		}
		time.Sleep(2 * time.Minute)
		if !whole(5, room...)() || names(room) != before || room[0].Standing().KeyVersion != 2 {
			t.Errorf("after the rotation: %s, before: %s", names(room), before)
		}
		if n := c.heard(func(e mesh.MemberEvent) bool { return e.Kind == mesh.MemberFail || e.Kind == mesh.MemberLeave }); n != 0 {
			t.Errorf("%d members were lost on the way", n)
		}
	})
}

func names(room []*desk) string {
	all := ""
	for _, w := range room {
		all += w.Standing().Name + " "
	}
	return all
}

func TestRenumberedWorkstationIsBackInSecondsUnderAFreshName(t *testing.T) {
	inShire(t, func(t *testing.T, c *shire) {
		c.startController("mill")
		room := c.room("mill", 1, 5)
		inTime(t, 40*time.Second, "a whole pool", whole(5, room...))
		w := room[2]
		before := w.Standing().Name

		to := netip.MustParseAddrPort("10.1.0.99:7946")
		c.f.Isolate(w.addr.Addr())
		port := c.listen(to, "mill")
		if err := w.Move(t.Context(), port, to); err != nil {
			t.Fatal(err)
		}
		_ = w.port.Close()
		w.port = port
		took := inTime(t, 8*time.Second, "back at the new address", func() bool {
			for _, m := range c.alive("mill") {
				if m.Workstation == w.id && m.Addr == to {
					return m.Name != before
				}
			}
			return false
		})
		t.Logf("back after %s", took)
		time.Sleep(time.Minute)
		if n := c.heard(func(e mesh.MemberEvent) bool { return e.Kind == mesh.MemberFail }); n != 0 {
			t.Errorf("%d failures were seen of a machine that only moved", n)
		}
		if !whole(5, room...)() {
			t.Error("the pool is not whole")
		}
	})
}

func TestLaptopThatMovesJoinsTheOtherSitesPool(t *testing.T) {
	inShire(t, func(t *testing.T, c *shire) {
		c.startController("mill", "quay")
		mill, quay := c.room("mill", 1, 4), c.room("quay", 2, 4)
		inTime(t, 40*time.Second, "two whole pools", func() bool { return whole(4, mill...)() && whole(4, quay...)() })
		laptop := mill[0]
		if err := laptop.Use(t.Context(), c.membership("quay")); err != nil {
			t.Fatal(err)
		}
		took := inTime(t, 10*time.Second, "a member of the other pool", func() bool {
			return len(c.alive("quay")) == 5 && laptop.Standing().Neighbours == 4
		})
		t.Logf("there after %s", took)
		inTime(t, 15*time.Second, "left the old pool", func() bool { return len(c.alive("mill")) == 3 })
		// Once in some hundred times gossip brings the end before the goodbye.
		inTime(t, 5*time.Second, "known to have left, not to have failed", func() bool { return c.stateOf("mill", laptop.id) == mesh.StateLeft })
		if n := c.heard(func(e mesh.MemberEvent) bool { return e.Kind == mesh.MemberFail && e.Workstation != laptop.id }); n != 0 {
			t.Errorf("%d failures were seen of machines that stayed", n)
		}
	})
}

func TestControllerThatComesBackIsFoundByEverybody(t *testing.T) {
	inShire(t, func(t *testing.T, c *shire) {
		c.startController("mill")
		room := c.room("mill", 1, 6)
		inTime(t, 40*time.Second, "a whole pool", whole(6, room...))
		c.f.Isolate(shireHQ.Addr())
		inTime(t, 3*time.Minute, "the controller is given up", func() bool { return !room[0].Standing().Controller })
		time.Sleep(10 * time.Minute)
		if n := room[0].Standing().Neighbours; n != 5 {
			t.Errorf("without a controller %d of 5 neighbours are left", n)
		}
		c.f.Restore(shireHQ.Addr())
		took := inTime(t, 30*time.Second, "the controller is back", whole(6, room...))
		t.Logf("back after %s", took)
	})
}

func TestPoolFormsAgainFromMemoryWhileTheControllerIsAway(t *testing.T) {
	inShire(t, func(t *testing.T, c *shire) {
		c.startController("mill")
		dirs := make([]string, 6)
		start := func(i int) *desk {
			return c.workstation(netip.AddrFrom4([4]byte{10, 1, 0, byte(i + 10)}).String(), "mill", i, func(o *mesh.ResidentOptions) { o.Dir = dirs[i] })
		}
		var room []*desk
		for i := range dirs {
			dirs[i] = t.TempDir()
			w := start(i)
			if err := w.Use(t.Context(), c.membership("mill")); err != nil {
				t.Fatal(err)
			}
			room = append(room, w)
		}
		inTime(t, 40*time.Second, "a whole pool", whole(6, room...))
		time.Sleep(time.Minute)

		c.f.Isolate(shireHQ.Addr())
		for i, w := range room { // a power cut
			w.stop()
			if remembered, err := mesh.Recall(dirs[i]); err != nil || remembered == nil {
				t.Fatalf("%s recalls %v, %v", w.id, remembered, err)
			}
			room[i] = start(i)
			if err := room[i].Use(t.Context(), c.membership("mill")); err != nil { // as settings on disk say: no neighbour
				t.Fatal(err)
			}
		}
		took := inTime(t, time.Minute, "six neighbours without a controller", func() bool {
			for _, w := range room {
				if w.Standing().Neighbours != 5 {
					return false
				}
			}
			return true
		})
		t.Logf("formed again after %s", took)
		c.f.Restore(shireHQ.Addr())
		took = inTime(t, 40*time.Second, "the controller is found", whole(6, room...))
		t.Logf("controller found after %s", took)
	})
}

func TestPoolFormsByAskingAroundWhenNobodyIsRemembered(t *testing.T) {
	inShire(t, func(t *testing.T, c *shire) {
		c.startController("mill")
		c.f.Isolate(shireHQ.Addr())
		room := c.room("mill", 1, 4)
		took := inTime(t, 5*time.Minute, "four neighbours without a controller", func() bool {
			for _, w := range room {
				if w.Standing().Neighbours != 3 {
					return false
				}
			}
			return true
		})
		t.Logf("found each other after %s", took)
		c.f.Restore(shireHQ.Addr())
		inTime(t, 40*time.Second, "the controller is found", whole(4, room...))
	})
}

func TestWorkstationThatLeavesGossipKeepsNoKey(t *testing.T) {
	inShire(t, func(t *testing.T, c *shire) {
		c.startController("mill")
		room := c.room("mill", 1, 3)
		dir := t.TempDir()
		w := c.workstation("10.1.0.50", "mill", 50, func(o *mesh.ResidentOptions) { o.Dir = dir })
		if err := w.Use(t.Context(), c.membership("mill")); err != nil {
			t.Fatal(err)
		}
		inTime(t, 40*time.Second, "a whole pool", whole(4, append(room, w)...))
		time.Sleep(time.Minute)
		if m, err := mesh.Recall(dir); err != nil || m == nil {
			t.Fatalf("nothing was remembered: %v, %v", m, err)
		}
		if err := w.Use(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if m, err := mesh.Recall(dir); err != nil || m != nil {
			t.Errorf("still remembers %v, %v", m, err)
		}
		inTime(t, 20*time.Second, "seen to leave", func() bool { return len(c.alive("mill")) == 3 })
		if s := w.Standing(); s.Site != "" || s.Neighbours != 0 {
			t.Errorf("stands at %+v", s)
		}
	})
}

func TestUnusableMembershipChangesNothing(t *testing.T) {
	inShire(t, func(t *testing.T, c *shire) {
		c.startController("mill")
		room := c.room("mill", 1, 2)
		inTime(t, 40*time.Second, "a whole pool", whole(2, room...))
		before := room[0].Standing()
		bad := c.membership("quay")
		bad.Keys[0] = bad.Keys[0][:5]
		if err := room[0].Use(t.Context(), bad); err == nil {
			t.Error("a short key was taken")
		}
		if after := room[0].Standing(); after != before {
			t.Errorf("stood %+v, stands %+v", before, after)
		}
	})
}

func TestResidentMayBeClosedAtAnyMomentAndStaysClosed(t *testing.T) {
	inShire(t, func(t *testing.T, c *shire) {
		c.startController("mill", "quay")
		room := c.room("mill", 1, 3)
		w := room[0]
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				time.Sleep(time.Duration(i) * 300 * time.Millisecond)
				_ = w.Use(context.Background(), c.membership([]string{"mill", "quay"}[i%2]))
				w.SetHealth("fine")
			})
		}
		all.Go(func() {
			time.Sleep(time.Second)
			_ = w.Close(context.Background())
		})
		all.Wait()
		if err := w.Close(t.Context()); err != nil {
			t.Errorf("closing twice: %v", err)
		}
		if err := w.Use(t.Context(), c.membership("mill")); !errors.Is(err, mesh.ErrResidentClosed) {
			t.Errorf("using a closed one: %v", err)
		}
		if err := w.Move(t.Context(), nil, w.addr); !errors.Is(err, mesh.ErrResidentClosed) {
			t.Errorf("moving a closed one: %v", err)
		}
		if err := w.SayLeave(t.Context(), "sleep"); !errors.Is(err, mesh.ErrResidentClosed) {
			t.Errorf("a goodbye of a closed one: %v", err)
		}
	})
}

func TestCloseWaitsNeitherForADeadLinkNorForAGoodbye(t *testing.T) {
	inShire(t, func(t *testing.T, c *shire) {
		c.startController("mill")
		c.f.Isolate(shireHQ.Addr())
		for i := range 6 { // at various moments of an attempt to join
			w := c.workstation(netip.AddrFrom4([4]byte{10, 1, 0, byte(i + 10)}).String(), "mill", i, nil)
			if err := w.Use(t.Context(), c.membership("mill")); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(i) * 700 * time.Millisecond)
			start := time.Now()
			if err := w.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("closing takes %s", took)
			}
		}
	})
}

func TestQuestionPlayedAgainTellsItsReplayerNothing(t *testing.T) {
	inShire(t, func(t *testing.T, c *shire) {
		c.startController("mill")
		c.f.Isolate(shireHQ.Addr())
		spy, err := c.f.Machine(netip.MustParseAddr("10.1.0.200"), "mill").ListenPacket(netip.MustParseAddrPort("10.1.0.200:7946"))
		if err != nil {
			t.Fatal(err)
		}
		defer spy.Close()
		recorded := make(chan []byte, 1)
		heard := make(chan netip.AddrPort, 100)
		go func() {
			for {
				b := make([]byte, 2048)
				n, from, err := spy.ReadFromUDPAddrPort(b)
				if err != nil {
					return
				}
				select {
				case recorded <- b[:n]:
				default:
					heard <- from
				}
			}
		}()
		asker := c.workstation("10.1.0.10", "mill", 10, nil)
		if err := asker.Use(t.Context(), c.membership("mill")); err != nil {
			t.Fatal(err)
		}
		var question []byte
		inTime(t, 2*time.Minute, "a question", func() bool {
			select {
			case question = <-recorded:
				return true
			default:
				return false
			}
		})
		asker.stop()
		recorded <- nil // whatever comes now is heard
		w := c.workstation("10.1.0.11", "mill", 11, nil)
		if err := w.Use(t.Context(), c.membership("mill")); err != nil {
			t.Fatal(err)
		}
		if _, err := spy.WriteToUDPAddrPort(question, w.addr); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second) // before w asks around itself
		select {
		case from := <-heard:
			t.Errorf("%s answered a replayed question", from)
		default:
		}
		if n := w.port.Stats(); n.DirectIn != 1 {
			t.Errorf("the question was not even heard: %+v", n)
		}
	})
}
