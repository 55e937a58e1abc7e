package refresh_test

import (
	"testing"
	"time"

	"muster/controller/refresh"
	"muster/inventory"
)

func TestASwapIsVerifiedOnceBothHalvesAreSeen(t *testing.T) {
	d := planned(t)
	d.do(refresh.Do{})
	d.is(inventory.SwapSwapped)
	off := d.now
	d.after(20 * time.Minute)
	if events := d.see(d.seen(quiet("wold00001", off), d.working("wnew00001"))); len(events) != 3 {
		t.Fatalf("%d events, want new-seen, old-gone and verified", len(events))
	}
	d.is(inventory.SwapVerified)
	if d.swap.Declared {
		t.Error("both halves were observed, and it counts as declared")
	}
	if d.swap.Version != 3 {
		t.Errorf("version %d; plan, do and one look are three", d.swap.Version)
	}
}
