package importer_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/inventory"
	"muster/inventory/importer"
)

// said is everything a register says, in an order of its own.
func said(r inventory.Register) []string {
	var lines []string
	add := func(noun any) {
		b, _ := json.Marshal(noun)
		lines = append(lines, string(b))
	}
	for _, n := range r.Sites {
		add(n)
	}
	for _, n := range r.Subnets {
		add(n)
	}
	for _, n := range r.Links {
		add(n)
	}
	for _, n := range r.Assets {
		add(n)
	}
	for _, nouns := range []any{
		r.Programmes, r.Waves, r.Positions, r.Visits, r.Consignments, r.Staff, r.Courses, r.Training, r.Milestones,
	} {
		for _, n := range reflect.ValueOf(nouns).Seq2() {
			add(n.Interface())
		}
	}
	slices.Sort(lines)
	return lines
}

// seeds is how many registers a format is tried with: a workbook costs a hundred
// times what a CSV costs.
func seeds(format importer.Format) uint64 {
	if format == importer.XLSX {
		return 3
	}
	return 40
}

func export(t testing.TB, r inventory.Register, kind importer.Kind, format importer.Format) []byte {
	t.Helper()
	var b bytes.Buffer
	must(t, importer.Export(&b, r, importer.ExportOptions{Kind: kind, Format: format}))
	return b.Bytes()
}

func exportAll(t testing.TB, r inventory.Register, format importer.Format) []*importer.Table {
	t.Helper()
	var tables []*importer.Table
	for _, kind := range importer.Kinds() {
		content := export(t, r, kind, format)
		tables = append(tables, read(t, string(kind), string(content), importer.ReadOptions{Kind: kind}))
	}
	return tables
}

func TestEveryExportReimportsUnchanged(t *testing.T) {
	for _, format := range []importer.Format{importer.CSV, importer.XLSX} {
		for seed := range seeds(format) {
			r := estate{rand.New(rand.NewPCG(seed, 1))}.register(t, 40)
			plan := importer.NewPlan(exportAll(t, r, format), r, importer.PlanOptions{})
			if len(plan.Problems)+len(plan.Changes)+len(plan.Notices)+len(plan.Drift) > 0 {
				var text bytes.Buffer
				must(t, plan.WriteText(&text))
				t.Fatalf("%s, seed %d: an export is no fixed point:\n%s", format, seed, text.String())
			}
			if plan.Unchanged < len(said(r)) {
				t.Fatalf("%s, seed %d: only %d of %d nouns were compared", format, seed, plan.Unchanged, len(said(r)))
			}
		}
	}
}

func TestAnExportHoldsTheWholeRegister(t *testing.T) {
	for _, format := range []importer.Format{importer.CSV, importer.XLSX} {
		for seed := range seeds(format) {
			r := estate{rand.New(rand.NewPCG(seed, 2))}.register(t, 30)
			plan := importer.NewPlan(exportAll(t, r, format), inventory.Register{}, importer.PlanOptions{})
			batch, err := plan.Batch("test", time.Time{})
			must(t, err)
			got := apply(t, inventory.Register{}, batch)
			if diff := cmp.Diff(said(r), said(got)); diff != "" {
				t.Fatalf("%s, seed %d: the export loses something (-register +imported):\n%s", format, seed, diff)
			}
		}
	}
}

func TestImportingTwiceChangesNothingAndUndoRestores(t *testing.T) {
	for seed := range uint64(20) {
		before := estate{rand.New(rand.NewPCG(seed, 3))}.register(t, 20)
		other := estate{rand.New(rand.NewPCG(seed, 4))}.register(t, 25)
		tables := exportAll(t, other, importer.CSV)
		plan := importer.NewPlan(tables, before, importer.PlanOptions{AcceptGood: true})
		batch, err := plan.Batch("test", time.Time{})
		must(t, err)
		after := apply(t, before, batch)
		validate(t, after)
		again := importer.NewPlan(tables, after, importer.PlanOptions{AcceptGood: true})
		if len(again.Changes) > 0 {
			t.Fatalf("seed %d: the second import still changes %+v", seed, again.Edits)
		}
		undone := apply(t, after, importer.Invert(batch, "test", time.Time{}))
		if diff := cmp.Diff(said(before), said(undone)); diff != "" {
			t.Fatalf("seed %d: undo does not restore (-before +undone):\n%s", seed, diff)
		}
	}
}

