package importer_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"muster/inventory/importer"
)

const kitMap = `# how the schools team keeps its list
kind: assets
header_row: 3
dates: day-first
columns:
  PC Nr.: tag
  What: kind
  Where it is: site
  Since: purchased
ignore: [Colour]
authority: {name: agent}
values:
  kind: {Klapprechner: laptop}
  state: {Im Einsatz: in-service}
sites:
  The Mill: S001
`

func TestASavedMapReadsAFileThatNobodyElseCould(t *testing.T) {
	m, err := importer.ParseMap("kit.yaml", []byte(kitMap))
	must(t, err)
	content := "Kit\n\nPC Nr.,What,Where it is,Since,Colour,Status,Name\n77,klapprechner,the mill,03/04/2026,red,im einsatz,LIB-1\n"
	table := read(t, "kit.csv", content, importer.ReadOptions{Map: m})
	plan := planOne(t, table, county)
	if len(plan.Problems)+len(plan.Notices) != 0 || len(plan.Edits) != 1 {
		t.Fatalf("problems %v, notices %v, edits %+v", plan.Problems, plan.Notices, plan.Edits)
	}
	want := []importer.FieldEdit{
		{Column: "kind", After: "laptop"},
		{Column: "site", After: "S001"},
		{Column: "state", After: "in-service"},
		{Column: "purchased", After: "2026-04-03"},
	}
	if diff := cmp.Diff(want, plan.Edits[0].Fields); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAMapThatIsWrongNamesItsLine(t *testing.T) {
	for content, want := range map[string]string{
		"":                            "the file is empty",
		"kind: [":                     "line 1",
		"- a":                         "line 1: the map: want keys with values",
		"sheet: A":                    "line 1: kind is missing",
		"kind: cats":                  `line 1: cannot read kind "cats"`,
		"kind: assets\nsheets: A":     `line 2: "sheets" is not a key`,
		"kind: assets\nheader_row: 0": "line 2: header_row",
		"kind: assets\ndates: us":     "line 2: dates: want unambiguous or day-first",
		"kind: assets\ncolumns:\n  A: tag\n  B: purchsed": `line 4: "purchsed" is not a column of assets: did you mean purchased?`,
		"kind: assets\ncolumns:\n  A: tag\n  A: name":     `line 4: columns: "A" stands on line 3 already`,
		"kind: assets\ncolumns:\n  '!': tag":              "line 3: a header needs a letter or a digit",
		"kind: assets\nsites:\n  Mill: not a code":        `line 3: sites: "not a code" is not a site code`,
		"kind: assets\nauthority: {tag: agent}":           "line 2: authority: tag identifies the row",
		"kind: assets\nauthority: {observed_name: file}":  "line 2: authority: only the agent can say observed_name",
		"kind: assets\nauthority: {name: nobody}":         "line 2: authority: want file or agent",
		"kind: assets\nignore: Colour":                    "line 2: ignore: want a list",
		"kind: assets\nvalues: {kind: laptop}":            "line 2: kind: want keys with values",
		"kind: assets\nsheet: &a [*a]":                    "line 2: want a word here",
	} {
		_, err := importer.ParseMap("kit.yaml", []byte(content))
		if err == nil || !strings.Contains(err.Error(), "cannot read map kit.yaml") || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: want an error that says %q, got %v", content, want, err)
		}
	}
	_, err := importer.ParseMap("kit.yaml", make([]byte, importer.MaxMapBytes+1))
	if !errors.Is(err, importer.ErrTooLarge) {
		t.Errorf("want ErrTooLarge, got %v", err)
	}
}

func TestAMapOfAnotherKindIsRefused(t *testing.T) {
	m, err := importer.ParseMap("kit.yaml", []byte("kind: assets\n"))
	must(t, err)
	wantReadError(t, "x.csv", "code,name\n", importer.ReadOptions{Kind: importer.Sites, Map: m}, "the map kit.yaml is for assets")
	read(t, "x.csv", "tag,kind\n", importer.ReadOptions{Kind: importer.Workstations, Map: m})
}

func TestWhatIsAskedForWinsOverTheMap(t *testing.T) {
	m, err := importer.ParseMap("kit.yaml", []byte("kind: assets\nheader_row: 9\n"))
	must(t, err)
	table := read(t, "x.csv", "title\ntag,kind\nA9,laptop\n", importer.ReadOptions{HeaderRow: 2, Map: m})
	if table.HeaderRow != 2 || table.Kind != importer.Assets {
		t.Errorf("header row %d, kind %s", table.HeaderRow, table.Kind)
	}
}
