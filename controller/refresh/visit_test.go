package refresh_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/controller/refresh"
	"muster/inventory"
)

var london, _ = time.LoadLocation("Europe/London")

// visited is a visit of three desks at a site, scheduled.
func visited(t *testing.T) (refresh.Desk, refresh.WorkList) {
	t.Helper()
	visit := inventory.Visit{Code: "V1", Site: "S001", Date: "2026-11-23", From: "08:30", Crew: "north"}
	d := refresh.Desk{
		Visit: visit, Zone: london, Positions: map[string]inventory.Position{}, Assets: map[string]inventory.Asset{}, Reported: map[string]bool{},
	}
	var assets []inventory.Asset
	for i := range 3 {
		n := fmt.Sprint(i + 1)
		p := inventory.Position{Code: "S001-0" + n, Site: "S001", Room: "1.0" + n, Role: "reception", Asset: "OLD" + n, Keep: "=label printer"}
		d.Positions[p.Code] = p
		for _, a := range []inventory.Asset{
			{Tag: "OLD" + n, Serial: "OLDSER" + n, Kind: inventory.AssetDesktop, Site: "S001"},
			{Tag: "NEW" + n, Serial: "NEWSER" + n, Kind: inventory.AssetDesktop, State: inventory.AssetStaged},
		} {
			d.Assets[a.Tag] = a
			assets = append(assets, a)
		}
		scene := refresh.Scene{Position: p, Visit: &visit}
		s := act(t, inventory.Swap{}, refresh.Plan{ID: "x0000000" + n, New: "NEW" + n}, scene, monday.AddDate(0, 0, -7))
		d.Swaps = append(d.Swaps, act(t, s, refresh.Schedule{}, scene, monday.AddDate(0, 0, -6)))
	}
	d.Index = refresh.NewIndex(assets, nil)
	site := inventory.Site{Code: "S001", Name: "Mill Lane", Contact: "Jo", Phone: "01234", Hours: "Mon-Fri 08:00-18:00", Access: "key at the pub"}
	return d, refresh.MakeWorkList(visit, site, d.Swaps, d.Positions, d.Assets)
}

func act(t *testing.T, s inventory.Swap, a refresh.Action, scene refresh.Scene, now time.Time) inventory.Swap {
	t.Helper()
	after, _, err := refresh.Act(s, refresh.Order{Action: a, Said: refresh.Said{By: "alex"}, Scene: scene}, now)
	if err != nil {
		t.Fatal(err)
	}
	return after
}

// filled is the work list's own sheet with cells written into it: by line from
// 1, column and text.
func filled(t *testing.T, l refresh.WorkList, cells map[int]map[string]string) []refresh.Row {
	t.Helper()
	var b bytes.Buffer
	if err := l.WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	rows, err := refresh.ReadCSV(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for row, columns := range cells {
		for column, text := range columns {
			for i, name := range rows[0].Cells {
				if name == column {
					rows[row].Cells[i] = text
				}
			}
		}
	}
	return rows
}

var evening = time.Date(2026, 11, 23, 19, 0, 0, 0, time.UTC)

func TestAWorkListSaysWhatACrewNeeds(t *testing.T) {
	_, l := visited(t)
	if l.Contact != "Jo" || l.Access != "key at the pub" || len(l.Desks) != 3 {
		t.Fatalf("work list %+v", l)
	}
	want := refresh.WorkDesk{
		Swap: "x00000001", Version: 2, State: inventory.SwapScheduled, Position: "S001-01", Room: "1.01", Role: "reception",
		Old: "OLD1", OldSerial: "OLDSER1", New: "NEW1", NewSerial: "NEWSER1", Keep: "=label printer",
	}
	if diff := cmp.Diff(want, l.Desks[0]); diff != "" {
		t.Error(diff)
	}
}

func TestASheetFilledInAfterwardsOccurredThen(t *testing.T) {
	d, l := visited(t)
	rows := filled(t, l, map[int]map[string]string{
		1: {"outcome": "done", "when": "10:40", "new_scanned": " newser1 ", "by": "sam", "signed-in": "yes", "printed": "no"},
		2: {"outcome": "failed", "when": "2026-11-23 11:15", "reason": "desk locked", "next": "2026-12-01"},
	})
	f, err := refresh.Fill(rows, d, "alex", evening)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.After) != 2 || len(f.Skipped) != 1 || len(f.Events) != 2 {
		t.Fatalf("%d swaps, %d skipped, %d events", len(f.After), len(f.Skipped), len(f.Events))
	}
	done, failed := f.After[0], f.After[1]
	if at := time.Date(2026, 11, 23, 10, 40, 0, 0, london); !done.DoneAt.Equal(at) || done.DoneBy != "sam" || done.New != "NEW1" || len(done.Checks) != 2 {
		t.Errorf("done: %+v", done)
	}
	if failed.State != inventory.SwapFailed || failed.Next != "2026-12-01" {
		t.Errorf("failed: %+v", failed)
	}
	for _, e := range f.Events {
		if !e.RecordedAt.Equal(evening) || !e.OccurredAt.Before(evening) {
			t.Errorf("%s occurred %v, recorded %v", e.Kind, e.OccurredAt, e.RecordedAt)
		}
	}
}

