package mesh_test

import (
	"testing"
	"testing/synctest"
	"time"

	"muster/inventory"
	"muster/mesh"
)

func TestTwelveMembersFormOnePool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounty(t, 1)
		defer c.close()
		c.open("s1")
		c.add("s1", 1, 12)
		took := c.within(20*time.Second, "12 members alive", func() bool { return c.alive("s1") == 12 })
		t.Logf("12 members in %s", took)
		c.within(30*time.Second, "every member knows every other", func() bool {
			for _, a := range c.agents["s1"] {
				if len(a.pool.Members()) != 13 {
					return false
				}
			}
			return true
		})
		for _, m := range c.controller.Members("s1") {
			if !m.Controller && (m.Tags.Uplink != "ok" || m.Workstation == "" || m.Run == "" || !m.Addr.IsValid()) {
				t.Errorf("member without its particulars: %+v", m)
			}
		}
		time.Sleep(30 * time.Second)
		for _, m := range c.controller.PoolMembers("s1") {
			if !m.Controller && time.Since(m.SeenAt) > 20*time.Second {
				t.Errorf("%s was last seen at %s: twelve members are asked in 18 s", m.Name, m.SeenAt)
			}
		}
	})
}

func TestDeadLinkIsKnownWithinFiveSecondsAndHealsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounty(t, 2)
		defer c.close()
		c.open("s1")
		c.open("s2")
		c.add("s1", 1, 12)
		c.add("s2", 2, 3)
		c.within(20*time.Second, "both sites ok", func() bool {
			return c.alive("s1") == 12 && c.alive("s2") == 3 && c.state("s1") == inventory.ReachOK && c.state("s2") == inventory.ReachOK
		})
		for _, site := range []string{"s1", "s2", "s1", "s2"} {
			time.Sleep(700 * time.Millisecond)
			c.f.Cut(site)
			took := c.within(5*time.Second, site+" silent", func() bool { return c.state(site) == inventory.ReachSilent })
			t.Logf("%s: dead link known in %s", site, took)
			time.Sleep(4 * time.Minute)
			c.f.Heal(site)
			took = c.within(5*time.Second, site+" ok again", func() bool { return c.state(site) == inventory.ReachOK })
			t.Logf("%s: heard again in %s", site, took)
			want := len(c.agents[site])
			took = c.within(60*time.Second, site+" all alive again", func() bool { return c.alive(site) == want })
			t.Logf("%s: all alive again in %s", site, took)
		}
	})
}

func TestLossyLinkIsNeverTakenForADeadOne(t *testing.T) {
	for _, loss := range []float64{0.05, 0.20} {
		synctest.Test(t, func(t *testing.T) {
			c := newCounty(t, uint64(loss*100))
			defer c.close()
			for _, site := range []string{"s1", "s2", "s3"} {
				c.open(site)
			}
			c.add("s1", 1, 12)
			c.add("s2", 2, 15)
			c.add("s3", 3, 12)
			c.within(30*time.Second, "all alive", func() bool {
				return c.alive("s1") == 12 && c.alive("s2") == 15 && c.alive("s3") == 12
			})
			weather := c.lossy(loss)
			c.f.SetWAN(weather)
			began := time.Now().UTC()
			time.Sleep(10 * time.Minute)
			for _, e := range c.eventsOf(mesh.SiteReach) {
				if e.Reach == inventory.ReachSilent {
					t.Errorf("at %.0f %% loss %s was called silent", loss*100, e.Site)
				}
			}
			if fails := c.eventsOf(mesh.MemberFail); len(fails) > 0 {
				t.Errorf("at %.0f %% loss %d members were called failed: %+v", loss*100, len(fails), fails[0])
			}
			got, asked := 0, 0 // over all sites: one's 150 pings lie far apart by chance
			c.mu.Lock()
			for _, o := range c.observed {
				if o.Kind == mesh.ObserveSweep && o.At.After(began) {
					asked++
					if o.Missed {
						got++
					}
				}
			}
			c.mu.Unlock()
			lost, want := float64(got)/float64(asked), 1-(1-loss)*(1-loss)
			if lost < 0.6*want || lost > 1.5*want {
				t.Errorf("at %.0f %% loss each way the sweep lost %.3f, want about %.3f", loss*100, lost, want)
			}
			t.Logf("at %.0f %% loss each way the sweep lost %d of %d", loss*100, got, asked)
			reach, known := c.controller.Reach("s2").Loss.Get()
			if !known || reach == 0 || reach > 3*want {
				t.Errorf("at %.0f %% loss each way the site's loss is %.3f", loss*100, reach)
			}
		})
	}
}

