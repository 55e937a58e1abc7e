package readiness_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"muster/controller/readiness"
	"muster/inventory"
)

// readyMade loads the gates that Muster brings.
func readyMade(t testing.TB) []*readiness.Gate {
	t.Helper()
	files, err := filepath.Glob("../../configs/gates/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("there are no gates", err)
	}
	var gates []*readiness.Gate
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		g, err := readiness.LoadGate(file, src)
		if err != nil {
			t.Fatal(err)
		}
		if g.Scope == readiness.ScopeSite {
			gates = append(gates, g)
		}
	}
	return gates
}

// county is sites with positions spread over them: each with its workstation, two
// probed services of three, a person and a quarter, a link, two milestones. One
// row in twenty is not as it should be.
func county(t testing.TB, sites, positions int) []*readiness.Facts {
	t.Helper()
	zone := london(t)
	random := rand.New(rand.NewPCG(1, 2))
	good := func() bool { return random.IntN(20) > 0 }
	facts := make([]*readiness.Facts, sites)
	for s := range facts {
		code := fmt.Sprintf("S%04d", s)
		f := &readiness.Facts{Site: inventory.Site{Code: code, Hours: "Mon-Fri 08:00-18:00"}, Zone: zone}
		f.SiteRow = readiness.SiteRow{Key: code, Code: code, OpenIncidents: inventory.Known(0)}
		f.Links = []readiness.LinkRow{{
			Key: code + "-1", Circuit: code + "-1", Role: inventory.LinkPrimary, At: monday, Up: inventory.Known(true),
			LossRatio: inventory.Known(0.001), RTTMillis: inventory.Known(12.5), Available: inventory.Known(0.9999),
		}}
		for _, code := range []string{"ADULTS", "CHILDREN"} {
			f.Milestones = append(f.Milestones, readiness.MilestoneRow{Key: code, Code: code, Done: good(), Reconciled: true, Expected: 1000, Moved: 1000})
		}
		facts[s] = f
	}
	for i := range positions {
		f := facts[i%sites]
		id := fmt.Sprintf("w%08d", i)
		w := &readiness.WorkstationRow{
			Key: id, ID: id, At: monday.Add(-5 * time.Minute), Present: inventory.Known(true), SiteOK: inventory.Known(good()),
			OS:         readiness.OSPart{Family: inventory.Known("windows"), Build: inventory.Known(22631), PatchedDays: inventory.Known(random.IntN(15))},
			Software:   readiness.SoftwarePart{Missing: inventory.Known[[]string](nil), Old: inventory.Known[[]string](nil), Surplus: inventory.Known[[]string](nil)},
			Protection: inventory.Known(good()), ProtectionFresh: inventory.Known(true), Firewall: inventory.Known(true),
		}
		w.Windows11 = readiness.Windows11{Result: readiness.Capable}
		f.Workstations = append(f.Workstations, *w)
		state := readiness.SwapPart{State: inventory.SwapVerified, Verified: good(), Done: true, Checks: map[string]bool{"signed-in": true}}
		f.Positions = append(f.Positions, readiness.PositionRow{Key: id, Code: id, InScope: true, Swap: state, Workstation: w})
		for _, service := range []string{"email", "files", "records"} {
			f.Access = append(f.Access, readiness.AccessRow{
				Key: id + "/" + service, Service: service, Workstation: id, At: monday.Add(-20 * time.Minute),
				Reachable: inventory.Known(good()), P95Millis: inventory.Known(float64(random.IntN(700))),
			})
		}
		for n := range 1 + i%4/3 {
			number := fmt.Sprint(10_000+i, n)
			f.Staff = append(f.Staff, readiness.StaffRow{
				Key: number, Number: number, At: monday.Add(-24 * time.Hour),
				Training: map[string]readiness.TrainingPart{"records-basic": {Complete: good(), Needed: true, On: "2026-10-01"}},
			})
		}
	}
	return facts
}
