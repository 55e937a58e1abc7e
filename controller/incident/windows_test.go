package incident_test

import (
	"testing"
	"time"

	"muster/controller/incident"
	"muster/controller/incident/evidencetest"
	"muster/inventory"
)

// windowed plays a link cut between two times of a minute scale, with a maintenance
// window.
func windowed(cutAt, healAt, from, to time.Duration, w inventory.Window) *outcome {
	county := evidencetest.New(evidencetest.Options{Sites: 4, Seed: 8})
	e := incident.New(incident.DefaultRules(), county.Estate(), county.Start(), incident.WithIDs(counting()))
	w.From, w.To = county.Start().Add(from), county.Start().Add(to)
	e.SetWindows([]inventory.Window{w})
	s := county.Site("S003")
	county.At(cutAt, func() { county.CutLink(s) })
	county.At(healAt, func() { county.HealLink(s) })
	o := &outcome{byID: map[string]inventory.Incident{}, opened: map[string]int{}, shown: map[inventory.Cause]bool{}}
	county.Run(healAt+3*time.Minute, func(now time.Time, evidence []inventory.Evidence) incident.Outcome {
		out := e.Step(now, evidence)
		o.take(out)
		return out
	})
	return o
}

func TestNothingOpensInAMaintenanceWindow(t *testing.T) {
	t.Parallel()
	for name, w := range map[string]inventory.Window{
		"site": {Site: "S003"}, "circuit": {Circuit: "C-S003"}, "carrier": {Carrier: "carrier-1"}, "exchange": {Exchange: "X1"}, "all": {All: true},
	} {
		o := windowed(3*mins, 6*mins, 2*mins, 20*mins, w)
		for _, i := range o.byID {
			if !i.Cause.Presence() {
				t.Errorf("window over the %s: %s %s was shown", name, i.State, i.Cause)
			}
		}
	}
}

func TestAWindowElsewhereHidesNothing(t *testing.T) {
	t.Parallel()
	for name, w := range map[string]inventory.Window{
		"site": {Site: "S001"}, "circuit": {Circuit: "C-S001"}, "carrier": {Carrier: "another"}, "service": {Service: "email"},
	} {
		if o := windowed(3*mins, 6*mins, 2*mins, 20*mins, w); o.opening != 1 {
			t.Errorf("window over another %s: %d incidents opened, want 1", name, o.opening)
		}
	}
}

func TestAnOutageThatOutlastsItsWindowOpensAtItsEnd(t *testing.T) {
	t.Parallel()
	o := windowed(3*mins, 12*mins, 2*mins, 7*mins, inventory.Window{Site: "S003"})
	if o.opening != 1 {
		t.Fatalf("%d incidents opened, want 1", o.opening)
	}
	start := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	for _, i := range o.byID {
		if i.OpenedAt.IsZero() {
			continue
		}
		if late := i.OpenedAt.Sub(start.Add(7 * mins)); late < 0 || late > 5*time.Second {
			t.Errorf("opened %s after the window's end", late)
		}
		if off := i.StartedAt.Sub(start.Add(3 * mins)).Abs(); off > 5*time.Second {
			t.Errorf("started %s from the cut", off)
		}
	}
}

func TestAnOutageOfBeforeStaysOpenThroughAWindow(t *testing.T) {
	t.Parallel()
	o := windowed(3*mins, 9*mins, 5*mins, 7*mins, inventory.Window{Site: "S003"})
	if o.opening != 1 {
		t.Errorf("%d incidents opened, want 1", o.opening)
	}
}
