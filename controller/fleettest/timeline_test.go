package fleettest_test

import (
	"context"
	"testing"
	"time"

	"muster/controller/fleettest"
	"muster/inventory"
)

// TestFleetTimeline walks a small county through a day's troubles.
func TestFleetTimeline(t *testing.T) {
	estate := fleettest.Estate{Sites: 3, PerSite: 6, Seed: 1}
	fleettest.Run(t, estate, func(f *fleettest.Fleet) {
		whole := func(site string) func() bool {
			return func() bool { return f.Counts(site).Present == estate.PerSite && f.Reach(site) == inventory.ReachOK }
		}
		for _, site := range []string{"S001", "S002", "S003"} {
			f.Within(30*time.Second, site+" answers the sweep", whole(site))
		}

		f.Cut("S002")
		took := f.Within(5*time.Second, "the sweep knows that S002 is silent", func() bool { return f.Reach("S002") == inventory.ReachSilent })
		t.Logf("a cut link was known after %s", took)
		f.Always(2*time.Minute, "S001 and S003 do not notice", func() bool { return whole("S001")() && whole("S003")() })
		f.Heal("S002")
		took = f.Within(time.Minute, "S002 is whole again", whole("S002"))
		t.Logf("a healed site was whole after %s", took)

		laptop := fleettest.Tag("S003", 0)
		f.Shutdown(laptop, inventory.LeaveShutdown)
		f.Within(2*time.Second, "a shutdown that says so is off, not silent", func() bool { return f.Counts("S003").Off == 1 })
		f.Boot(laptop)
		f.Within(30*time.Second, "it is back", whole("S003"))

		asleep := fleettest.Tag("S003", 1)
		f.Shutdown(asleep, inventory.LeaveSleep)
		f.Within(2*time.Second, "a machine that goes to sleep is asleep", func() bool { return f.Counts("S003").Asleep == 1 })

		crashed := fleettest.Tag("S001", 2)
		f.Crash(crashed)
		took = f.Within(30*time.Second, "a crashed workstation is silent", func() bool { return f.Presence(crashed) == inventory.Silent })
		t.Logf("a crash was known after %s", took)
	})
}

// TestPoolsOutliveTheirController stops the controller for ten minutes.
func TestPoolsOutliveTheirController(t *testing.T) {
	estate := fleettest.Estate{Sites: 2, PerSite: 5, Seed: 2}
	fleettest.Run(t, estate, func(f *fleettest.Fleet) {
		f.StopController()
		f.Wait(10 * time.Minute)
		f.StartController()
		took := f.Within(time.Minute, "everyone is present again", func() bool {
			return f.Counts("S001").Present == estate.PerSite && f.Counts("S002").Present == estate.PerSite
		})
		t.Logf("after ten minutes without a controller everyone was present in %s", took)
	})
}

// TestKeyRotationKeepsEveryoneInThePool rotates while members talk.
func TestKeyRotationKeepsEveryoneInThePool(t *testing.T) {
	estate := fleettest.Estate{Sites: 1, PerSite: 6, Seed: 3}
	fleettest.Run(t, estate, func(f *fleettest.Fleet) {
		version, err := f.Controller.Pools().RotateKey(context.Background(), "S001", "fleettest")
		if err != nil || version != 2 {
			t.Fatalf("rotation made version %d, %v", version, err)
		}
		all := func() bool { return f.Counts("S001").Present == estate.PerSite }
		f.Always(8*time.Minute, "everyone stays present while the key turns", all)
		for m := range estate.PerSite {
			if got := f.Status(fleettest.Tag("S001", m)).KeyVersion; got != 2 {
				t.Errorf("%s holds key version %d, want 2", fleettest.Tag("S001", m), got)
			}
		}
	})
}
