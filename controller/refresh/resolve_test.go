package refresh_test

import (
	"strings"
	"testing"

	"muster/controller/refresh"
	"muster/inventory"
)

func register() ([]inventory.Asset, []inventory.Position) {
	assets := []inventory.Asset{
		{Tag: "A100", Serial: "PF3ABCDE", Kind: inventory.AssetLaptop},
		{Tag: "A101", Serial: "5CG1234XYZ", Kind: inventory.AssetDesktop},
		{Tag: "A102", Serial: "TWIN0001", Kind: inventory.AssetDesktop},
		{Tag: "A103", Serial: "TWIN0001", Kind: inventory.AssetDesktop},
		{Tag: "A104", Serial: "To Be Filled By O.E.M.", Kind: inventory.AssetDesktop},
		{Tag: "5CG1234XYZ", Serial: "OTHER001", Kind: inventory.AssetDesktop},
	}
	return assets, []inventory.Position{{Code: "S001-01", Site: "S001"}, {Code: "A100", Site: "S002"}}
}

func TestWhatIsScannedIsFoundBySerialTagOrPosition(t *testing.T) {
	x := refresh.NewIndex(register())
	for typed, want := range map[string]string{
		"PF3ABCDE": "A100", " pf3abcde\r\n": "A100", "]C1PF3ABCDE": "A100", "S/N: PF3ABCDE": "A100",
		"1S20XXS00A00PF3ABCDE": "A100", "SPF3ABCDE": "A100", "a101": "A101", "s001-01": "S001-01", "A104": "A104",
	} {
		f := x.Resolve(typed)
		one, ok := f.One()
		if !ok || one.Key() != want {
			t.Errorf("%q: %+v (%s), want %s", typed, f.Candidates, f.Why(), want)
		}
	}
}

func TestWhatIsAmbiguousOrJunkIsAQuestion(t *testing.T) {
	x := refresh.NewIndex(register())
	for typed, why := range map[string]string{
		"5CG1234XYZ":             "is the tag of 5CG1234XYZ and the serial of A101",
		"A100":                   "is the tag of A100 and the position of A100",
		"TWIN0001":               "is that of A102 and A103: scan the tag",
		"To Be Filled By O.E.M.": "scan the tag",
		"5.02E+18":               "destroyed by a spreadsheet",
		"":                       "nothing was typed",
		"NOPE":                   "no serial, tag or position",
		strings.Repeat("A", 300): "longer than",
	} {
		f := x.Resolve(typed)
		if _, ok := f.One(); ok || !strings.Contains(f.Why(), why) {
			t.Errorf("%q: %q, want %q", typed, f.Why(), why)
		}
	}
}

func TestDoubtsWaitForAPersonAndStayDecided(t *testing.T) {
	assets, _ := register()
	doubts := refresh.Doubts(assets, nil)
	if len(doubts) != 2 || doubts[0].Kind != "nothing" || doubts[1].Kind != "serial" {
		t.Fatalf("doubts %+v", doubts)
	}
	_, e, err := refresh.Decide(doubts[1], refresh.Decision{Kind: refresh.KeepApart, Reason: "the maker printed it twice", By: "sam"}, nil, monday)
	if err != nil || e.Kind != inventory.EventAssetKeptApart {
		t.Fatal(err)
	}
	left := refresh.Doubts(assets, []refresh.Decision{{Doubt: doubts[1].ID, Kind: refresh.KeepApart}})
	if len(left) != 1 || left[0].Kind != "nothing" {
		t.Errorf("decided, and still asked: %+v", left)
	}
}

func TestAMergeFillsAndNeverMixesTwoMachines(t *testing.T) {
	a := inventory.Asset{Tag: "A102", Serial: "TWIN0001", Kind: inventory.AssetDesktop, Site: "S001"}
	b := inventory.Asset{Tag: "A103", Serial: "twin0001", Kind: inventory.AssetDesktop, Maker: "Dell", HoldUntil: "2027-01-01"}
	doubt := refresh.Doubts([]inventory.Asset{a, b}, nil)[0]
	word := refresh.Decision{Kind: refresh.MergeInto, Keep: "A102", Reason: "one machine, two labels", By: "sam"}
	kept, e, err := refresh.Decide(doubt, word, map[string]inventory.Asset{"A102": a, "A103": b}, monday)
	if err != nil || e.Kind != inventory.EventAssetMerged || kept.Maker != "Dell" || kept.Site != "S001" || kept.HoldUntil != "2027-01-01" {
		t.Errorf("%v, %+v", err, kept)
	}
	a.UUID, b.UUID = "4c4c4544-0042-3510-8052-c4c04f584e32", "4c4c4544-0042-3510-8052-c4c04f584e33"
	_, _, err = refresh.Decide(doubt, word, map[string]inventory.Asset{"A102": a, "A103": b}, monday)
	refusedBecause(t, err, "UUIDs differ")
	word.Keep = "A999"
	_, _, err = refresh.Decide(doubt, word, nil, monday)
	refusedBecause(t, err, "not one of")
}
