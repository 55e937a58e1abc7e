package refresh_test

import (
	"errors"
	"testing"
	"time"

	"muster/controller/refresh"
	"muster/inventory"
)

func TestASwapIsPlannedScheduledDoneAndUndone(t *testing.T) {
	d := planned(t)
	d.is(inventory.SwapPlanned)
	d.scene.Visit = &inventory.Visit{Code: "V1", Site: "S001", Date: "2026-11-24", Crew: "north"}
	d.do(refresh.Schedule{Visit: "V1"})
	d.is(inventory.SwapScheduled)
	d.do(refresh.Do{Checks: []refresh.Checking{{Name: refresh.CheckSignedIn, Passed: true}}})
	d.is(inventory.SwapSwapped)
	if s := d.swap; s.Old != "OLD1" || s.New != "NEW1" || s.Crew != "north" || s.DoneBy != "alex" || len(s.Checks) != 1 {
		t.Errorf("done as %+v", s)
	}
	d.after(time.Hour).do(refresh.Undo{Reason: "wrong desk"})
	d.is(inventory.SwapScheduled)
	if s := d.swap; !s.DoneAt.IsZero() || len(s.Checks) != 0 || s.Visit != "V1" {
		t.Errorf("undone, and still %+v", s)
	}
}

func TestUndoingBringsThePlannedMachinesBack(t *testing.T) {
	d := planned(t)
	d.do(refresh.Do{New: "NEW2"})
	if d.swap.New != "NEW2" {
		t.Fatalf("the scan says NEW2, the swap %s", d.swap.New)
	}
	d.after(time.Minute).do(refresh.Undo{Reason: "scanned the wrong box"})
	if d.swap.New != "NEW1" {
		t.Errorf("undone, and the new machine is %q", d.swap.New)
	}
}

func TestEveryRefusalSaysWhyAndWhatWouldHelp(t *testing.T) {
	newDesk(t).refused(refresh.Do{New: "NEW1"}, refresh.Said{}, "no such swap", "plan it first")
	newDesk(t).refused(refresh.Plan{ID: "x1"}, refresh.Said{}, "no id", "")
	out := newDesk(t)
	out.scene.Position.OutScope = "let to a charity"
	out.refused(refresh.Plan{ID: "x00000001"}, refresh.Said{}, "let to a charity", "into scope")

	d := planned(t)
	d.refused(refresh.Close{}, refresh.Said{}, "it is planned", "done")
	d.refused(refresh.Do{New: "NEW9"}, refresh.Said{}, "not in the register", "import")
	d.refused(refresh.Do{New: "OLD1"}, refresh.Said{}, "both the old and the new", "in place")
	empty := newDesk(t)
	empty.scene.Position.Asset = ""
	empty.do(refresh.Plan{ID: "x00000001", New: "NEW1"})
	empty.refused(refresh.Do{}, refresh.Said{}, "which machine stood there", "nothing stood there")
	d.refused(refresh.Do{NoOld: true, Old: "OLD1"}, refresh.Said{}, "said not to be there", "")
	d.refused(refresh.Fail{Next: "2026-12-01"}, refresh.Said{}, "reason is missing", "people ask")
	d.refused(refresh.Fail{Reason: "locked"}, refresh.Said{}, "next date is missing", "cancel")
	d.refused(refresh.Fail{Reason: "locked", Next: "2026-11-01"}, refresh.Said{}, "lies before", "")
	d.refused(refresh.Fail{Reason: "locked", Next: "2036-11-01"}, refresh.Said{}, "three years", "year")
	d.refused(refresh.Schedule{Visit: "V9"}, refresh.Said{}, "not in the register", "make the visit")
	d.refused(refresh.Cancel{}, refresh.Said{}, "reason is missing", "")
	d.refused(refresh.HandIn{}, refresh.Said{}, "it is planned", "done")

	d.do(refresh.Do{})
	d.refused(refresh.Do{}, refresh.Said{}, "it is swapped", "undo it")
	d.refused(refresh.Check{}, refresh.Said{}, "no check", "signed-in")
	d.refused(refresh.Check{Checks: []refresh.Checking{{Name: "Kaffee trinken"}}}, refresh.Said{}, "not a check's name", "signed-in")
	d.refused(refresh.HandIn{Asset: "NEW1"}, refresh.Said{}, "the old machine is OLD1", "scan the old one")
	d.refused(refresh.Close{}, refresh.Said{}, "it is swapped", "verified")
}

