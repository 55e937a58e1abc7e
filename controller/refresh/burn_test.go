package refresh_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/controller/refresh"
	"muster/inventory"
)

func scoped(t *testing.T, at time.Time, codes ...string) inventory.Batch {
	t.Helper()
	b := inventory.Batch{Number: 1, Source: "positions.csv", MadeAt: at}
	for _, code := range codes {
		text, err := json.Marshal(inventory.Position{Code: code, Site: "S001"})
		if err != nil {
			t.Fatal(err)
		}
		b.Changes = append(b.Changes, inventory.Change{Noun: inventory.NounPosition, Key: code, After: text})
	}
	return b
}

func TestABurnUpShowsALateReportOnItsDayAndOnTheDayItWasKnown(t *testing.T) {
	d := planned(t)
	monday := d.now
	d.after(48 * time.Hour) // the crew was offline until Wednesday
	if err := d.try(refresh.Do{}, refresh.Said{At: monday.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	past := refresh.Past{Swaps: d.events, Batches: []inventory.Batch{scoped(t, monday, "S001-01", "S001-02")}}
	for axis, want := range map[refresh.Axis][]int{refresh.ByOccurred: {1, 1, 1}, refresh.ByRecorded: {0, 0, 1}} {
		days, err := refresh.BurnUp(past, axis, "2026-11-23", "2026-11-25")
		if err != nil {
			t.Fatal(err)
		}
		var got []int
		for _, day := range days {
			got = append(got, day.Swapped)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("by %s: %s", axis, diff)
		}
	}
}

func TestWhatChangedTellsScopeFromProgress(t *testing.T) {
	d := verified(t)
	was := d.now
	d.after(24 * time.Hour)
	d.see(d.seen(d.working("wold00001"), d.working("wnew00001")))
	d.is(inventory.SwapSwapped)
	past := refresh.Past{
		Swaps:   d.events,
		Batches: []inventory.Batch{scoped(t, monday, "S001-01"), scoped(t, was.Add(20*time.Hour), "S001-02")},
		Ready: []refresh.ReadyMark{
			{Site: "S001", Ready: true, OccurredAt: was, RecordedAt: was},
			{Site: "S001", Why: "swapped: 1 of 2", OccurredAt: d.now, RecordedAt: d.now},
		},
	}
	c, err := refresh.Between(past, refresh.ByRecorded, "2026-11-23", "2026-11-24")
	if err != nil {
		t.Fatal(err)
	}
	if c.From.Verified != 1 || c.To.Verified != 0 || c.To.Scope != 2 || c.From.Ready != 1 || c.To.Ready != 0 {
		t.Errorf("from %+v to %+v", c.From, c.To)
	}
	if len(c.ScopeIn) != 1 || c.ScopeIn[0].Key != "S001-02" || len(c.Unverified) != 1 || len(c.NotReady) != 1 || c.NotReady[0].Why != "swapped: 1 of 2" {
		t.Errorf("changes %+v", c)
	}
	if c.Unverified[0].Why == "" {
		t.Error("nobody says why it is no longer verified")
	}
}

func TestAForecastsHistoryIsByDayAndCrew(t *testing.T) {
	at := time.Date(2026, 7, 1, 23, 30, 0, 0, time.UTC) // half past midnight on the 2nd in London
	days := refresh.VerifiedByCrew([]inventory.Swap{
		{ID: "x00000001", Position: "P1", State: inventory.SwapVerified, VerifiedAt: at, Crew: "north"},
		{ID: "x00000002", Position: "P2", State: inventory.SwapClosed, VerifiedAt: at, Crew: "north"},
		{ID: "x00000003", Position: "P3", State: inventory.SwapSwapped, Crew: "north"},
	}, london)
	if diff := cmp.Diff([]refresh.CrewDay{{Day: "2026-07-02", Crew: "north", Count: 2}}, days); diff != "" {
		t.Error(diff)
	}
}
