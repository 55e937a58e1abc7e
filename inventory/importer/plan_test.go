package importer_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/inventory"
	"muster/inventory/importer"
)

var county = inventory.Register{
	Sites: []inventory.Site{
		{Code: "S001", Name: "Mill Lane Library", Aliases: []string{"Old Mill"}, Phone: "01632 960001", Notes: "keep"},
		{Code: "S002", Name: "St. John's Day Centre"},
		{Code: "S003", Name: "Library", Aliases: []string{"Shared"}},
		{Code: "S004", Name: "Depot", Aliases: []string{"Shared"}},
	},
	Assets: []inventory.Asset{{Tag: "A1", Kind: inventory.AssetLaptop, Serial: "5CG0000001", Site: "S001"}},
}

// planText reads one CSV of a kind and plans it against the county.
func planText(t testing.TB, kind importer.Kind, content string, options importer.ReadOptions) *importer.Plan {
	t.Helper()
	options.Kind = kind
	return planOne(t, read(t, string(kind)+".csv", content, options), county)
}

func TestABlankCellLeavesAndClearClears(t *testing.T) {
	plan := planText(t, importer.Sites, "code,name,phone,notes\nS001,,(Clear),\n", importer.ReadOptions{})
	want := []importer.Edit{{Noun: "site", Key: "S001", Title: "Mill Lane Library", Fields: []importer.FieldEdit{{Column: "phone", Before: "01632 960001"}}}}
	if diff := cmp.Diff(want, plan.Edits); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	wantProblem(t, planText(t, importer.Sites, "code,name\nS001,(clear)\n", importer.ReadOptions{}), `sites.csv, line 2: name is missing`)
	wantProblem(t, planText(t, importer.Sites, "code,name\n(clear),Mill\n", importer.ReadOptions{}), `sites.csv, line 2, column 1 (code): code identifies the row`)
	wantProblem(t, planText(t, importer.Sites, "code,name\n,Mill\n", importer.ReadOptions{}), `sites.csv, line 2, column 1 (code): code is missing`)
}

func TestABadRow1999ChangesNothing(t *testing.T) {
	var b strings.Builder
	b.WriteString("code,name,latitude\n")
	for line := 2; line <= 2500; line++ {
		latitude := "51.5"
		if line == 1999 {
			latitude = "51.5N"
		}
		fmt.Fprintf(&b, "N%d,Site %d,%s\n", line, line, latitude)
	}
	table := read(t, "sites.csv", b.String(), importer.ReadOptions{Kind: importer.Sites})
	plan := planOne(t, table, county)
	wantProblem(t, plan, `sites.csv, line 1999, column 3 (latitude): not decimal degrees`)
	_, err := plan.Batch("ann", time.Now())
	if !errors.Is(err, importer.ErrProblems) || !strings.Contains(err.Error(), "line 1999") {
		t.Errorf("error %v", err)
	}
	plan = importer.NewPlan([]*importer.Table{table}, county, importer.PlanOptions{AcceptGood: true})
	batch, err := plan.Batch("ann", time.Now())
	must(t, err)
	if len(batch.Changes) != 2498 || plan.Rejected() != 1 {
		t.Errorf("%d changes, %d rejected", len(batch.Changes), plan.Rejected())
	}
}

func TestARowSaidTwiceIsReported(t *testing.T) {
	plan := planText(t, importer.Sites, "code,name,phone\nN1,New,1\nN2,Other,2\nn1,New,1\n", importer.ReadOptions{})
	wantProblem(t, plan, "sites.csv, line 4: says code N1 again, which row 2 has said")
	if plan.RejectedRows(0) != 1 || len(plan.Edits) != 2 {
		t.Errorf("%d rejected, edits %+v", plan.RejectedRows(0), plan.Edits)
	}
}

func TestATagInAnotherCaseIsTheSameAsset(t *testing.T) {
	plan := planText(t, importer.Assets, "tag,kind,notes\na1,,seen\nB1,laptop,\nb1,laptop,\n", importer.ReadOptions{})
	wantProblem(t, plan, "assets.csv, line 4: says tag B1 again, which row 3 has said")
	if len(plan.Edits) != 2 || plan.Edits[0].Key != "A1" || plan.Edits[0].New {
		t.Errorf("edits %+v", plan.Edits)
	}
}