func TestAVisitThatDoesNotFitIsRefused(t *testing.T) {
	d := planned(t)
	d.scene.Visit = &inventory.Visit{Code: "V1", Site: "S002", Date: "2026-11-24"}
	d.refused(refresh.Schedule{}, refresh.Said{}, "goes to S002", "")
	d.scene.Visit = &inventory.Visit{Code: "V1", Site: "S001", Date: "2026-11-24", State: inventory.VisitCancelled}
	d.refused(refresh.Schedule{}, refresh.Said{}, "cancelled", "another visit")
	d.scene.Visit = &inventory.Visit{Code: "V1", Site: "S001", Date: "2026-11-20"}
	d.refused(refresh.Schedule{}, refresh.Said{}, "was on 2026-11-20", "why")
}

func TestAReportFromOfflineKeepsBothItsTimes(t *testing.T) {
	d := planned(t)
	d.after(8 * time.Hour)
	at := d.now.Add(-5 * time.Hour)
	if err := d.try(refresh.Do{}, refresh.Said{At: at}); err != nil {
		t.Fatal(err)
	}
	e := d.events[len(d.events)-1]
	if !e.OccurredAt.Equal(at) || !e.RecordedAt.Equal(d.now) || !d.swap.DoneAt.Equal(at) || !d.swap.ChangedAt.Equal(d.now) {
		t.Errorf("occurred %v, recorded %v, done %v", e.OccurredAt, e.RecordedAt, d.swap.DoneAt)
	}
}

func TestTheFutureIsRefusedAndTheTimeBeforeThePlanNeedsAReason(t *testing.T) {
	d := planned(t)
	d.refused(refresh.Do{}, refresh.Said{At: d.now.Add(time.Hour)}, "future", "when it happened")
	d.refused(refresh.Do{}, refresh.Said{At: d.now.Add(-time.Hour)}, "planned only at", "why")
	d.refused(refresh.Do{}, refresh.Said{At: d.now.AddDate(-1, 0, 0)}, "days ago", "check the date")
	if err := d.try(refresh.Do{}, refresh.Said{At: d.now.Add(-time.Hour), Why: "the screen burst, done at once"}); err != nil {
		t.Error(err)
	}
	d.is(inventory.SwapSwapped)
}

func TestAClockThatRunsAheadALittleIsTakenForNow(t *testing.T) {
	d := planned(t)
	if err := d.try(refresh.Do{}, refresh.Said{At: d.now.Add(time.Minute)}); err != nil {
		t.Fatal(err)
	}
	if !d.swap.DoneAt.Equal(d.now) {
		t.Errorf("done at %v, now is %v", d.swap.DoneAt, d.now)
	}
}

func TestTwoTechniciansNeverOverwriteEachOther(t *testing.T) {
	d := planned(t)
	read := d.swap.Version
	if err := d.try(refresh.Do{}, refresh.Said{By: "sam", Version: read}); err != nil {
		t.Fatal(err)
	}
	err := d.after(time.Minute).try(refresh.Fail{Reason: "no key", Next: "2026-12-01"}, refresh.Said{By: "alex", Version: read})
	var c *refresh.Conflict
	if !errors.As(err, &c) || c.By != "sam" || c.State != inventory.SwapSwapped {
		t.Fatalf("%v, want a conflict that names sam", err)
	}
	d.is(inventory.SwapSwapped)
}

func TestEvidenceBetweenReadingAndWritingIsNoConflict(t *testing.T) {
	d := planned(t)
	d.do(refresh.Do{})
	read := d.swap.Version
	off := d.now
	d.after(20 * time.Minute)
	d.see(d.seen(quiet("wold00001", off), d.working("wnew00001")))
	d.is(inventory.SwapVerified)
	if err := d.try(refresh.Check{Checks: []refresh.Checking{{Name: "printed", Passed: true}}}, refresh.Said{Version: read}); err != nil {
		t.Errorf("evidence came in between, and the check is refused: %v", err)
	}
}

func TestALateReportOfAnEarlierTimeDoesNotUndoALaterOne(t *testing.T) {
	d := planned(t)
	d.after(3 * time.Hour)
	d.do(refresh.Fail{Reason: "no key", Next: "2026-11-30"})
	err := d.after(time.Hour).try(refresh.Do{}, refresh.Said{By: "sam", At: d.now.Add(-3 * time.Hour)})
	if _, ok := errors.AsType[*refresh.Conflict](err); !ok {
		t.Fatalf("%v, want a conflict: it failed since", err)
	}
	if err := d.try(refresh.Do{}, refresh.Said{By: "sam", At: d.now.Add(-3 * time.Hour), Version: d.swap.Version}); err != nil {
		t.Errorf("who has read that it failed may say that it was done: %v", err)
	}
}

