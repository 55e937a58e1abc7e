package incident_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/controller/incident"
	"muster/controller/incident/evidencetest"
	"muster/inventory"
)

// cutCounty is an engine in the middle of an outage.
func cutCounty(t testing.TB, until time.Duration) (*incident.Engine, *evidencetest.World) {
	t.Helper()
	w := evidencetest.New(evidencetest.Options{Sites: 3, PerSite: 6, Seed: 9})
	e := incident.New(incident.DefaultRules(), w.Estate(), w.Start(), incident.WithIDs(counting()))
	w.At(3*mins, func() { w.CutLink(w.Site("S002")) })
	w.At(2*mins, func() { w.Crash(w.Site("S001").Machines[0]) })
	w.Run(until, e.Step)
	return e, w
}

func TestARestoredEngineHoldsTheSameIncidents(t *testing.T) {
	t.Parallel()
	e, w := cutCounty(t, 5*mins)
	b, err := e.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	again, err := incident.Restore(incident.DefaultRules(), w.Estate(), b, w.Now())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(e.Live(), again.Live()); diff != "" {
		t.Errorf("after a restart (-before +after):\n%s", diff)
	}
	if len(e.Live()) < 2 {
		t.Errorf("%d incidents live, want the link's and the machine's", len(e.Live()))
	}
}

func TestTimeAloneOpensAndEndsNothingAfterARestart(t *testing.T) {
	t.Parallel()
	e, w := cutCounty(t, 3*mins+10*sec) // still pending
	b, err := e.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	now := w.Now().Add(time.Hour)
	again, err := incident.Restore(incident.DefaultRules(), w.Estate(), b, now)
	if err != nil {
		t.Fatal(err)
	}
	for range 600 {
		now = now.Add(time.Second)
		for _, c := range again.Step(now, nil).Changes {
			if c.Step == inventory.IncidentOpened || c.Step == inventory.IncidentEnded || c.Step == inventory.IncidentCleared {
				t.Errorf("%s of %s without evidence", c.Step, c.Incident.Cause)
			}
		}
	}
}

func TestSnapshotsOfACountyStaySmall(t *testing.T) {
	t.Parallel()
	w := evidencetest.New(evidencetest.Options{Sites: 130, Seed: 2})
	e := incident.New(incident.DefaultRules(), w.Estate(), w.Start())
	w.Run(time.Minute, e.Step)
	b, err := e.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if len(b) > 2<<20 {
		t.Errorf("%d bytes for 130 sites and 1,950 machines", len(b))
	}
	t.Logf("%d bytes", len(b))
}

func FuzzRestore(f *testing.F) {
	w := evidencetest.New(evidencetest.Options{Sites: 1, PerSite: 2, Seed: 9})
	e := incident.New(incident.DefaultRules(), w.Estate(), w.Start(), incident.WithIDs(counting()))
	w.At(mins, func() { w.CutLink(w.Site("S001")) })
	w.Run(90*sec, e.Step)
	b, err := e.Snapshot()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"v":1}`))
	f.Add([]byte(`{"v":1,"live":[{"key":"site:S001","incident":{"id":"i1","cause":"link-or-power","verdicts":[{}]}}]}`))
	f.Add(bytes.ReplaceAll(b, []byte("S001"), []byte("S999")))
	estate, now := w.Estate(), w.Now()
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := incident.Restore(incident.DefaultRules(), estate, b, now)
		if err != nil {
			return
		}
		for i := range 3 {
			e.Step(now.Add(time.Duration(i)*time.Minute), nil)
		}
		e.Live()
		e.Settling()
		if _, err := e.Snapshot(); err != nil {
			t.Error(err)
		}
	})
}
