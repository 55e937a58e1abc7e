package fleettest_test

import (
	"context"
	"testing"
	"time"

	"muster/controller/fleettest"
)

// TestRestoredControllerTurnsAKeyThatItsBackupDidNotKnow turns a site's key after
// the backup, loses the controller, and turns the key again: the new key has the
// number of the lost one, and is another.
func TestRestoredControllerTurnsAKeyThatItsBackupDidNotKnow(t *testing.T) {
	estate := fleettest.Estate{Sites: 1, PerSite: 4, Seed: 26}
	fleettest.Run(t, estate, func(f *fleettest.Fleet) {
		ids := map[string]string{}
		for m := range estate.PerSite {
			ids[fleettest.Tag("S001", m)] = f.Status(fleettest.Tag("S001", m)).Workstation
		}
		kept := f.Backup()
		rotate := func() {
			t.Helper()
			if version, err := f.Controller.Pools().RotateKey(context.Background(), "S001", "fleettest"); err != nil || version != 2 {
				t.Fatalf("rotation made version %d, %v", version, err)
			}
		}
		held := func() bool {
			for tag := range ids {
				if f.Status(tag).KeyVersion != 2 {
					return false
				}
			}
			return true
		}
		alive := func() bool {
			n := 0
			for _, m := range f.Controller.Pools().PoolMembers("S001") {
				if !m.Controller && m.State == "alive" {
					n++
				}
			}
			return n == estate.PerSite
		}
		rotate()
		f.Within(10*time.Minute, "everyone holds the key", held)
		f.Wait(10 * time.Minute) // the old one is forgotten

		f.LoseController()
		f.Restore(kept)
		rotate()
		took := f.Within(15*time.Minute, "everyone is in the pool again", func() bool { return held() && alive() })
		t.Logf("after the restore everyone was in the pool in %s", took)
		f.Always(20*time.Minute, "everyone stays in the pool while the key turns", func() bool {
			return alive() && f.Counts("S001").Present == estate.PerSite
		})
		for tag, id := range ids {
			if got := f.Status(tag).Workstation; got != id {
				t.Errorf("%s came back as %s, it was %s", tag, got, id)
			}
		}
		if n := len(f.Workstations()); n != estate.PerSite {
			t.Errorf("there are %d workstations, want %d as before", n, estate.PerSite)
		}
	})
}