func TestCrashedMemberFailsAndItsSiteStaysOK(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounty(t, 4)
		defer c.close()
		c.open("s1")
		c.add("s1", 1, 15)
		c.within(20*time.Second, "15 alive", func() bool { return c.alive("s1") == 15 })
		time.Sleep(20 * time.Second)
		victim := c.agents["s1"][4]
		c.agents["s1"] = append(c.agents["s1"][:4:4], c.agents["s1"][5:]...)
		c.f.Isolate(victim.addr.Addr())
		took := c.within(40*time.Second, "the crash seen", func() bool { return len(c.eventsOf(mesh.MemberFail)) == 1 })
		t.Logf("crash seen in %s", took)
		if got := c.eventsOf(mesh.MemberFail)[0].Member.Name; got != victim.pool.Name() {
			t.Errorf("%s failed, want %s", got, victim.pool.Name())
		}
		for _, e := range c.eventsOf(mesh.SiteReach) {
			if e.Reach == inventory.ReachSilent {
				t.Error("one crashed member made its site silent")
			}
		}
		victim.crash()
	})
}

func TestControllerRestartReformsThePool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounty(t, 5)
		defer c.close()
		c.open("s1")
		c.add("s1", 1, 12)
		c.within(20*time.Second, "12 alive", func() bool { return c.alive("s1") == 12 })
		time.Sleep(30 * time.Second)
		// A crash: nobody is told. The new controller knows no neighbour.
		c.f.Isolate(hq.Addr())
		c.stopController()
		c.f.Restore(hq.Addr())
		c.startController()
		c.open("s1")
		took := c.within(10*time.Second, "12 alive after the restart", func() bool { return c.alive("s1") == 12 })
		t.Logf("re-formed without neighbours in %s", took)
		time.Sleep(20 * time.Second)

		c.f.Isolate(hq.Addr())
		c.stopController()
		c.f.Restore(hq.Addr())
		c.startController()
		c.open("s1", memberAddr(1, 3), memberAddr(1, 4))
		took = c.within(3*time.Second, "12 alive after the second restart", func() bool { return c.alive("s1") == 12 })
		t.Logf("re-formed through a neighbour in %s", took)
	})
}

func TestKeysRotateWhileMembersTalk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounty(t, 6)
		defer c.close()
		c.open("s1")
		c.add("s1", 1, 12)
		c.within(20*time.Second, "12 alive", func() bool { return c.alive("s1") == 12 })
		before := len(c.eventsOf(mesh.MemberFail))
		oldKey, newKey := siteKey("s1"), key(0xEE)
		// Members get their keys one by one, with minutes between the first and the
		// last: everyone holds the new key before anyone seals with it, and the old
		// one until nobody does.
		for _, keys := range [][][]byte{{oldKey, newKey}, {newKey, oldKey}, {newKey}} {
			must(t, c.controller.SetKeys("s1", keys, 2))
			for _, a := range c.agents["s1"] {
				time.Sleep(10 * time.Second)
				must(t, a.pool.SetKeys(keys))
			}
		}
		time.Sleep(2 * time.Minute)
		if got := c.alive("s1"); got != 12 {
			t.Errorf("%d members alive after the rotation, want 12", got)
		}
		if fails := len(c.eventsOf(mesh.MemberFail)); fails != before {
			t.Errorf("%d members failed during the rotation", fails-before)
		}
		if got := c.controller.KeyVersion("s1"); got != 2 {
			t.Errorf("key version %d, want 2", got)
		}
	})
}

