package incident_test

import (
	"strings"
	"testing"
	"time"

	"muster/controller/incident"
	"muster/controller/incident/evidencetest"
	"muster/inventory"
)

// steps plays scenario n and collects the changes.
func steps(t *testing.T, n int) (changes []inventory.IncidentChange) {
	t.Helper()
	for _, s := range scenarios() {
		if s.n != n {
			continue
		}
		s.opts.Seed = 12
		w := evidencetest.New(s.opts)
		e := incident.New(incident.DefaultRules(), w.Estate(), w.Start(), incident.WithIDs(counting()))
		s.play(w)
		w.Run(s.lasts, func(now time.Time, evidence []inventory.Evidence) incident.Outcome {
			out := e.Step(now, evidence)
			changes = append(changes, out.Changes...)
			return out
		})
		return changes
	}
	t.Fatalf("no scenario %d", n)
	return nil
}

func TestARevisionThatChangesWhomToCallSaysSoOnce(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]int{20: 0, 24: 1, 45: 1} { // the carrier still; the building; our own router
		recalls := 0
		for _, c := range steps(t, n) {
			if c.Recall {
				recalls++
				// Power cuts pass from the carrier's desk when routers are back and machines are not.
				if c.Step != inventory.IncidentRevised {
					t.Errorf("scenario %d: %s recalls", n, c.Step)
				}
			}
		}
		if recalls != want {
			t.Errorf("scenario %d: %d revisions change whom to call, want %d", n, recalls, want)
		}
	}
}

func TestASentenceSaysWhoIsSilentSinceWhen(t *testing.T) {
	t.Parallel()
	for _, c := range steps(t, 20) {
		if c.Step != inventory.IncidentOpened {
			continue
		}
		text := c.Incident.Verdicts[len(c.Incident.Verdicts)-1].Reason
		if !strings.HasPrefix(text, "All 15 workstations and the router of S003 have been silent since 10:05:0") {
			t.Errorf("it says %q", text)
		}
		pro, count := 0, 0
		for _, f := range c.Incident.Evidence {
			if f.For {
				pro++
			}
			count += f.Count
			if f.Text == "" || f.At.IsZero() {
				t.Errorf("finding %+v", f)
			}
		}
		if pro < 3 || count < 10 {
			t.Errorf("%d findings speak for it, of %d observations: %+v", pro, count, c.Incident.Evidence)
		}
		return
	}
	t.Error("nothing was opened")
}

func TestSeverityGoesByPeopleAndHours(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		hour, staff int
		want        inventory.Severity
	}{
		{10, 300, inventory.SeverityCritical},
		{22, 300, inventory.SeverityMajor},
		{10, 15, inventory.SeverityMajor},
		{22, 15, inventory.SeverityMinor},
		{10, 2, inventory.SeverityMinor},
		{22, 2, inventory.SeverityInfo},
	} {
		w := evidencetest.New(evidencetest.Options{Sites: 2, PerSite: 4, Seed: 3, Start: time.Date(2026, 11, 23, x.hour, 0, 0, 0, time.UTC)})
		estate := w.Estate()
		for i := range estate.Sites {
			estate.Sites[i].Staff = x.staff
		}
		e := incident.New(incident.DefaultRules(), estate, w.Start())
		w.At(mins, func() { w.CutLink(w.Site("S001")) })
		w.Run(2*mins, e.Step)
		live := e.Live()
		if len(live) != 1 || live[0].Severity != x.want || live[0].People != x.staff || live[0].Hours != (x.hour == 10) {
			t.Errorf("at %d:00 with %d people: %+v", x.hour, x.staff, live)
		}
	}
}

func TestJournalsReviseAVerdictTwoDaysLater(t *testing.T) {
	t.Parallel()
	w := evidencetest.New(evidencetest.Options{Sites: 2, PerSite: 6, Seed: 4, NoJournals: true})
	e := incident.New(incident.DefaultRules(), w.Estate(), w.Start())
	s := w.Site("S001")
	w.At(2*mins, func() { w.CutLink(s) })
	w.At(8*mins, func() { w.HealLink(s) })
	w.Run(12*mins, e.Step)
	settling := e.Settling()
	if len(settling) != 1 || settling[0].Cause != inventory.CauseLinkOrPower || !strings.Contains(settling[0].Verdicts[len(settling[0].Verdicts)-1].Reason, "not proven") {
		t.Fatalf("without journals: %+v", settling)
	}
	now := w.Start().Add(48 * time.Hour)
	var late []inventory.Evidence
	for _, m := range s.Machines[:3] {
		for i := range 60 {
			at := w.Start().Add(time.Duration(i) * 10 * time.Second)
			heard := max(0, at.Sub(w.Start().Add(2*mins)))
			late = append(late, inventory.Evidence{At: at, LearntAt: now, Kind: inventory.EvidenceEntry, Site: s.Code, Workstation: m.ID, Entry: &inventory.JournalEntry{
				N: uint64(i + 1), Run: "r", Boot: m.Boot, BootClock: time.Hour + at.Sub(w.Start()), Kind: "tick", HeardAge: heard, AckAge: heard,
				Gateway: "yes", Carrier: "yes", Power: "mains", Peers: 5, PeersKnown: 5, AddrPresent: true,
			}})
		}
	}
	revised := false
	for _, c := range e.Step(now, late).Changes {
		revised = revised || c.Step == inventory.IncidentRevised && c.Incident.Cause == inventory.CauseSiteLinkDown && c.Incident.Grade == inventory.GradeProven
	}
	if !revised {
		t.Errorf("three journals that came after two days revised nothing: %+v", e.Settling())
	}
}
