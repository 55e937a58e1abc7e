package programme_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"muster/controller/programme"
	"muster/controller/refresh"
	"muster/inventory"
)

func TestASwapIsVerifiedWithTheNewAgentsFirstReportOnceTheOldOneIsHandedIn(t *testing.T) {
	o := openOffice(t)
	o.open()
	if _, err := o.desk.PlanSwaps(t.Context(), programme.PlanOrder{Rows: []programme.PlanRow{{Position: "P1", New: "SNNEW1"}}, Said: refresh.Said{By: "tess"}}); err != nil {
		t.Fatal(err)
	}
	o.pass(time.Minute)
	o.act("P1", refresh.Do{New: "NEW1", Old: "SNOLD1"})
	if s := o.swap("P1"); s.State != inventory.SwapSwapped || len(s.Missing) != 2 {
		t.Fatalf("after it was done the swap is %s and lacks %q", s.State, s.Missing)
	}
	o.act("OLD1", refresh.HandIn{Where: "depot"})
	o.enrol("w00000001", "NEW1", "S001")
	o.pass(30 * time.Second)
	o.report("w00000001", "S001")
	s := o.swap("NEW1")
	if s.State != inventory.SwapVerified || !s.Declared {
		t.Fatalf("the swap is %s, declared %t, lacks %q", s.State, s.Declared, s.Missing)
	}
	for tag, want := range map[string]inventory.AssetState{"NEW1": inventory.AssetInService, "OLD1": inventory.AssetRetired} {
		if a, err := o.store.Asset(t.Context(), tag); err != nil || a.State != want {
			t.Errorf("asset %s is %s (%v), want %s", tag, a.State, err, want)
		}
	}
	c := o.site().Criteria[0]
	if c.Pass != 1 || c.InScope != 2 {
		t.Errorf("%d of %d positions pass", c.Pass, c.InScope)
	}
}

func TestOfTwoWhoReadTheSameSwapTheSecondOverwritesNothing(t *testing.T) {
	o := openOffice(t)
	o.open()
	p, err := o.desk.PlanSwaps(t.Context(), programme.PlanOrder{Site: "S001", Visit: "V1", Said: refresh.Said{By: "tess"}})
	if err != nil || len(p.Swaps) != 2 || p.Swaps[0].State != inventory.SwapScheduled {
		t.Fatalf("planned %+v, %v", p, err)
	}
	read := p.Swaps[0]
	o.pass(time.Minute)
	first := programme.Order{Swap: read.ID, Action: refresh.Do{New: "NEW1"}, Said: refresh.Said{By: "tess", Version: read.Version}}
	if _, err := o.desk.Act(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	second := programme.Order{Swap: read.ID, Action: refresh.Fail{Reason: "no power", Next: "2026-12-01"}, Said: refresh.Said{By: "sam", Version: read.Version}}
	var refused *programme.Refusal
	if _, err := o.desk.Act(t.Context(), second); !errors.As(err, &refused) || !refused.Conflict || !strings.Contains(refused.Why, "tess") {
		t.Errorf("the second writer is told %v", err)
	}
	if s := o.swap(read.ID); s.State != inventory.SwapSwapped {
		t.Errorf("the swap is %s", s.State)
	}
}

func TestADryRunChangesNothing(t *testing.T) {
	o := openOffice(t)
	o.open()
	p, err := o.desk.PlanSwaps(t.Context(), programme.PlanOrder{Wave: "W1", DryRun: true, Said: refresh.Said{By: "tess"}})
	if err != nil || len(p.Swaps) != 2 {
		t.Fatalf("planned %+v, %v", p, err)
	}
	if all, _ := o.desk.Swaps(inventory.SwapFilter{}); len(all) != 0 {
		t.Errorf("%d swaps are there", len(all))
	}
}

func TestAVisitsSheetIsRecordedWholeOrNotAtAll(t *testing.T) {
	o := openOffice(t)
	o.open()
	p, err := o.desk.PlanSwaps(t.Context(), programme.PlanOrder{
		Rows: []programme.PlanRow{{Position: "P1", New: "NEW1"}, {Position: "P2", New: "NEW2"}}, Visit: "V1", Said: refresh.Said{By: "tess"},
	})
	if err != nil || len(p.Refused) > 0 {
		t.Fatalf("planned %+v, %v", p, err)
	}
	list, err := o.desk.WorkList("V1")
	if err != nil || len(list.Desks) != 2 {
		t.Fatalf("work list %+v, %v", list, err)
	}
	o.pass(26 * time.Hour)
	sheet := "swap,version,outcome,when,by\n"
	for _, d := range list.Desks {
		sheet += d.Swap + "," + "2,done,2026-11-24 10:00,red\n"
	}
	bad := sheet + "x99999999,1,done,2026-11-24 10:00,red\n"
	var refused *programme.Refusal
	if _, err := o.desk.FillVisit(t.Context(), "V1", []byte(bad), "tess", false); !errors.As(err, &refused) || len(refused.Rows) != 1 {
		t.Fatalf("the sheet with a bad row is answered %v", err)
	}
	if r, err := o.desk.VisitReport("V1"); err != nil || r.Swaps != 2 || slices.ContainsFunc(r.Open, func(l refresh.VisitLine) bool { return l.State == inventory.SwapSwapped }) {
		t.Fatalf("after a refused sheet the visit is %+v, %v", r, err)
	}
	f, err := o.desk.FillVisit(t.Context(), "V1", []byte(sheet), "tess", false)
	if err != nil || len(f.Swaps) != 2 {
		t.Fatalf("filled %+v, %v", f, err)
	}
	if want := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC); !f.Swaps[0].DoneAt.Equal(want) {
		t.Errorf("done at %s, want %s", f.Swaps[0].DoneAt, want)
	}
}

func TestAWipedMachineNeedsAVerifierWhoIsSomebodyElse(t *testing.T) {
	o := openOffice(t)
	o.open()
	if _, err := o.desk.Advance(t.Context(), "OLD2", inventory.AssetRetired, "tess"); err != nil {
		t.Fatal(err)
	}
	wipe := inventory.Wipe{Asset: "SNOLD2", Method: "overwrite", DriveSerial: "D123456", By: "tess", Verifier: "tess"}
	var refused *programme.Refusal
	if _, err := o.desk.Wipe(t.Context(), wipe); !errors.As(err, &refused) {
		t.Fatalf("her own verifier: %v", err)
	}
	wipe.Verifier = "sam"
	a, err := o.desk.Wipe(t.Context(), wipe)
	if err != nil || a.State != inventory.AssetWiped || len(o.desk.Wipes("OLD2")) != 1 {
		t.Fatalf("%+v, %v", a, err)
	}
}