func TestAMachineStandsAtOneDeskOnly(t *testing.T) {
	d := planned(t)
	other := inventory.Swap{ID: "x00000002", Position: "S001-02", Site: "S001", New: "NEW1", State: inventory.SwapVerified}
	d.scene.Others = []inventory.Swap{other}
	d.refused(refresh.Do{}, refresh.Said{}, "is the new machine at S001-02", "roll it back")
	other.New, other.Old = "NEW2", "OLD1"
	d.scene.Others = []inventory.Swap{other}
	d.refused(refresh.Do{}, refresh.Said{}, "already taken away", "scan what stood here")
}

func TestAPositionHasOneOpenSwap(t *testing.T) {
	d := newDesk(t)
	d.scene.Others = []inventory.Swap{{ID: "x00000009", Position: "S001-01", State: inventory.SwapFailed}}
	d.refused(refresh.Plan{ID: "x00000001"}, refresh.Said{}, "has swap x00000009", "use that one")
	d.scene.Others[0].State = inventory.SwapClosed
	d.refused(refresh.Plan{ID: "x00000001"}, refresh.Said{}, "swapped already", "again")
	if err := d.try(refresh.Plan{ID: "x00000001"}, refresh.Said{Why: "the machine was stolen"}); err != nil {
		t.Error(err)
	}
}

func TestASwapClosesOnceTheOldOneIsHandedIn(t *testing.T) {
	d := planned(t)
	d.do(refresh.Do{})
	off := d.now
	d.after(20 * time.Minute)
	d.see(d.seen(quiet("wold00001", off), d.working("wnew00001")))
	d.refused(refresh.Close{}, refresh.Said{}, "OLD1 was not handed in", "scan it in")
	d.do(refresh.HandIn{Asset: "OLD1", Where: "depot"})
	d.do(refresh.Close{})
	d.is(inventory.SwapClosed)
	if d.swap.Declared {
		t.Error("it was observed silent; the scan does not make it declared")
	}
	d.after(time.Hour).do(refresh.RollBack{Reason: "the records program does not run on it", Next: "2026-12-07"})
	d.is(inventory.SwapRolledBack)
}

func TestTheRegisterFollowsASwapAndItsUndoing(t *testing.T) {
	d := planned(t)
	before := d.swap
	d.do(refresh.Do{})
	m := refresh.Register(before, d.swap, d.scene.Position, d.scene.Assets)
	if len(m.Assets) != 2 || m.Position == nil || m.Position.Asset != "NEW1" {
		t.Fatalf("moves %+v", m)
	}
	for _, a := range m.Assets {
		d.scene.Assets[a.Tag] = a
	}
	if a := d.scene.Assets["NEW1"]; a.State != inventory.AssetInService || a.Site != "S001" || a.Position != "S001-01" {
		t.Errorf("the new one: %+v", a)
	}
	if a := d.scene.Assets["OLD1"]; a.State != inventory.AssetRetired || a.Site != "" {
		t.Errorf("the old one: %+v", a)
	}
	done := d.swap
	d.after(time.Hour).do(refresh.Undo{Reason: "wrong desk"})
	m = refresh.Register(done, d.swap, *m.Position, d.scene.Assets)
	if len(m.Assets) != 2 || m.Position.Asset != "OLD1" {
		t.Errorf("undone, and the register moves %+v", m)
	}
}

func TestAnEventThatDoesNotFollowIsRefused(t *testing.T) {
	d := planned(t)
	d.do(refresh.Do{})
	d.after(time.Minute).do(refresh.Undo{Reason: "wrong desk"})
	if _, err := refresh.Fold(d.events[1:]); err == nil {
		t.Error("a swap without its plan was folded")
	}
	if _, err := refresh.Fold(append(d.events[:1:1], d.events[2])); err == nil {
		t.Error("an event is missing and nobody noticed")
	}
	alien := d.events[1]
	alien.Subject.Key = "x99999999"
	if _, err := refresh.Apply(d.swap, alien); err == nil {
		t.Error("another swap's event was applied")
	}
}
