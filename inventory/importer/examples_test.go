package importer_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"muster/inventory"
	"muster/inventory/importer"
)

const examples = "../../configs/import/"

// TestEveryExampleImports loads the annotated examples in the order in which an
// operator would, without a problem or a header that is not known.
func TestEveryExampleImports(t *testing.T) {
	var r inventory.Register
	files := []string{
		"sites.csv", "subnets.csv", "links.csv", "assets.csv", "workstations.csv", "schools-kit.csv",
		"programmes.csv", "waves.csv", "positions.csv", "visits.csv", "consignments.csv", "staff.csv", "courses.csv", "training.csv", "milestones.csv",
	}
	for _, file := range files {
		content, err := os.ReadFile(examples + file)
		must(t, err)
		options := importer.ReadOptions{}
		if mapping, err := os.ReadFile(examples + strings.TrimSuffix(file, ".csv") + ".map.yaml"); err == nil {
			options.Map, err = importer.ParseMap(file, mapping)
			must(t, err)
		} else {
			options.Kind, err = importer.ParseKind(strings.TrimSuffix(file, ".csv"))
			must(t, err)
		}
		plan := planOne(t, read(t, file, string(content), options), r)
		if len(plan.Problems)+len(plan.Notices) > 0 {
			t.Fatalf("%s: problems %v, notices %v", file, plan.Problems, plan.Notices)
		}
		batch, err := plan.Batch("example", time.Time{})
		must(t, err)
		r = apply(t, r, batch)
	}
	found, err := filepath.Glob(examples + "*.csv")
	must(t, err)
	for _, file := range found {
		if !slices.Contains(files, filepath.Base(file)) {
			t.Errorf("no test loads %s", file)
		}
	}
}

// TestExamplesAreNewToTheDemosCounty lets a reader of the demo try the examples:
// they show what is made, and rename nobody's sites.
func TestExamplesAreNewToTheDemosCounty(t *testing.T) {
	var r inventory.Register
	load := func(folder, file string) *importer.Plan {
		t.Helper()
		content, err := os.ReadFile(folder + file)
		must(t, err)
		kind, err := importer.ParseKind(strings.TrimSuffix(file, ".csv"))
		must(t, err)
		plan := planOne(t, read(t, file, string(content), importer.ReadOptions{Kind: kind}), r)
		batch, err := plan.Batch("example", time.Time{})
		must(t, err)
		r = apply(t, r, batch)
		return plan
	}
	for _, file := range []string{"sites.csv", "links.csv"} {
		load("../../configs/estates/county/", file)
	}
	for _, file := range []string{"sites.csv", "subnets.csv", "links.csv", "assets.csv", "workstations.csv", "programmes.csv", "waves.csv", "positions.csv"} {
		plan := load(examples, file)
		for _, edit := range plan.Edits {
			if !edit.New {
				t.Errorf("%s changes %s %s of the demo", file, edit.Noun, edit.Key)
			}
		}
		if len(plan.Notices) > 0 {
			t.Errorf("%s: notices %v", file, plan.Notices)
		}
	}
}

func TestATemplateImports(t *testing.T) {
	known := inventory.Register{
		Sites: []inventory.Site{{Code: "E101", Name: "Mill Lane Library"}}, Programmes: []inventory.Programme{{Code: "REFRESH26", Name: "R"}},
		Waves: []inventory.Wave{{Code: "W1", Programme: "REFRESH26", Name: "W"}}, Staff: []inventory.Staff{{Number: "100234", Site: "E101"}},
		Courses: []inventory.Course{{Code: "records-basic", Name: "C"}}, Milestones: []inventory.Milestone{{Code: "ADULTS-TRIAL", Area: "a", Name: "n"}},
	}
	for _, kind := range importer.Kinds() {
		for _, format := range []importer.Format{importer.CSV, importer.XLSX} {
			var b strings.Builder
			must(t, importer.Template(&b, kind, format))
			plan := planOne(t, read(t, "template", b.String(), importer.ReadOptions{Kind: kind}), known)
			if len(plan.Problems)+len(plan.Notices) > 0 || len(plan.Edits) != 1 {
				t.Errorf("%s %s: problems %v, notices %v, edits %+v", kind, format, plan.Problems, plan.Notices, plan.Edits)
			}
		}
	}
}

func TestNoTwoColumnsAnswerToOneHeader(t *testing.T) {
	letters := func(s string) string {
		return strings.Map(func(r rune) rune {
			if strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789", r) {
				return r
			}
			return -1
		}, strings.ToLower(s))
	}
	for _, kind := range importer.Kinds() {
		columnOf := map[string]string{}
		for _, c := range importer.Columns(kind) {
			if c.Help == "" || c.Authority == "" || c.Authority == importer.FileAuthority && c.Example == "" {
				t.Errorf("%s: column %s is not described: %+v", kind, c.Name, c)
			}
			for _, header := range append([]string{c.Name}, c.Synonyms...) {
				key := letters(header)
				if other, taken := columnOf[key]; taken {
					t.Errorf("%s: %q is %s and %s", kind, header, other, c.Name)
				}
				columnOf[key] = c.Name
			}
		}
	}
}