func TestTheSameSheetTwiceChangesNothing(t *testing.T) {
	d, l := visited(t)
	rows := filled(t, l, map[int]map[string]string{1: {"outcome": "done", "when": "10:40"}, 2: {"outcome": "failed", "reason": "locked", "next": "2026-12-01"}})
	f, err := refresh.Fill(rows, d, "alex", evening)
	if err != nil {
		t.Fatal(err)
	}
	d.Swaps = append(f.After, d.Swaps[2])
	again, err := refresh.Fill(rows, d, "alex", evening.Add(time.Hour))
	if err != nil || len(again.Events) != 0 || len(again.Skipped) != 3 {
		t.Errorf("%v; %d events, skipped %v", err, len(again.Events), again.Skipped)
	}
}

func TestOneBadRowRecordsNothingAndEveryBadRowIsListed(t *testing.T) {
	d, l := visited(t)
	rows := filled(t, l, map[int]map[string]string{
		1: {"outcome": "done", "when": "10:40"},
		2: {"outcome": "done", "when": "half past ten", "new_scanned": "To Be Filled By O.E.M."},
		3: {"outcome": "perhaps"},
	})
	f, err := refresh.Fill(rows, d, "alex", evening)
	var ps refresh.RowProblems
	if !errors.As(err, &ps) || len(f.Events) != 0 || len(f.After) != 0 {
		t.Fatalf("%v, %d events", err, len(f.Events))
	}
	var got []string
	for _, p := range ps {
		got = append(got, fmt.Sprintf("%d %s", p.Line, p.Column))
	}
	if diff := cmp.Diff([]string{"3 when", "3 new_scanned", "4 outcome"}, got); diff != "" {
		t.Errorf("%s\n%v", diff, err)
	}
}

func TestASecondTechniciansSheetDoesNotOverwriteTheFirst(t *testing.T) {
	d, l := visited(t)
	first := filled(t, l, map[int]map[string]string{1: {"outcome": "done", "when": "10:40", "by": "sam"}})
	f, err := refresh.Fill(first, d, "sam", evening)
	if err != nil {
		t.Fatal(err)
	}
	d.Swaps[0] = f.After[0]
	second := filled(t, l, map[int]map[string]string{1: {"outcome": "failed", "when": "11:00", "reason": "locked", "next": "2026-12-01"}})
	_, err = refresh.Fill(second, d, "alex", evening)
	if err == nil || !strings.Contains(err.Error(), "changed since you read it: sam made it swapped") {
		t.Errorf("%v, want it refused because sam was there first", err)
	}
}