// apply is what the store does with a batch, and refuses one whose before is not
// what the register says.
func apply(t *testing.T, r inventory.Register, batch inventory.Batch) inventory.Register {
	t.Helper()
	out := inventory.Register{
		Sites: slices.Clone(r.Sites), Subnets: slices.Clone(r.Subnets), Links: slices.Clone(r.Links), Assets: slices.Clone(r.Assets),
		Programmes: slices.Clone(r.Programmes), Waves: slices.Clone(r.Waves), Positions: slices.Clone(r.Positions), Visits: slices.Clone(r.Visits),
		Consignments: slices.Clone(r.Consignments), Staff: slices.Clone(r.Staff), Courses: slices.Clone(r.Courses), Training: slices.Clone(r.Training),
		Milestones: slices.Clone(r.Milestones),
	}
	for _, c := range batch.Changes {
		switch c.Noun {
		case inventory.NounSite:
			out.Sites = applyTo(t, out.Sites, c, func(s inventory.Site) string { return s.Code })
		case inventory.NounSubnet:
			out.Subnets = applyTo(t, out.Subnets, c, func(s inventory.Subnet) string { return s.Prefix.String() })
		case inventory.NounLink:
			out.Links = applyTo(t, out.Links, c, func(l inventory.Link) string { return l.Circuit })
		case inventory.NounAsset:
			out.Assets = applyTo(t, out.Assets, c, func(a inventory.Asset) string { return a.Tag })
		case inventory.NounProgramme:
			out.Programmes = applyTo(t, out.Programmes, c, func(n inventory.Programme) string { return n.Code })
		case inventory.NounWave:
			out.Waves = applyTo(t, out.Waves, c, func(n inventory.Wave) string { return n.Code })
		case inventory.NounPosition:
			out.Positions = applyTo(t, out.Positions, c, func(n inventory.Position) string { return n.Code })
		case inventory.NounVisit:
			out.Visits = applyTo(t, out.Visits, c, func(n inventory.Visit) string { return n.Code })
		case inventory.NounConsignment:
			out.Consignments = applyTo(t, out.Consignments, c, func(n inventory.Consignment) string { return n.Code })
		case inventory.NounStaff:
			out.Staff = applyTo(t, out.Staff, c, func(n inventory.Staff) string { return n.Number })
		case inventory.NounCourse:
			out.Courses = applyTo(t, out.Courses, c, func(n inventory.Course) string { return n.Code })
		case inventory.NounTraining:
			out.Training = applyTo(t, out.Training, c, inventory.Training.Key)
		case inventory.NounMilestone:
			out.Milestones = applyTo(t, out.Milestones, c, func(n inventory.Milestone) string { return n.Code })
		default:
			t.Fatalf("unknown noun %q", c.Noun)
		}
	}
	return out
}

func applyTo[N any](t *testing.T, nouns []N, c inventory.Change, key func(N) string) []N {
	t.Helper()
	at := slices.IndexFunc(nouns, func(n N) bool { return key(n) == c.Key })
	var before json.RawMessage
	if at >= 0 {
		before, _ = json.Marshal(nouns[at])
	}
	if !bytes.Equal(before, c.Before) {
		t.Fatalf("%s %s: the change expects %s, the register has %s", c.Noun, c.Key, c.Before, before)
	}
	if c.After == nil {
		return slices.Delete(nouns, at, at+1)
	}
	var n N
	must(t, json.Unmarshal(c.After, &n))
	if key(n) != c.Key {
		t.Fatalf("%s: change of key %q carries %q", c.Noun, c.Key, key(n))
	}
	if at >= 0 {
		nouns[at] = n
		return nouns
	}
	return append(nouns, n)
}

func TestAnExportRunsNothingInASpreadsheet(t *testing.T) {
	r := inventory.Register{Sites: []inventory.Site{{Code: "S1", Name: "=HYPERLINK(1)", Notes: "@SUM(A1)", Access: "+cmd|' /C calc'!A0", Phone: "+44 1632 960123"}}}
	content := string(export(t, r, importer.Sites, importer.CSV))
	for _, harmless := range []string{`\=HYPERLINK(1)`, `\@SUM(A1)`, `\+cmd|`, `,+44 1632 960123,`} {
		if !strings.Contains(content, harmless) {
			t.Errorf("export lacks %q:\n%s", harmless, content)
		}
	}
}
