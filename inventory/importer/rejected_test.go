package importer_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"muster/inventory"
	"muster/inventory/importer"
)

func rejected(t testing.TB, plan *importer.Plan) string {
	t.Helper()
	var b bytes.Buffer
	must(t, plan.WriteRejected(&b, 0))
	return b.String()
}

func TestRejectedRowsComeBackAsTheSameFileReadyToCorrect(t *testing.T) {
	content := "County list;as of May\n\nSite Code;Name;Lat;Remarks;Colour\nN1;Good;51;\"a;b\";red\nN2;Bad;north;\"two\nlines\";\" blue\"\nN3;Good;52;;\n"
	options := importer.ReadOptions{Kind: importer.Sites, HeaderRow: 3}
	plan := planOne(t, read(t, "x.csv", content, options), inventory.Register{})
	back := rejected(t, plan)
	want := "\ufeffCounty list;as of May\r\n\r\nSite Code;Name;Lat;Remarks;Colour;problem\r\n" +
		"N2;Bad;north;\"two\nlines\";\" blue\";Lat: not decimal degrees such as 51.7457\r\n"
	if diff := cmp.Diff(want, back); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	// Still wrong, it comes back once more, with one problem column.
	again := planOne(t, read(t, "x.csv", back, options), inventory.Register{})
	if diff := cmp.Diff(want, rejected(t, again)); diff != "" {
		t.Errorf("the second round differs (-want +got):\n%s", diff)
	}
	mended := planOne(t, read(t, "x.csv", strings.Replace(back, "north", "53", 1), options), inventory.Register{})
	if len(mended.Problems) != 0 || len(mended.Edits) != 1 || mended.Edits[0].Key != "N2" {
		t.Errorf("problems %v, edits %+v", mended.Problems, mended.Edits)
	}
}

func TestTheHeaderOfRejectedRowsStaysOnItsLine(t *testing.T) {
	options := importer.ReadOptions{Kind: importer.Sites, HeaderRow: 5}
	plan := planOne(t, read(t, "x.csv", "\"County\nlist\"\n\n\ncode,name\nS?,Mill,beyond\n", options), inventory.Register{})
	back := read(t, "x.csv", rejected(t, plan), options)
	if diff := cmp.Diff([]string{"code", "name", "", "problem"}, back.Header); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if again := planOne(t, back, inventory.Register{}); again.Rejected() != 1 {
		t.Errorf("what was rejected is accepted uncorrected: %+v", again.Edits)
	}
}

func TestRejectedRowsOfAWorkbookComeBackAsAWorkbook(t *testing.T) {
	content := workbook(t, func(f *excelize.File) {
		must(t, f.SetSheetName("Sheet1", "Kit list"))
		setRow(t, f, "Kit list", 1, "Everything we have")
		setRow(t, f, "Kit list", 4, "Asset Tag", "Type", "Serial")
		setRow(t, f, "Kit list", 5, "A1", "laptop", "00012345")
		setRow(t, f, "Kit list", 6, "A2", "hovercraft", "00067890")
	})
	options := importer.ReadOptions{Kind: importer.Assets, HeaderRow: 4, Sheet: "Kit list"}
	plan := planOne(t, read(t, "kit.xlsx", content, options), inventory.Register{})
	table := read(t, "back.xlsx", rejected(t, plan), options)
	if diff := cmp.Diff([]string{"Asset Tag", "Type", "Serial", "problem"}, table.Header); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	want := []importer.Row{{Line: 5, Cells: []string{"A2", "hovercraft", "00067890", "Type: want one of [desktop laptop router switch printer monitor other]"}}}
	if diff := cmp.Diff(want, table.Rows); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What was accepted and what comes back are together what was sent, and
// accepting the good rows first loses nothing.
func TestAcceptedAndRejectedTogetherAreTheWholeFile(t *testing.T) {
	for seed := range uint64(20) {
		e := estate{rand.New(rand.NewPCG(seed, 5))}
		r := e.register(t, 30)
		lines := strings.SplitAfter(string(export(t, inventory.Register{Sites: r.Sites}, importer.Sites, importer.CSV)), "\r\n")
		for i := range lines[1:] {
			if e.IntN(3) == 0 {
				lines[i+1] = strings.Replace(lines[i+1], "S0", "s 0", 1)
			}
		}
		options := importer.ReadOptions{Kind: importer.Sites}
		table := read(t, "x.csv", strings.Join(lines, ""), options)
		plan := importer.NewPlan([]*importer.Table{table}, inventory.Register{}, importer.PlanOptions{AcceptGood: true})
		mended := strings.ReplaceAll(rejected(t, plan), "s 0", "S0")
		second := importer.NewPlan([]*importer.Table{read(t, "x.csv", mended, options)}, inventory.Register{}, importer.PlanOptions{})
		if len(second.Problems) > 0 {
			t.Fatalf("seed %d: %v", seed, second.Problems)
		}
		got := apply(t, apply(t, inventory.Register{}, inventory.Batch{Changes: plan.Changes}), inventory.Batch{Changes: second.Changes})
		if diff := cmp.Diff(said(inventory.Register{Sites: r.Sites}), said(got)); diff != "" {
			t.Fatalf("seed %d: (-want +got):\n%s", seed, diff)
		}
	}
}
