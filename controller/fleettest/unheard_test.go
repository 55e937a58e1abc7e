package fleettest_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"muster/controller/fleettest"
	"muster/mesh"
)

// TestAWorkstationWhosePathIsDroppedAtRestReportsThroughANeighbour drops the path
// between one of six workstations and the controller minutes before its next
// report: for one what it sends, which only the controller can notice, since its
// own packets still arrive; for another both directions.
func TestAWorkstationWhosePathIsDroppedAtRestReportsThroughANeighbour(t *testing.T) {
	estate := fleettest.Estate{Sites: 1, PerSite: 6, Seed: 4}
	fleettest.Run(t, estate, func(f *fleettest.Fleet) {
		f.Wait(6 * time.Minute)
		for _, m := range []int{0, 3} {
			tag := fleettest.Tag("S001", m)
			last := f.Status(tag).LastSeq
			f.Within(6*time.Minute, "a routine report", func() bool { return f.Status(tag).LastSeq > last })
			f.Wait(10 * time.Second)

			// A group of its own has a path of its own.
			f.Fabric.Machine(f.Status(tag).Addr, tag)
			f.Fabric.CutOneWay(tag, "controller")
			if m > 0 {
				f.Fabric.CutOneWay("controller", tag)
			}
			cutAt := time.Now()
			took := f.Within(30*time.Second, "a report of "+tag+" went through a neighbour", func() bool {
				status := f.Status(tag)
				return status.Via != "" && status.Via != mesh.ViaDirect && status.LastAckAt.After(cutAt)
			})
			t.Logf("a report of %s was acknowledged through a neighbour after %s", tag, took)
		}
	})
}

// TestAWorkstationOfFifteenWhosePathIsDroppedReportsThroughANeighbourWithin30s
// drops the paths of nine of fifteen, one after another at random moments of the
// sweep's round and of the reports' cadence: what the workstation sends, what the
// controller sends, and both.
func TestAWorkstationOfFifteenWhosePathIsDroppedReportsThroughANeighbourWithin30s(t *testing.T) {
	const perSite, drops = 15, 9
	rng := rand.New(rand.NewPCG(30, 15))
	fleettest.Run(t, fleettest.Estate{Sites: 1, PerSite: perSite, Seed: 5}, func(f *fleettest.Fleet) {
		f.Wait(10 * time.Minute)
		var took []time.Duration
		for m := range drops {
			tag := fleettest.Tag("S001", m)
			f.Fabric.Machine(f.Status(tag).Addr, tag) // a group of its own has a path of its own
			f.Wait(time.Duration(rng.Int64N(int64(time.Minute))))
			if m%3 != 1 {
				f.Fabric.CutOneWay(tag, "controller")
			}
			if m%3 != 0 {
				f.Fabric.CutOneWay("controller", tag)
			}
			cutAt := time.Now()
			took = append(took, f.Within(30*time.Second, "a report of "+tag+" went through a neighbour", func() bool {
				status := f.Status(tag)
				return status.Via != "" && status.Via != mesh.ViaDirect && status.LastAckAt.After(cutAt)
			}))
		}
		slices.Sort(took)
		t.Logf("%d dropped paths: %s (median), %s (worst)", drops, took[drops/2], took[drops-1])
	})
}
