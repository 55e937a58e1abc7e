package refresh_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"muster/controller/refresh"
	"muster/inventory"
)

var retired = inventory.Asset{Tag: "OLD1", Kind: inventory.AssetDesktop, State: inventory.AssetRetired, HoldUntil: "2026-11-23"}

var wipe = inventory.Wipe{Method: refresh.WipeOverwrite, DriveSerial: "DRIVE-1", By: "sam", Verifier: "alex", At: monday}

func refusedBecause(t *testing.T, err error, why string) {
	t.Helper()
	var r *refresh.Refusal
	if !errors.As(err, &r) || !strings.Contains(err.Error(), why) {
		t.Errorf("%v, want it refused because %q", err, why)
	}
}

func TestAWipeIsRefusedBeforeTheHoldAndWithoutASecondPerson(t *testing.T) {
	now := monday.Add(time.Hour)
	try := func(change func(*inventory.Asset, *inventory.Wipe, *refresh.Custody)) error {
		a, w, c := retired, wipe, refresh.Custody{}
		change(&a, &w, &c)
		_, _, err := refresh.RecordWipe(a, w, c, now)
		return err
	}
	refusedBecause(t, try(func(_ *inventory.Asset, w *inventory.Wipe, _ *refresh.Custody) { w.At = monday.AddDate(0, 0, -1) }), "on hold until 2026-11-23")
	refusedBecause(t, try(func(_ *inventory.Asset, w *inventory.Wipe, _ *refresh.Custody) { w.Verifier = " Sam" }), "cannot verify it too")
	refusedBecause(t, try(func(_ *inventory.Asset, w *inventory.Wipe, _ *refresh.Custody) { w.Verifier = "" }), "both needed")
	refusedBecause(t, try(func(_ *inventory.Asset, w *inventory.Wipe, _ *refresh.Custody) { w.Method = "hammer" }), "no method")
	refusedBecause(t, try(func(_ *inventory.Asset, w *inventory.Wipe, _ *refresh.Custody) { w.DriveSerial = "Default string" }), "no serial of a drive")
	refusedBecause(t, try(func(_ *inventory.Asset, w *inventory.Wipe, _ *refresh.Custody) { w.At = now.Add(time.Hour) }), "future")
	refusedBecause(t, try(func(a *inventory.Asset, _ *inventory.Wipe, _ *refresh.Custody) { a.State = "" }), "it is in-service")
	refusedBecause(t, try(func(a *inventory.Asset, _ *inventory.Wipe, _ *refresh.Custody) { a.Kind = inventory.AssetMonitor }), "no drive")
	refusedBecause(t, try(func(_ *inventory.Asset, _ *inventory.Wipe, c *refresh.Custody) {
		c.Drives = inventory.Known([]string{"OTHER-1"})
	}), "saw no drive DRIVE-1")
	refusedBecause(t, try(func(_ *inventory.Asset, _ *inventory.Wipe, c *refresh.Custody) {
		c.Swaps = []inventory.Swap{{ID: "x00000001", Old: "OLD1", State: inventory.SwapSwapped, Position: "S001-01"}}
	}), "not verified yet")
	if err := try(func(*inventory.Asset, *inventory.Wipe, *refresh.Custody) {}); err != nil {
		t.Error(err)
	}
}

func TestAnAssetIsWipedOnceEveryDriveIs(t *testing.T) {
	c := refresh.Custody{Drives: inventory.Known([]string{"DRIVE-1", "DRIVE-2"})}
	a, e, err := refresh.RecordWipe(retired, wipe, c, monday)
	if err != nil || a.State != inventory.AssetRetired || e.Kind != inventory.EventAssetWiped {
		t.Fatalf("%v, %s, %s", err, a.State, e.Kind)
	}
	c.Wipes = append(c.Wipes, wipe)
	_, _, err = refresh.RecordDisposal(a, inventory.Disposal{Method: "recycled", Taker: "GreenIT", By: "sam"}, c, monday)
	refusedBecause(t, err, "no wipe is recorded of DRIVE-2")
	second := wipe
	second.DriveSerial = "drive-2"
	if a, _, err = refresh.RecordWipe(a, second, c, monday); err != nil || a.State != inventory.AssetWiped {
		t.Fatalf("%v, %s", err, a.State)
	}
}

