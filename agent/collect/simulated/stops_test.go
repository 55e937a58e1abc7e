package simulated_test

import (
	"strings"
	"testing"
	"time"

	"muster/agent/collect/simulated"
	"muster/inventory"
)

func kinds(t *testing.T, m *simulated.Machine) string {
	t.Helper()
	stops, err := m.Stops(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for i, s := range stops {
		if s.Source == "" || i > 0 && s.At.After(stops[i-1].At) {
			t.Errorf("stop %d of %+v", i, stops)
		}
		words = append(words, string(s.Kind))
	}
	return strings.Join(words, " ")
}

func TestASimulatedMachineRemembersHowItsBootsEnded(t *testing.T) {
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	m := simulated.From(simulated.Spec{Seed: 7, Now: func() time.Time { return now }})
	if got := kinds(t, m); got != "shutdown" {
		t.Errorf("at first it says %s", got)
	}
	now = now.Add(time.Hour)
	m.Restart() // nobody said why
	cut := now.Add(5 * time.Minute)
	m.Stop(inventory.StopShutdown, now) // a power cut overtook it
	m.Stop(inventory.StopUnclean, cut)
	if got := kinds(t, m); got != "unclean shutdown" {
		t.Errorf("before it is back it says %s", got)
	}
	now = now.Add(time.Hour)
	m.Restart()
	m.Stop(inventory.StopShutdown, now)
	now = now.Add(time.Hour)
	m.Restart()
	if got := kinds(t, m); got != "shutdown unclean unclean shutdown" {
		t.Errorf("in the end it says %s", got)
	}
	if stops, _ := m.Stops(t.Context()); !stops[1].At.Equal(cut) {
		t.Errorf("the power cut is dated %s", stops[1].At)
	}
	for range 30 {
		now = now.Add(time.Hour)
		m.Restart()
	}
	if stops, _ := m.Stops(t.Context()); len(stops) != 10 {
		t.Errorf("it remembers %d", len(stops))
	}
}
