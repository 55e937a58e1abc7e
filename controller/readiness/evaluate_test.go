package readiness_test

import (
	"os"
	"testing"
	"time"

	"muster/controller/readiness"
	"muster/inventory"
)

func worked(t testing.TB) *readiness.Gate {
	t.Helper()
	return load(t, "testdata/site-go-live.yaml")
}

func load(t testing.TB, file string) *readiness.Gate {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	g, err := readiness.LoadGate(file, src)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func london(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(inventory.DefaultZone)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// monday is a Monday at 10:00 in London, at a site that opens at 08:00.
var monday = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// ready is a site at which the worked gate is ready: two desks, three services,
// three people.
func ready(t testing.TB) *readiness.Facts {
	t.Helper()
	f := &readiness.Facts{Site: inventory.Site{Code: "S003", Name: "Mill", Hours: "Mon-Fri 08:00-18:00"}, Zone: london(t)}
	for _, desk := range []string{"A1", "A2"} {
		f.Positions = append(f.Positions, readiness.PositionRow{
			Key: desk, Code: desk, InScope: true, Swap: readiness.SwapPart{State: inventory.SwapVerified, Verified: true, Done: true},
		})
		for _, service := range []string{"email", "files", "records"} {
			id := "w0000000" + desk[1:]
			f.Access = append(f.Access, readiness.AccessRow{
				Key: id + "/" + service, At: monday.Add(-10 * time.Minute), Service: service, Class: "standard", Workstation: id,
				Reachable: inventory.Known(true), P95Millis: inventory.Known(120.0),
			})
		}
	}
	for _, number := range []string{"1001", "1002", "1003"} {
		f.Staff = append(f.Staff, readiness.StaffRow{
			Key: number, At: monday.Add(-24 * time.Hour), Number: number, Role: "librarian",
			Training: map[string]readiness.TrainingPart{"records-basic": {Complete: true, Needed: true, On: "2026-10-01"}},
		})
	}
	return f
}

func TestWorkedGateIsReadyWhereEverythingPasses(t *testing.T) {
	e := worked(t).Evaluate(ready(t), readiness.Settled{}, monday)
	if e.Verdict != inventory.VerdictReady || len(e.Blockers) != 0 || e.Site != "S003" || e.Gate != "site-go-live" || e.GateVersion == "" {
		t.Errorf("%+v", e)
	}
}

func TestABlockerSaysWhatWasMeasuredAgainstWhat(t *testing.T) {
	f := ready(t)
	f.Access[2].P95Millis = inventory.Known(1240.0)
	f.Access[3].Reachable = inventory.Unknown[bool]("nobody probed it yet")
	f.Positions[1].Swap = readiness.SwapPart{State: inventory.SwapSwapped, Done: true, Missing: []string{"the new machine was not heard from this site"}}
	f.Staff[0].Training["records-basic"] = readiness.TrainingPart{Needed: true}
	e := worked(t).Evaluate(f, readiness.Settled{}, monday)
	for _, b := range e.Blockers {
		t.Logf("%s %s: %s | clears %s | %s", b.ID, b.Standing, b.Reason, b.Clears, b.Owner)
	}
	t.Logf("%+v", e.Criteria)
}
