package fleettest_test

import (
	"testing"
	"time"

	"muster/controller/fleettest"
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
				return status.Via != "" && status.Via != "direct" && status.LastAckAt.After(cutAt)
			})
			t.Logf("a report of %s was acknowledged through a neighbour after %s", tag, took)
		}
	})
}