func TestAContradictionIsReportedAtBothCells(t *testing.T) {
	plan := planText(t, importer.Sites, "code,name,phone\nN1,New,1\nN2,Other,2\nN1,New,3\n", importer.ReadOptions{})
	var got []string
	for _, p := range plan.Problems {
		got = append(got, p.String())
	}
	want := []string{
		`sites.csv, line 2, column 3 (phone): contradicts sites.csv, line 4, column 3 (phone), which says "3"`,
		`sites.csv, line 4, column 3 (phone): contradicts sites.csv, line 2, column 3 (phone), which says "1"`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(plan.Edits) != 1 || plan.Edits[0].Key != "N2" {
		t.Errorf("edits %+v", plan.Edits)
	}
}

func TestADuplicateHeaderIsSaidAndMayNotContradict(t *testing.T) {
	plan := planText(t, importer.Sites, "Site Code,Name,Phone,Telephone\nN1,New,1,\nN2,New 2,,2\nN3,New 3,3,3\nN4,New 4,4,5\n", importer.ReadOptions{})
	if len(plan.Notices) != 1 || !strings.Contains(plan.Notices[0].String(), "column 4 (Telephone): column 3 (Phone) is phone too") {
		t.Errorf("notices %v", plan.Notices)
	}
	if len(plan.Edits) != 3 || plan.Rejected() != 1 || len(plan.Problems) != 2 {
		t.Errorf("edits %+v, problems %v", plan.Edits, plan.Problems)
	}
}

func TestAnUnknownHeaderIsSaidWithWhatWasMeant(t *testing.T) {
	plan := planText(t, importer.Sites, "code,name,pohne,Colour\nS001,,1,red\n", importer.ReadOptions{})
	if len(plan.Notices) != 2 || plan.Notices[0].Suggestion != "did you mean phone?" || plan.Notices[1].Suggestion != "" {
		t.Errorf("notices %+v", plan.Notices)
	}
}

func TestAValueBeyondTheLastHeaderIsReported(t *testing.T) {
	plan := planText(t, importer.Sites, "code,name\nN1,Mill,Stroud\n", importer.ReadOptions{})
	wantProblem(t, plan, "sites.csv, line 2, column 3: stands in a column without a header")
}

func TestSitesAreFoundByCodeNameAliasAndMap(t *testing.T) {
	m, err := importer.ParseMap("m.yaml", []byte("kind: subnets\nsites: {Bücherei: S001, Shared: S004}\n"))
	must(t, err)
	for name, want := range map[string]string{
		"S001": "S001", "s002": "S002", "mill lane LIBRARY": "S001", "Old Mill": "S001", "St Johns Day Centre": "S002", "Bücherei": "S001", "Shared": "S004",
	} {
		plan := planText(t, importer.Subnets, "prefix,site\n10.0.0.0/24,"+name+"\n", importer.ReadOptions{Map: m})
		if len(plan.Problems) > 0 || plan.Edits[0].Title != want {
			t.Errorf("%s: problems %v, edits %+v", name, plan.Problems, plan.Edits)
		}
	}
	for name, want := range map[string]string{
		"Mil Lane Librar": `no site has this code, name or alias: did you mean S001 (Mill Lane Library)?`,
		"Mill Lane":       `no site has this code, name or alias: did you mean S001 (Mill Lane Library)?`,
		"S01":             `no site has this code, name or alias: did you mean S001 (Mill Lane Library)`,
		"Shared":          `several sites have this name: write one of the codes S003, S004`,
		"Nowhere at all":  `no site has this code, name or alias`,
	} {
		plan := planText(t, importer.Subnets, "prefix,site\n10.0.0.0/24,"+name+"\n", importer.ReadOptions{})
		wantProblem(t, plan, "subnets.csv, line 2, column 2 (site): "+want)
	}
}

func TestASiteEnteredTwiceUnderTwoCodesIsSaid(t *testing.T) {
	plan := planText(t, importer.Sites, "code,name\nN1,Old  Mill\nS001,Mill Lane Library\nN2,New Hall\n", importer.ReadOptions{})
	if len(plan.Notices) != 1 || plan.Notices[0].String() != "sites.csv, line 2, column 2 (name): site S001 answers to this name too: files must name either by its code" {
		t.Errorf("notices %v", plan.Notices)
	}
}

func TestSitesOfTheSameImportMayBeNamed(t *testing.T) {
	sites := read(t, "s.csv", "code,name\nN1,New Hall\n", importer.ReadOptions{Kind: importer.Sites})
	links := read(t, "l.csv", "circuit,site,carrier,down mbps,up\nC1,New Hall,BT,80,\"20 Mbps\"\n", importer.ReadOptions{Kind: importer.Links})
	plan := importer.NewPlan([]*importer.Table{links, sites}, inventory.Register{}, importer.PlanOptions{})
	batch, err := plan.Batch("ann", time.Time{})
	must(t, err)
	got := apply(t, inventory.Register{}, batch)
	want := []inventory.Link{{Circuit: "C1", Site: "N1", Carrier: "BT", DownKbps: 80_000, UpKbps: 20_000}}
	if len(got.Links) != 1 || got.Links[0] != want[0] {
		t.Errorf("links %+v", got.Links)
	}
}

func TestDatesAreUnambiguousOrDeclared(t *testing.T) {
	for _, c := range []struct {
		text     string
		dayFirst bool
		want     string // a date, or the beginning of a problem
	}{
		{"2026-04-03", false, "2026-04-03"},
		{"2026/4/3", false, "2026-04-03"},
		{"3 Apr 2026", false, "2026-04-03"},
		{"03-April-2026", false, "2026-04-03"},
		{"3rd April 2026", false, "2026-04-03"},
		{"April 3, 2026", false, "2026-04-03"},
		{"25/12/2026", false, "2026-12-25"},
		{"12/25/2026", false, "2026-12-25"},
		{"04/04/2026", false, "2026-04-04"},
		{"2026-04-03 00:00:00", false, "2026-04-03"},
		{"2026-04-03T10:00:00Z", false, "2026-04-03"},
		{"25.12.2026 10:30", false, "2026-12-25"},
		{"03/04/2026", true, "2026-04-03"},
		{"03/04/2026", false, "could be 3 April 2026 or 4 March 2026: write 2026-04-03, or declare the file day-first"},
		{"12/25/2026", true, "not a date with the day first"},
		{"31/02/2026", true, "not a date with the day first"},
		{"31/31/2026", false, "there is no such day"},
		{"03/04/26", true, "the year has two digits"},
		{"3 Apr 26", true, "the year has two digits"},
		{"46115", false, "a spreadsheet's day number"},
		{"01/01/1900", false, "the year 1900 is outside"},
		{"soon", false, "not a date such as"},
		{"2026-13-01", false, "not a date such as"},
	} {
		plan := planText(t, importer.Assets, "tag,purchased\nA1,\""+c.text+"\"\n", importer.ReadOptions{DayFirst: c.dayFirst})
		if len(c.want) == len("2026-04-03") && len(plan.Problems) == 0 {
			if got := plan.Edits[0].Fields[0].After; got != c.want {
				t.Errorf("%q reads as %s, want %s", c.text, got, c.want)
			}
			continue
		}
		wantProblem(t, plan, "assets.csv, line 2, column 2 (purchased): "+c.want)
	}
}

func TestTwoAssetsCannotShareASerial(t *testing.T) {
	plan := planText(t, importer.Assets, "tag,kind,serial\nA2,laptop,5cg0000001\n", importer.ReadOptions{})
	wantProblem(t, plan, "assets.csv, line 2, column 3 (serial): serial 5CG0000001 is on asset A1 too")
	plan = planText(t, importer.Assets, "tag,kind,serial\nA2,laptop,X0002\nA3,laptop,X0002\nA4,laptop,None\nA5,laptop,None\n", importer.ReadOptions{})
	if len(plan.Problems) != 2 || len(plan.Edits) != 2 {
		t.Errorf("problems %v, edits %+v", plan.Problems, plan.Edits)
	}
	plan = planText(t, importer.Assets, "tag,kind,serial,state\nA1,,,disposed\nA2,laptop,5CG0000001,\n", importer.ReadOptions{})
	if len(plan.Problems) != 0 {
		t.Errorf("a serial of a disposed asset is still taken: %v", plan.Problems)
	}
	plan = planText(t, importer.Assets, "tag,kind,serial\nA1,,5CG0000002\nA2,laptop,5CG0000001\n", importer.ReadOptions{})
	if len(plan.Problems) != 0 {
		t.Errorf("a serial that moves is refused: %v", plan.Problems)
	}
	plan = planText(t, importer.Assets, "tag,kind,serial,purchased\nA1,,5CG0000002,soon\nA2,laptop,5CG0000001,\n", importer.ReadOptions{})
	if len(plan.Problems) != 2 || len(plan.Edits) != 0 {
		t.Errorf("a serial whose move was rejected is given away: %v, %+v", plan.Problems, plan.Edits)
	}
}

// A long chain of serials handed on, whose last link is refused, falls apart as a
// whole and in time.
func TestAChainOfMovedSerialsFallsTogether(t *testing.T) {
	const links = 5_000
	var r inventory.Register
	var b strings.Builder
	b.WriteString("tag,serial,kind\n")
	for i := range links {
		r.Assets = append(r.Assets, inventory.Asset{Tag: fmt.Sprintf("A%05d", i), Kind: "laptop", Serial: fmt.Sprintf("SER%05d", i)})
		fmt.Fprintf(&b, "A%05d,SER%05d,laptop\n", i, i+1)
	}
	fmt.Fprintf(&b, "Z1,SER%05d,laptop\n", links)
	plan := planOne(t, read(t, "x.csv", b.String(), importer.ReadOptions{Kind: importer.Assets}), r)
	if len(plan.Edits) != 0 || plan.Rejected() != links+1 {
		t.Errorf("%d edits, %d rejected", len(plan.Edits), plan.Rejected())
	}
}

func TestWorkstationsAreComputersOnly(t *testing.T) {
	plan := planText(t, importer.Workstations, "tag,kind\nP1,printer\n", importer.ReadOptions{})
	wantProblem(t, plan, `workstations.csv, line 2, column 2 (kind): "printer" is no workstation`)
	wantProblem(t, planText(t, importer.Workstations, "tag,kind\nP1,lap top\nP2,labtop\n", importer.ReadOptions{}), `workstations.csv, line 3, column 2 (kind): want one of [desktop laptop router switch printer monitor other]: did you mean laptop?`)
	wantProblem(t, planText(t, importer.Workstations, "tag,site\nP1,S001\n", importer.ReadOptions{}), `workstations.csv, line 2: kind is missing`)
}

func TestTheAgentsColumnsAreDriftNeverChanges(t *testing.T) {
	observed := map[string]importer.Observed{"A1": {
		Workstation: "w0000000a", Serial: inventory.Known("5CG0000009"), Site: "S002", Name: inventory.Unknown[string]("not read"),
		AgentVersion: "1.2.3", LastReportAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	}}
	var b bytes.Buffer
	must(t, importer.Export(&b, county, importer.ExportOptions{Kind: importer.Assets, Format: importer.CSV, Observed: observed}))
	if !strings.Contains(b.String(), "w0000000a,,5CG0000009,,,,S002,1.2.3,2026-01-02T03:04:05Z") {
		t.Errorf("export lacks what the agent sees:\n%s", b.String())
	}
	own := read(t, "a.csv", b.String(), importer.ReadOptions{Kind: importer.Assets})
	plan := importer.NewPlan([]*importer.Table{own}, county, importer.PlanOptions{Observed: observed})
	if len(plan.Changes)+len(plan.Problems) != 0 || len(plan.Drift) != 2 {
		t.Fatalf("changes %v, problems %v, drift %+v", plan.Edits, plan.Problems, plan.Drift)
	}
	if d := plan.Drift[0]; d.Header != "site" || d.Declared != "S001" || d.Observed != "S002" {
		t.Errorf("drift %+v", d)
	}
	edited := read(t, "a.csv", "tag,observed_serial,agent_version\nA1,OTHER123,9\n", importer.ReadOptions{Kind: importer.Assets})
	plan = importer.NewPlan([]*importer.Table{edited}, county, importer.PlanOptions{Observed: observed})
	if len(plan.Changes) != 0 || len(plan.Drift) != 1 || plan.Drift[0].Declared != "OTHER123" {
		t.Errorf("changes %v, drift %+v", plan.Edits, plan.Drift)
	}
	m, err := importer.ParseMap("m.yaml", []byte("kind: assets\nauthority: {serial: agent}\n"))
	must(t, err)
	given := read(t, "a.csv", "tag,serial\nA1,OTHER123\n", importer.ReadOptions{Kind: importer.Assets, Map: m})
	plan = importer.NewPlan([]*importer.Table{given}, county, importer.PlanOptions{Observed: observed})
	if len(plan.Changes) != 0 || len(plan.Drift) != 1 || plan.Drift[0].Observed != "5CG0000009" {
		t.Errorf("changes %v, drift %+v", plan.Edits, plan.Drift)
	}
}

func TestUndoTakesBackInReverse(t *testing.T) {
	batch := inventory.Batch{Number: 7, Changes: []inventory.Change{
		{Noun: inventory.NounSite, Key: "N1", After: json.RawMessage(`{"code":"N1"}`)},
		{Noun: inventory.NounAsset, Key: "A1", Before: json.RawMessage(`{"tag":"A1"}`), After: json.RawMessage(`{"tag":"A1","site":"N1"}`)},
	}}
	undo := importer.Invert(batch, "ann", time.Time{})
	want := []inventory.Change{
		{Noun: inventory.NounAsset, Key: "A1", Before: batch.Changes[1].After, After: batch.Changes[1].Before},
		{Noun: inventory.NounSite, Key: "N1", Before: batch.Changes[0].After},
	}
	if diff := cmp.Diff(want, undo.Changes); diff != "" || undo.Source != "undo of batch 7" {
		t.Errorf("source %q (-want +got):\n%s", undo.Source, diff)
	}
	var b bytes.Buffer
	must(t, importer.DiffBatch(&b, undo))
	if want := "~ asset A1\n    site: \"N1\" → -\n- site N1\n    code: \"N1\" → -\n"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}