func TestOneMachineOnTwoRowsIsRefused(t *testing.T) {
	d, l := visited(t)
	rows := filled(t, l, map[int]map[string]string{1: {"outcome": "done", "when": "10:40"}, 2: {"outcome": "done", "when": "10:50", "new_scanned": "NEW1"}})
	if _, err := refresh.Fill(rows, d, "alex", evening); err == nil || !strings.Contains(err.Error(), "NEW1 is the new machine at S001-01") {
		t.Errorf("%v", err)
	}
}

func TestADateThatCanBeReadTwoWaysIsDecidedByTheVisitOrRefused(t *testing.T) {
	d, l := visited(t)
	d.Visit.Date, l.Visit.Date = "2026-11-05", "2026-11-05"
	later := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	rows := filled(t, l, map[int]map[string]string{1: {"outcome": "done", "when": "05/11/2026 10:40", "why": "planned late"}})
	f, err := refresh.Fill(rows, d, "alex", later)
	if err != nil || !f.After[0].DoneAt.Equal(time.Date(2026, 11, 5, 10, 40, 0, 0, london)) {
		t.Errorf("%v, %+v", err, f.After)
	}
	rows = filled(t, l, map[int]map[string]string{1: {"outcome": "done", "when": "07/11/2026 10:40"}})
	if _, err := refresh.Fill(rows, d, "alex", later); err == nil || !strings.Contains(err.Error(), "may be 2026-11-07 10:40 or 2026-07-11 10:40") {
		t.Errorf("%v", err)
	}
}

func TestASheetWithAStrangeHeaderIsRefused(t *testing.T) {
	d, _ := visited(t)
	for text, why := range map[string]string{
		"":                                           "empty",
		"swap,outcome\nx00000001,done":               "version: the column is missing",
		"swap,version,outcome,lunch\n":               "lunch: no column",
		"swap,version,outcome,outcome\n":             "twice",
		"swap;version;outcome\nx9;1;done":            "there is no swap",
		"swap,version,outcome\nx00000001,one,done\n": "no version",
	} {
		rows, err := refresh.ReadCSV([]byte(text))
		if err == nil {
			_, err = refresh.Fill(rows, d, "alex", evening)
		}
		if err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v, want %q", text, err, why)
		}
	}
}

func TestASheetHasBounds(t *testing.T) {
	if _, err := refresh.ReadCSV(make([]byte, refresh.MaxSheetBytes+1)); err == nil {
		t.Error("a sheet of more than the limit was read")
	}
	if _, err := refresh.ReadCSV([]byte("swap\n" + strings.Repeat("x\n", refresh.MaxSheetRows+1))); err == nil {
		t.Error("more rows than the limit were read")
	}
	if _, err := refresh.ReadCSV([]byte("swap\n\xff\n")); err == nil {
		t.Error("bytes that are no UTF-8 were read")
	}
}

func TestAVisitsReportSaysWhyTheOthersAreNot(t *testing.T) {
	d, _ := visited(t)
	swaps := d.Swaps
	swaps[0].State, swaps[0].Declared = inventory.SwapVerified, true
	swaps[1].State, swaps[1].Missing = inventory.SwapSwapped, []string{"the new machine NEW2 has no agent yet"}
	swaps[2].State, swaps[2].Reason, swaps[2].Next = inventory.SwapFailed, "desk locked", "2026-12-01"
	r := refresh.ReportVisit(d.Visit, swaps, evening, london)
	want := "1 of 3 verified (1 of them declared); these are not, because\n" +
		"  S001-02: the new machine NEW2 has no agent yet\n" +
		"  S001-03: not done: desk locked, to be tried again on 2026-12-01"
	if diff := cmp.Diff(want, r.String()); diff != "" {
		t.Error(diff)
	}
}

func TestAFormulaInTheRegisterStaysTextInTheSheetAndBack(t *testing.T) {
	_, l := visited(t)
	var b bytes.Buffer
	if err := l.WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "'=label printer") {
		t.Errorf("a spreadsheet would run %s", b.String())
	}
}
