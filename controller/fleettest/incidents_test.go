package fleettest_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"muster/controller/fleettest"
	"muster/inventory"
)

// siteIncidents are the incidents of a site as a whole, newest first.
func siteIncidents(t *testing.T, f *fleettest.Fleet, site string) []inventory.Incident {
	t.Helper()
	found, err := f.Controller.Incidents(context.Background(), inventory.IncidentFilter{Site: site, Page: inventory.Page{Limit: 100}})
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(found, func(i inventory.Incident) bool { return i.Scope.Workstation != "" })
}

// inState is the site's one incident in a state; false where there is none.
func inState(t *testing.T, f *fleettest.Fleet, site string, state inventory.IncidentState) (inventory.Incident, bool) {
	t.Helper()
	for _, i := range siteIncidents(t, f, site) {
		if i.State == state {
			return i, true
		}
	}
	return inventory.Incident{}, false
}

func TestACutLinkIsPendingThenOpenThenProvenByJournals(t *testing.T) {
	fleettest.Run(t, fleettest.Estate{Sites: 3, PerSite: 6, Seed: 7}, func(f *fleettest.Fleet) {
		f.Wait(5 * time.Minute)
		cutAt := time.Now()
		f.Cut("S002")
		took := f.Within(5*time.Second, "S002 has a pending incident", func() bool {
			_, is := inState(t, f, "S002", inventory.IncidentPending)
			return is
		})
		pending, _ := inState(t, f, "S002", inventory.IncidentPending)
		t.Logf("pending after %s: %s, %s", took, pending.Cause, pending.Reason())
		f.Always(20*time.Second, "it is not open yet", func() bool {
			_, is := inState(t, f, "S002", inventory.IncidentOpen)
			return !is
		})
		f.Within(20*time.Second, "it opens", func() bool {
			_, is := inState(t, f, "S002", inventory.IncidentOpen)
			return is
		})
		open, _ := inState(t, f, "S002", inventory.IncidentOpen)
		if open.ID != pending.ID || open.Cause != inventory.CauseLinkOrPower {
			t.Errorf("what opened is %s %s, what was pending is %s %s", open.ID, open.Cause, pending.ID, pending.Cause)
		}
		if lag := open.OpenedAt.Sub(open.DetectedAt); lag < 25*time.Second {
			t.Errorf("it opened %s after it was detected, want 25 s at least", lag)
		}
		if early, late := open.StartedAt.Sub(cutAt) < -3*time.Second, open.StartedAt.Sub(cutAt) > 3*time.Second; early || late {
			t.Errorf("it began at %s, the link was cut at %s", open.StartedAt, cutAt)
		}
		f.Wait(time.Minute)
		healedAt := time.Now()
		f.Heal("S002")
		f.Within(time.Minute, "it is resolved", func() bool {
			_, is := inState(t, f, "S002", inventory.IncidentResolved)
			return is
		})
		t.Logf("resolved after %s", time.Since(healedAt))
		f.Within(2*time.Minute, "journals prove what it was", func() bool {
			i, is := inState(t, f, "S002", inventory.IncidentResolved)
			return is && i.Grade == inventory.GradeProven && i.Cause == inventory.CauseSiteLinkDown
		})
		proven, _ := inState(t, f, "S002", inventory.IncidentResolved)
		t.Logf("proven after %s: %s", time.Since(healedAt), proven.Reason())
		if proven.ID != open.ID {
			t.Errorf("journals proved %s, open was %s", proven.ID, open.ID)
		}
		for _, site := range []string{"S001", "S003"} {
			if others := siteIncidents(t, f, site); len(others) > 0 {
				t.Errorf("%s, where nothing happened, has %v", site, others)
			}
		}
	})
}

func TestAnOutageKeepsItsIDAndStartOverARestartOfTheController(t *testing.T) {
	fleettest.Run(t, fleettest.Estate{Sites: 2, PerSite: 5, Seed: 8}, func(f *fleettest.Fleet) {
		f.Wait(3 * time.Minute)
		f.Cut("S002")
		f.Within(45*time.Second, "the outage is open", func() bool {
			_, is := inState(t, f, "S002", inventory.IncidentOpen)
			return is
		})
		before, _ := inState(t, f, "S002", inventory.IncidentOpen)
		f.StopController()
		f.Wait(20 * time.Second)
		f.StartController()
		f.Wait(time.Minute)
		after, is := inState(t, f, "S002", inventory.IncidentOpen)
		if !is || after.ID != before.ID || !after.StartedAt.Equal(before.StartedAt) {
			t.Fatalf("before the restart %s since %s, after it %s since %s", before.ID, before.StartedAt, after.ID, after.StartedAt)
		}
		f.Heal("S002")
		f.Within(2*time.Minute, "it ends", func() bool {
			_, is := inState(t, f, "S002", inventory.IncidentResolved)
			return is
		})
		if all := siteIncidents(t, f, "S002"); len(all) != 1 {
			t.Errorf("one outage made %d incidents: %v", len(all), all)
		}
		f.Within(3*time.Minute, "journals prove it", func() bool {
			i, is := inState(t, f, "S002", inventory.IncidentResolved)
			return is && i.Grade == inventory.GradeProven
		})
	})
}

func TestNothingOpensInAMaintenanceWindow(t *testing.T) {
	fleettest.Run(t, fleettest.Estate{Sites: 2, PerSite: 5, Seed: 9}, func(f *fleettest.Fleet) {
		f.Wait(2 * time.Minute)
		now := time.Now().UTC()
		err := f.Controller.AddWindow(context.Background(), inventory.Window{Site: "S002", From: now, To: now.Add(10 * time.Minute), Reason: "new router", CreatedBy: "test"})
		if err != nil {
			t.Fatal(err)
		}
		f.Cut("S002")
		f.Always(3*time.Minute, "nothing opens", func() bool {
			_, is := inState(t, f, "S002", inventory.IncidentOpen)
			return !is
		})
		f.Heal("S002")
		f.Wait(time.Minute)
		for _, i := range siteIncidents(t, f, "S002") {
			if i.State == inventory.IncidentOpen || !i.OpenedAt.IsZero() {
				t.Errorf("%s %s opened", i.ID, i.Cause)
			}
		}
	})
}