func TestDisposalNeedsAWipeOfWhateverHasADrive(t *testing.T) {
	gone := inventory.Disposal{Method: "recycled", Taker: "GreenIT", By: "sam"}
	_, _, err := refresh.RecordDisposal(retired, gone, refresh.Custody{}, monday)
	refusedBecause(t, err, "no wipe is recorded")
	monitor := inventory.Asset{Tag: "M1", Kind: inventory.AssetMonitor, State: inventory.AssetRetired}
	if a, e, err := refresh.RecordDisposal(monitor, gone, refresh.Custody{}, monday); err != nil || a.State != inventory.AssetDisposed || e.Kind != inventory.EventAssetDisposed {
		t.Errorf("%v, %s", err, a.State)
	}
	copier := inventory.Asset{Tag: "C1", Kind: inventory.AssetPrinter, State: inventory.AssetRetired}
	_, _, err = refresh.RecordDisposal(copier, gone, refresh.Custody{Drives: inventory.Known([]string{"HDD-77"})}, monday)
	refusedBecause(t, err, "HDD-77")
	held := monitor
	held.HoldUntil = "2027-01-01"
	_, _, err = refresh.RecordDisposal(held, gone, refresh.Custody{}, monday)
	refusedBecause(t, err, "on hold until 2027-01-01")
}

func TestEveryStateOfAnAssetHasItsWayAndDisposedHasNone(t *testing.T) {
	for _, kind := range inventory.AssetKinds() {
		for _, state := range inventory.AssetStates() {
			next := refresh.NextStates(kind, state)
			if (len(next) == 0) != (state == inventory.AssetDisposed) {
				t.Errorf("%s, %s: %v", kind, state, next)
			}
			if !kind.Computer() && slices.Contains(next, inventory.AssetImaged) {
				t.Errorf("a %s is imaged", kind)
			}
		}
	}
}

func TestAnAssetAdvancesByItsLifeOnly(t *testing.T) {
	router := inventory.Asset{Tag: "R1", Kind: inventory.AssetRouter, State: inventory.AssetDelivered}
	if _, err := refresh.Advance(router, inventory.AssetStaged, nil); err != nil {
		t.Error(err)
	}
	_, err := refresh.Advance(router, inventory.AssetImaged, nil)
	refusedBecause(t, err, "not imaged")
	_, err = refresh.Advance(router, inventory.AssetWiped, nil)
	refusedBecause(t, err, "needs a record")
	_, err = refresh.Advance(router, inventory.AssetRetired, nil)
	refusedBecause(t, err, "it is delivered")
	_, err = refresh.Advance(router, "broken", nil)
	refusedBecause(t, err, "no state")
	desk := inventory.Asset{Tag: "NEW1", Kind: inventory.AssetDesktop}
	_, err = refresh.Advance(desk, inventory.AssetRetired, []inventory.Swap{{ID: "x00000001", New: "NEW1", State: inventory.SwapVerified, Position: "S001-01"}})
	refusedBecause(t, err, "stands at S001-01")
}

