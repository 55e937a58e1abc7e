package runner

import (
	"testing"
	"time"

	"muster/controller/intake"
	"muster/inventory"
	"muster/inventory/wire"
)

func TestAStopIsDatedByTheControllersClock(t *testing.T) {
	read := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	wrong := read.Add(-10 * time.Minute) // the machine's clock is ten minutes slow
	got := stopsOf("S001", intake.Accepted{Workstation: "w00000001", ReadAt: read, Report: wire.Report{
		Wall: wrong, Boot: "b2", Stops: []inventory.Stop{{At: wrong.Add(-3 * time.Minute), Kind: inventory.StopUnclean, Source: "wtmp"}},
	}})
	if len(got) != 1 || !got[0].At.Equal(read.Add(-3*time.Minute)) || !got[0].Stop.At.Equal(got[0].At) || got[0].Kind != inventory.EvidenceStop {
		t.Errorf("%+v", got)
	}
}
