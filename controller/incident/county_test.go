package incident_test

import (
	"flag"
	"testing"
	"time"

	"muster/controller/incident"
	"muster/controller/incident/evidencetest"
	"muster/inventory"
)

var (
	countySites = flag.Int("county-sites", 6, "sites of the ordinary county")
	countyDays  = flag.Int("county-days", 1, "days that it lives through")
)

// TestAnOrdinaryCountyHasNoSiteIncident lives through ordinary days: evening
// shutdowns, boot storms, laptops, patch nights, crashes, machines switched off at
// the wall, backup windows and 1 % loss. Nothing about a site may open, nor even
// become an event of a named cause. `make soak` runs 30 days of 130 sites.
func TestAnOrdinaryCountyHasNoSiteIncident(t *testing.T) {
	t.Parallel()
	habits := evidencetest.OrdinaryHabits()
	w := evidencetest.New(evidencetest.Options{
		Sites: *countySites, Seed: 11, Loss: 0.005, Start: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC),
		NoJournals: true, Carriers: []string{"northnet", "southnet", "westnet"}, Shape: evidencetest.Wave,
	})
	e := incident.New(incident.DefaultRules(), w.Estate(), w.Start(), incident.WithIDs(counting()))
	e.SetBaselines(w.Baselines(7, habits.Backup))
	w.Live(habits, *countyDays)
	events, steps, pieces := 0, 0, 0
	opened := map[string]bool{}
	midnight := w.Start().Add(24 * time.Hour)
	w.RunEvery(time.Duration(*countyDays)*24*time.Hour, time.Second, func(now time.Time, evidence []inventory.Evidence) incident.Outcome {
		out := e.Step(now, evidence)
		steps, pieces = steps+1, pieces+len(evidence)
		if !now.Before(midnight) {
			t.Logf("until %s: %d pieces of evidence, %d false incidents, %d events", midnight.Format("2 January"), pieces, len(opened), events)
			midnight = midnight.Add(24 * time.Hour)
		}
		for _, c := range out.Changes {
			i := c.Incident
			switch {
			case i.Cause.Presence():
			case i.Cause == inventory.CauseWorkstationCrashed:
			case c.Step == inventory.IncidentCleared:
				events++
				t.Logf("event: %s %s %s–%s %s", i.Scope.Site, i.Cause, i.StartedAt, i.ResolvedAt, i.Verdicts[0].Reason)
			case c.Step == inventory.IncidentOpened:
				opened[i.ID] = true
				t.Errorf("false incident: %s %+v since %s: %s", i.Cause, i.Scope, i.StartedAt, i.Verdicts[len(i.Verdicts)-1].Reason)
			}
		}
		return out
	})
	t.Logf("%d sites, %d days: %d pieces of evidence in %d steps, %d false incidents, %d events", *countySites, *countyDays, pieces, steps, len(opened), events)
}