func TestTagsAndGoodbyesReachThePool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounty(t, 8)
		defer c.close()
		c.open("s1")
		c.add("s1", 1, 15)
		c.within(20*time.Second, "15 alive", func() bool { return c.alive("s1") == 15 })
		time.Sleep(30 * time.Second)
		changed := c.agents["s1"][2]
		began := time.Now()
		must(t, changed.pool.SetTags(mesh.Tags{Version: "1.0.0", Uplink: "tls-stall"}))
		if took := time.Since(began); took > 1500*time.Millisecond {
			t.Errorf("SetTags took %s", took)
		}
		took := c.within(10*time.Second, "the tag at the controller", func() bool {
			return len(c.eventsOf(mesh.MemberUpdate)) > 0
		})
		if got := c.eventsOf(mesh.MemberUpdate)[0].Member; got.Tags.Uplink != "tls-stall" || got.Name != changed.pool.Name() || got.Controller {
			t.Errorf("updated %+v", got)
		}
		t.Logf("a tag reached the controller in %s", took)

		began = time.Now()
		must(t, changed.pool.Leave(t.Context()))
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("Leave took %s", took)
		}
		took = c.within(10*time.Second, "the goodbye at the controller", func() bool {
			return len(c.eventsOf(mesh.MemberLeave)) > 0
		})
		t.Logf("and a goodbye, after it was said, in %s", took)
		time.Sleep(time.Minute)
		// Gossip may bring the end before the goodbye, and then it looks like a
		// failure for a moment; it must not stay one.
		for _, m := range c.controller.Members("s1") {
			if m.Name == changed.pool.Name() && m.State != mesh.StateLeft || m.State == mesh.StateFailed {
				t.Errorf("%s is %s", m.Name, m.State)
			}
		}
	})
}

func TestLeaveReasonIsHeardOnceAndOnlyFromItsOwnAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounty(t, 7)
		defer c.close()
		c.open("s1")
		c.add("s1", 1, 3)
		c.within(20*time.Second, "3 alive", func() bool { return c.alive("s1") == 3 })
		sleeper, liar := c.agents["s1"][0], c.agents["s1"][1]
		notice := mesh.LeaveNotice{Member: sleeper.pool.Name(), Reason: inventory.LeaveSleep, Number: 42}
		body, err := notice.Encode()
		must(t, err)
		must(t, liar.pool.SendDirect(hq, mesh.DirectLeave, body))
		time.Sleep(time.Second)
		if got := c.eventsOf(mesh.MemberLeaveReason); len(got) != 0 {
			t.Fatalf("a neighbour spoke for %s: %+v", sleeper.pool.Name(), got)
		}
		for range 3 {
			must(t, sleeper.pool.SendDirect(hq, mesh.DirectLeave, body))
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(time.Second)
		got := c.eventsOf(mesh.MemberLeaveReason)
		if len(got) != 1 || got[0].Reason != inventory.LeaveSleep || got[0].Workstation != "w00100000" {
			t.Fatalf("leave reasons heard: %+v, want one sleep of w00100000", got)
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestFalselyFailedMemberIsRecalledWithinAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounty(t, 9)
		defer c.close()
		c.open("s1")
		c.add("s1", 1, 6)
		c.within(20*time.Second, "6 alive", func() bool { return c.alive("s1") == 6 })
		victim := c.agents["s1"][0]
		c.f.Isolate(victim.addr.Addr())
		c.within(2*time.Minute, "it failed", func() bool { return c.alive("s1") == 5 })
		// It is back and believes that nothing happened: nobody joins.
		for _, a := range c.agents["s1"] {
			a.stop()
			<-a.done
		}
		c.f.Restore(victim.addr.Addr())
		took := c.within(time.Minute, "it is alive again", func() bool { return c.alive("s1") == 6 })
		t.Logf("recalled in %s", took)
	})
}

func TestManyFalselyFailedMembersAreBackWithinHalfAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounty(t, 10)
		defer c.close()
		c.open("s1")
		c.add("s1", 1, 15)
		c.within(20*time.Second, "15 alive", func() bool { return c.alive("s1") == 15 })
		c.within(6*time.Minute, "known to each other", func() bool {
			for _, a := range c.agents["s1"] {
				if len(a.pool.Members()) != 16 {
					return false
				}
			}
			return true
		})
		for _, a := range c.agents["s1"] { // nobody joins again by itself
			a.stop()
			<-a.done
		}
		for _, a := range c.agents["s1"][:10] {
			c.f.Isolate(a.addr.Addr())
		}
		c.within(3*time.Minute, "ten failed", func() bool { return c.alive("s1") == 5 })
		for _, a := range c.agents["s1"][:10] {
			c.f.Restore(a.addr.Addr())
		}
		took := c.within(30*time.Second, "all alive again", func() bool { return c.alive("s1") == 15 })
		t.Logf("all back in %s", took)
	})
}
