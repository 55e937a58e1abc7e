package refresh_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"muster/controller/refresh"
	"muster/inventory"
)

func (c *county) check() {
	swaps := slices.Collect(maps.Values(c.swaps))
	tally := refresh.Count(c.positions, swaps)
	scope := 0
	for _, p := range c.positions {
		if p.InScope() {
			scope++
		}
	}
	if tally.Sum() != scope || tally.InScope != scope || tally.InScope+tally.OutOfScope != len(c.positions) {
		c.t.Fatalf("%d positions in scope, counted %+v", scope, tally)
	}
	if tally.Declared > tally.Proven() {
		c.t.Fatalf("more declared than verified: %+v", tally)
	}
	stands := map[string]string{}
	for id, s := range c.swaps {
		folded, err := refresh.Fold(c.events[id])
		if err != nil {
			c.t.Fatal(err)
		}
		s.Missing = nil
		if diff := cmp.Diff(s, folded); diff != "" {
			c.t.Fatalf("the events of %s add up to something else: %s", id, diff)
		}
		switch s.State {
		case inventory.SwapSwapped, inventory.SwapVerified, inventory.SwapClosed:
			if other, twice := stands[s.New]; twice {
				c.t.Fatalf("%s stands at %s and at %s", s.New, other, s.Position)
			}
			stands[s.New] = s.Position
			if s.State != inventory.SwapSwapped && (!s.NewHalf.Done() || !s.OldHalf.Done()) {
				c.t.Fatalf("verified with a half open: %+v", s)
			}
		default:
		}
	}
	c.checkBurnUp(tally)
}

// checkBurnUp holds that both axes end where the swaps stand.
func (c *county) checkBurnUp(tally refresh.Tally) {
	past := refresh.Past{Swaps: c.all, Batches: c.batches}
	today := inventory.DateOf(c.now)
	for _, axis := range []refresh.Axis{refresh.ByOccurred, refresh.ByRecorded} {
		days, err := refresh.BurnUp(past, axis, inventory.DateOf(c.start.AddDate(0, 0, -5)), today)
		if err != nil {
			c.t.Fatal(err)
		}
		last := days[len(days)-1]
		want := inventory.BurnDay{Day: today, Scope: tally.InScope, Swapped: tally.Swapped + tally.Proven(), Verified: tally.Proven()}
		if again := c.again(); !again {
			if diff := cmp.Diff(want, last); diff != "" {
				c.t.Fatalf("the burn-up by %s ends elsewhere: %s", axis, diff)
			}
		}
		for _, d := range days {
			if d.Verified > d.Swapped || d.Swapped > d.Scope || d.Verified < 0 {
				c.t.Fatalf("a day counts wrong by %s: %+v", axis, d)
			}
		}
	}
}

// again reports whether a position was swapped a second time: it then stands as
// far as the furthest of its swaps in a burn-up, and as its newest in a tally.
func (c *county) again() bool {
	live := map[string]int{}
	for _, s := range c.swaps {
		if s.State != inventory.SwapCancelled {
			live[s.Position]++
		}
	}
	for _, n := range live {
		if n > 1 {
			return true
		}
	}
	return false
}

func TestNoHistoryCorruptsTheCounts(t *testing.T) {
	accepted, reached := 0, map[inventory.SwapState]int{}
	for seed := range uint64(60) {
		c := newCounty(t, seed)
		for step := range 250 {
			c.step()
			if step%10 == 0 {
				c.check()
			}
		}
		c.check()
		accepted += c.accepted
		for state, n := range c.reached {
			reached[state] += n
		}
	}
	t.Logf("%d actions were accepted; states reached: %v", accepted, reached)
	for _, state := range inventory.SwapStates() {
		if reached[state] < 10 {
			t.Errorf("%s was reached %d times: the histories do not try it", state, reached[state])
		}
	}
}
