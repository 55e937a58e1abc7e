package importer_test

import (
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/inventory"
	"muster/inventory/importer"
)

func readFixture(t testing.TB, file string, options importer.ReadOptions) *importer.Table {
	t.Helper()
	content, err := os.ReadFile("testdata/" + file)
	must(t, err)
	return read(t, file, string(content), options)
}

func netbox(t testing.TB) []*importer.Table {
	t.Helper()
	var tables []*importer.Table
	for _, file := range []string{"netbox-circuits.csv", "netbox-terminations.csv", "netbox-prefixes.csv", "netbox-sites.csv"} {
		tables = append(tables, readFixture(t, file, importer.ReadOptions{}))
	}
	return tables
}

func TestNetBoxExportsAreReadAsTheyAre(t *testing.T) {
	plan := importer.NewPlan(netbox(t), inventory.Register{}, importer.PlanOptions{})
	batch, err := plan.Batch("ann", time.Time{})
	must(t, err)
	got := apply(t, inventory.Register{}, batch)
	long := got.Sites[1].Code
	want := inventory.Register{
		Sites: []inventory.Site{
			{
				Code: "MILL-LANE", Name: "Mill Lane Library", Aliases: []string{"netbox:12"}, Kind: "Library", District: "Stroud", Zone: "Europe/London",
				Address: "12 Mill Lane\nStroud GL5 1AA", Latitude: 51.7457, Longitude: -2.2178, Notes: "Keys at the desk",
			},
			{
				Code: long, Name: "Cheltenham Children's Centre", Aliases: []string{"netbox:13"}, Kind: "Children's centre", District: "Cheltenham", Zone: "Europe/London",
				Address: "Unit 4", Notes: "Ground floor only",
			},
		},
		Subnets: []inventory.Subnet{
			{Prefix: netip.MustParsePrefix("10.20.4.0/24"), Site: "MILL-LANE", Purpose: "clients", VLAN: 20, Notes: "First floor"},
			{Prefix: netip.MustParsePrefix("10.20.5.0/24"), Site: long, Purpose: "voice", VLAN: 30},
			{Prefix: netip.MustParsePrefix("10.99.0.0/16"), Purpose: "vpn", Notes: "Remote access"},
		},
		Links: []inventory.Link{
			{
				Circuit: "ETHW00123456", Site: "MILL-LANE", Carrier: "Openreach", Contract: "ACC-77", DownKbps: 100_000,
				Installed: "2024-07-01", Ends: "2029-06-30", Notes: "Enters at the rear",
			},
			{Circuit: "ONEA4711", Site: long, Carrier: "Virgin Media", DownKbps: 1_000_000, UpKbps: 200_000, Installed: "2023-03-15", Notes: "Shared duct"},
		},
	}
	if diff := cmp.Diff(said(want), said(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(long, "CHELTENHAM-") || len(long) != 16 {
		t.Errorf("the long slug became %q", long)
	}
	// A retired site, a decommissioned circuit, a far end, a container, a prefix of no site.
	if plan.Skipped != 5 || len(plan.Notices) != 5 {
		t.Errorf("%d skipped, notices %v", plan.Skipped, plan.Notices)
	}
	if again := importer.NewPlan(netbox(t), got, importer.PlanOptions{}); len(again.Changes)+len(again.Problems) > 0 {
		t.Errorf("the second import changes %+v, problems %v", again.Edits, again.Problems)
	}
}

func TestANetBoxSiteFindsTheSiteThatIsKnownByName(t *testing.T) {
	known := inventory.Register{Sites: []inventory.Site{{Code: "S001", Name: "MILL LANE LIBRARY", Phone: "1"}}}
	plan := planOne(t, readFixture(t, "netbox-sites.csv", importer.ReadOptions{Kind: importer.Sites}), known)
	if len(plan.Edits) != 2 || plan.Edits[0].Key != "S001" || plan.Edits[0].New {
		t.Errorf("edits %+v", plan.Edits)
	}
}

func TestNetBoxExportsMayBeImportedOneByOne(t *testing.T) {
	var r inventory.Register
	for _, file := range []string{"netbox-sites.csv", "netbox-circuits.csv", "netbox-terminations.csv", "netbox-prefixes.csv"} {
		plan := planOne(t, readFixture(t, file, importer.ReadOptions{}), r)
		batch, err := plan.Batch("ann", time.Time{})
		must(t, err)
		r = apply(t, r, batch)
		if again := planOne(t, readFixture(t, file, importer.ReadOptions{}), r); len(again.Changes)+len(again.Problems) > 0 {
			t.Errorf("%s again changes %+v, problems %v", file, again.Edits, again.Problems)
		}
	}
	together, err := importer.NewPlan(netbox(t), inventory.Register{}, importer.PlanOptions{}).Batch("ann", time.Time{})
	must(t, err)
	if diff := cmp.Diff(said(apply(t, inventory.Register{}, together)), said(r)); diff != "" {
		t.Errorf("(-together +one by one):\n%s", diff)
	}
	if again := importer.NewPlan(netbox(t), r, importer.PlanOptions{}); len(again.Changes) > 0 {
		t.Errorf("together they still change %+v", again.Edits)
	}
}

func TestANetBoxCircuitWithoutItsSiteIsSaid(t *testing.T) {
	plan := planOne(t, readFixture(t, "netbox-circuits.csv", importer.ReadOptions{}), inventory.Register{})
	if len(plan.Problems) != 0 || len(plan.Edits) != 2 || !strings.Contains(plan.Notices[1].String(), "line 2: has no site yet") {
		t.Errorf("problems %v, notices %v", plan.Problems, plan.Notices)
	}
	native := planText(t, importer.Links, "circuit,carrier\nC1,BT\n", importer.ReadOptions{})
	wantProblem(t, native, "links.csv, line 2: site is missing")
	far := planOne(t, readFixture(t, "netbox-terminations.csv", importer.ReadOptions{}), county)
	if len(far.Problems) == 0 {
		t.Error("terminations of unknown circuits are accepted")
	}
}

func TestAnExportOfTheWrongKindIsNamed(t *testing.T) {
	content, err := os.ReadFile("testdata/netbox-circuits.csv")
	must(t, err)
	wantReadError(t, "c.csv", string(content), importer.ReadOptions{Kind: importer.Sites}, "it is a NetBox export of circuits, which holds links")
}

func TestSnipeITsAssetExportIsReadAsItIs(t *testing.T) {
	known := inventory.Register{Sites: []inventory.Site{{Code: "S001", Name: "Mill Lane Library"}, {Code: "S002", Name: "Depot"}}}
	table := readFixture(t, "snipe-it-assets.csv", importer.ReadOptions{})
	plan := importer.NewPlan([]*importer.Table{table}, known, importer.PlanOptions{AcceptGood: true})
	batch, err := plan.Batch("ann", time.Time{})
	must(t, err)
	got := apply(t, known, batch).Assets
	want := []inventory.Asset{
		{
			Tag: "A10234", Serial: "5CG0123ABC", Kind: "laptop", Maker: "Dell", Model: "Latitude 5420", Name: "LIB-0234", Site: "S001",
			Purchased: "2022-03-01", EndOfLife: "2028-03-01", Order: "PO-4471", Supplier: "Softbridge", Notes: "Spare charger",
		},
		{
			Tag: "A10235", Serial: "MXL0456DEF", Kind: "desktop", Maker: "HP", Model: "EliteDesk 800", Site: "S001",
			Purchased: "2022-03-01", EndOfLife: "2028-03-01", Order: "PO-4471", Supplier: "Softbridge",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var problems []string
	for _, p := range plan.Problems {
		problems = append(problems, p.Place.String()+": "+p.Why)
	}
	wantProblems := []string{
		"snipe-it-assets.csv, line 4, column 12 (Serial): a spreadsheet has rounded this serial number and its digits are lost",
		"snipe-it-assets.csv, line 5, column 7 (Location): no site has this code, name or alias",
	}
	if diff := cmp.Diff(wantProblems, problems); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if again := planOne(t, table, inventory.Register{Sites: known.Sites, Assets: got}); len(again.Changes) > 0 {
		t.Errorf("the second import changes %+v", again.Edits)
	}
}

func TestNobodysNameIsKeptFromSnipeIT(t *testing.T) {
	known := inventory.Register{Sites: []inventory.Site{{Code: "S001", Name: "Mill Lane Library"}}}
	table := readFixture(t, "snipe-it-assets.csv", importer.ReadOptions{})
	plan := importer.NewPlan([]*importer.Table{table}, known, importer.PlanOptions{AcceptGood: true})
	for _, c := range plan.Changes {
		for _, personal := range []string{"jdoe", "Jane", "Doe", "example.org"} {
			if strings.Contains(string(c.After), personal) {
				t.Errorf("%s carries %q", c.After, personal)
			}
		}
	}
}
