package fleettest_test

import (
	"context"
	"testing"
	"time"

	"muster/controller/fleettest"
	"muster/controller/pools"
	"muster/inventory"
)

// TestRevocationTakesTheKeyAwayAlthoughAMachineIsOff revokes a workstation whose
// neighbour is off: the key that the thief holds must not wait for that one.
func TestRevocationTakesTheKeyAwayAlthoughAMachineIsOff(t *testing.T) {
	estate := fleettest.Estate{Sites: 1, PerSite: 5, Seed: 27}
	fleettest.Run(t, estate, func(f *fleettest.Fleet) {
		stolen, off := fleettest.Tag("S001", 0), fleettest.Tag("S001", 1)
		f.Shutdown(off, inventory.LeaveShutdown)
		if err := f.Controller.Pools().RevokeWorkstation(context.Background(), f.Status(stolen).Workstation, "stolen", "fleettest"); err != nil {
			t.Fatal(err)
		}
		took := f.Within(15*time.Minute, "the key that it holds is forgotten", func() bool {
			f.Wait(10 * time.Second)
			return len(f.Events(pools.EventKeyRetired)) == 1
		})
		t.Logf("the revoked machine's key was forgotten after %s", took)
		f.Within(time.Minute, "the others are present", func() bool { return f.Counts("S001").Present == estate.PerSite-2 })
		f.Boot(off)
		f.Within(2*time.Minute, "the one that was off gets the new key with its first report", func() bool {
			return f.Status(off).KeyVersion == 2 && f.Counts("S001").Present == estate.PerSite-1
		})
	})
}
