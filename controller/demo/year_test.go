package demo

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/agent/collect/simulated"
	"muster/controller/demo/past"
	"muster/controller/refresh"
	"muster/inventory"
)

// counties are of several sizes, each on another day of the week and year.
var counties = []struct {
	sites, workstations int
	now                 time.Time
}{
	{1, 1, time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC)},
	{2, 7, time.Date(2027, 2, 28, 3, 0, 0, 0, time.UTC)},
	{6, 30, time.Date(2026, 11, 25, 11, 10, 0, 0, time.UTC)},
	{20, 200, time.Date(2026, 12, 25, 9, 0, 0, 0, time.UTC)},
	{130, 1950, time.Date(2028, 2, 29, 23, 59, 0, 0, time.UTC)},
}

func yearOf(t *testing.T, sites, workstations int, now time.Time) past.Past {
	t.Helper()
	e, err := settle(context.Background(), sites, workstations, func(n int) (Machine, inventory.AssetKind) {
		m := simulated.New(int64(n))
		return m, m.Kind()
	})
	if err != nil {
		t.Fatal(err)
	}
	recipe, err := readRecipe()
	if err != nil {
		t.Fatal(err)
	}
	year, err := past.Make(e.register, recipe, now)
	if err != nil {
		t.Fatal(err)
	}
	return year
}

// TestYearEndsAtTheMachinesThatStandInTheCounty holds every swap against the events
// and the register that it leads to.
func TestYearEndsAtTheMachinesThatStandInTheCounty(t *testing.T) {
	for _, c := range counties {
		year := yearOf(t, c.sites, c.workstations, c.now)
		r := year.Register
		bySwap := map[string][]inventory.Event{}
		for i, e := range year.Events {
			if e.RecordedAt.After(c.now) || e.OccurredAt.After(e.RecordedAt) || i > 0 && e.RecordedAt.Before(year.Events[i-1].RecordedAt) {
				t.Errorf("%d sites: %s of %s occurred %s, was recorded %s", c.sites, e.Kind, e.Subject.Key, e.OccurredAt, e.RecordedAt)
			}
			bySwap[e.Subject.Key] = append(bySwap[e.Subject.Key], e)
		}
		assets := map[string]inventory.Asset{}
		working := 0
		for _, a := range r.Assets {
			if err := a.Validate(); err != nil {
				t.Errorf("asset %s: %v", a.Tag, err)
			}
			assets[a.Tag] = a
			if a.Expected() {
				working++
			}
		}
		if working != c.workstations || len(r.Positions) != c.workstations {
			t.Errorf("%d machines at work at %d positions, want %d", working, len(r.Positions), c.workstations)
		}
		for _, p := range r.Positions {
			if a := assets[p.Asset]; a.Position != p.Code || a.Site != p.Site || p.Validate() != nil {
				t.Errorf("at %s stands %s, which is at %s", p.Code, p.Asset, a.Position)
			}
		}
		for _, s := range year.Swaps {
			folded, err := refresh.Fold(bySwap[s.ID])
			if diff := cmp.Diff(s, folded); err != nil || diff != "" {
				t.Errorf("swap %s is not what its events add up to: %v\n%s", s.ID, err, diff)
			}
		}
	}
}

// TestYearIsHalfDone wants every kind of wave and every step of a swap in a county
// of the usual size, on whatever day it is run.
func TestYearIsHalfDone(t *testing.T) {
	for _, c := range counties[3:] {
		year := yearOf(t, c.sites, c.workstations, c.now)
		tally := refresh.Count(year.Register.Positions, year.Swaps)
		if done := float64(tally.Proven()) / float64(tally.InScope); done < 0.35 || done > 0.75 {
			t.Errorf("%d sites: %d of %d proven", c.sites, tally.Proven(), tally.InScope)
		}
		states := map[inventory.SwapState]int{}
		for _, s := range year.Swaps {
			states[s.State]++
		}
		for _, state := range []inventory.SwapState{inventory.SwapPlanned, inventory.SwapScheduled, inventory.SwapSwapped, inventory.SwapClosed} {
			if states[state] == 0 {
				t.Errorf("%d sites: no swap is %s: %v", c.sites, state, states)
			}
		}
		t.Logf("%d sites: %d events, %v, %d staff, %d trained, %d visits", c.sites, len(year.Events), states, len(year.Register.Staff), len(year.Register.Training), len(year.Register.Visits))
	}
}

func TestOneCountyAndDayGiveOneYear(t *testing.T) {
	c := counties[2]
	a, b := yearOf(t, c.sites, c.workstations, c.now), yearOf(t, c.sites, c.workstations, c.now)
	sameNet := cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })
	if diff := cmp.Diff(a, b, sameNet, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
}
