package incident_test

import (
	"encoding/json"
	"testing"
	"time"

	"muster/controller/incident"
	"muster/controller/incident/evidencetest"
	"muster/inventory"
)

// FuzzStep feeds an engine evidence of any shape: it never panics, and no incident
// is without cause, reason and scope.
func FuzzStep(f *testing.F) {
	w := evidencetest.New(evidencetest.Options{Sites: 2, PerSite: 3, Seed: 1})
	estate, start := w.Estate(), w.Start()
	w.At(10*time.Second, func() { w.CutLink(w.Site("S001")) })
	w.Run(20*time.Second, func(_ time.Time, evidence []inventory.Evidence) incident.Outcome {
		if b, err := json.Marshal(evidence); err == nil && len(evidence) > 0 {
			f.Add(b)
		}
		return incident.Outcome{}
	})
	f.Fuzz(func(t *testing.T, b []byte) {
		var evidence []inventory.Evidence
		if json.Unmarshal(b, &evidence) != nil || len(evidence) > 2000 {
			return
		}
		e := incident.New(incident.DefaultRules(), estate, start)
		for i := range 40 {
			for _, c := range e.Step(start.Add(time.Duration(i)*time.Second), evidence).Changes {
				if !c.Incident.Cause.Valid() || len(c.Incident.Verdicts) == 0 || c.Incident.Verdicts[0].Reason == "" {
					t.Errorf("%+v", c)
				}
			}
		}
		if _, err := e.Snapshot(); err != nil {
			t.Error(err)
		}
	})
}