func TestAConsignmentIsBookedByScan(t *testing.T) {
	assets := []inventory.Asset{
		{Tag: "N1", Serial: "SERN1", Kind: inventory.AssetDesktop, State: inventory.AssetOrdered},
		{Tag: "N2", Serial: "SERN2", Kind: inventory.AssetDesktop, State: inventory.AssetOrdered},
		{Tag: "N3", Serial: "SERN3", Kind: inventory.AssetDesktop, State: inventory.AssetOrdered},
		{Tag: "N4", Serial: "SERN4", Kind: inventory.AssetDesktop, State: inventory.AssetDelivered},
	}
	c := inventory.Consignment{Code: "C1", Order: "PO1", Count: 4, Assets: []string{"N1", "N2", "N4"}}
	a, err := refresh.Arrive(c, []string{"SERN1", "sern1", "N3", "5.02E+18"}, refresh.NewIndex(assets, nil), "2026-11-23")
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Assets) != 2 || a.Assets[0].State != inventory.AssetDelivered || a.Assets[0].Order != "PO1" {
		t.Errorf("assets %+v", a.Assets)
	}
	if !slices.Equal(a.Missing, []string{"N2"}) || !slices.Equal(a.Extra, []string{"N3"}) || len(a.Unresolved) != 1 || a.Short != 1 {
		t.Errorf("missing %v, extra %v, unresolved %v, short %d", a.Missing, a.Extra, a.Unresolved, a.Short)
	}
	if a.Consignment.Arrived != "2026-11-23" {
		t.Errorf("arrived %s", a.Consignment.Arrived)
	}
}

func TestDueListsNameEveryReasonAndKeepTheUnknownApart(t *testing.T) {
	assets := []inventory.Asset{
		{Tag: "A", Kind: inventory.AssetDesktop, Purchased: "2020-01-31", WarrantyUntil: "2025-01-31"},
		{Tag: "B", Kind: inventory.AssetDesktop, Purchased: "2026-01-01", WarrantyUntil: "2029-01-01"},
		{Tag: "C", Kind: inventory.AssetDesktop},
		{Tag: "D", Kind: inventory.AssetRouter, Purchased: "2010-01-01"},
		{Tag: "E", Kind: inventory.AssetDesktop, Purchased: "2010-01-01", State: inventory.AssetRetired},
	}
	rules := refresh.DueRules{OlderThanMonths: 60, WarrantyBy: "2026-12-31", Hardware: func(a inventory.Asset) (inventory.Fact[bool], string) {
		if a.Tag == "C" {
			return inventory.Unknown[bool]("no agent"), ""
		}
		return inventory.Known(a.Tag != "B"), "4 GB of memory, 8 are required"
	}}
	due, unknown := refresh.DueList(assets, rules, "2026-11-23")
	if len(due) != 2 || due[0].Asset.Tag != "A" || len(due[0].Reasons) != 2 || due[0].Since != "2025-01-31" || due[1].Asset.Tag != "B" {
		t.Errorf("due %+v", due)
	}
	if len(unknown) != 1 || unknown[0].Asset.Tag != "C" || len(unknown[0].Unknown) != 3 {
		t.Errorf("unknown %+v", unknown)
	}
}

func TestAnAssetComesBackWithoutASwapButNotPastOne(t *testing.T) {
	laptop := inventory.Asset{Tag: "L1", Kind: inventory.AssetLaptop, Site: "S001"}
	a, e, err := refresh.HandInAsset(laptop, refresh.Said{By: "sam"}, "depot", nil, monday)
	if err != nil || a.State != inventory.AssetRetired || a.Site != "" || e.Kind != inventory.EventAssetHandedIn {
		t.Errorf("%v, %+v, %s", err, a, e.Kind)
	}
	waiting := []inventory.Swap{{ID: "x00000001", Old: "L1", State: inventory.SwapSwapped, Position: "S001-01"}}
	_, _, err = refresh.HandInAsset(laptop, refresh.Said{By: "sam"}, "depot", waiting, monday)
	refusedBecause(t, err, "swap x00000001 at S001-01 waits for it")
	_, _, err = refresh.HandInAsset(laptop, refresh.Said{By: "sam", At: monday.Add(time.Hour)}, "depot", nil, monday)
	refusedBecause(t, err, "future")
	laptop.State = inventory.AssetOrdered
	_, _, err = refresh.HandInAsset(laptop, refresh.Said{By: "sam"}, "depot", nil, monday)
	refusedBecause(t, err, "it is ordered")
}
