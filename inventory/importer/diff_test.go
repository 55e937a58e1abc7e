package importer_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"muster/inventory"
	"muster/inventory/importer"
)

var update = flag.Bool("update", false, "write golden files anew")

// golden compares with a kept file, or keeps a new one with -update.
func golden(t testing.TB, file string, got []byte) {
	t.Helper()
	if *update {
		must(t, os.MkdirAll(filepath.Dir(file), 0o755))
		must(t, os.WriteFile(file, got, 0o644))
		return
	}
	want, err := os.ReadFile(file)
	must(t, err)
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is not what the code makes; go test -update makes it anew (-kept +made):\n%s", file, diff)
	}
}

func dryRun(t testing.TB) *importer.Plan {
	t.Helper()
	content := "code,name,phone,notes,colour,district\n" +
		"S001,Mill Lane Library,01632 960002,(clear),red,\n" +
		"S002,St. John's Day Centre,,,,\n" +
		"N1,New Hall,,\"two\nlines\",,Stroud\n" +
		"N2,\"Red\x1b[31m Hall\",,,,\n" +
		"N3,,1,,,\n"
	observed := map[string]importer.Observed{"A1": {Serial: inventory.Known("5CG0000009")}}
	sites := read(t, "sites.csv", content, importer.ReadOptions{Kind: importer.Sites})
	kit := read(t, "kit.csv", "tag,serial\nA1,5CG0000001\n", importer.ReadOptions{Kind: importer.Assets})
	return importer.NewPlan([]*importer.Table{sites, kit}, county, importer.PlanOptions{Observed: observed})
}

func TestTheDifferenceIsPrintedForAPerson(t *testing.T) {
	var b bytes.Buffer
	must(t, dryRun(t).WriteText(&b))
	golden(t, "testdata/diff.golden.txt", b.Bytes())
	if strings.Contains(b.String(), "\x1b") {
		t.Error("a file can write to the terminal")
	}
}

func TestTheDifferenceIsPrintedForAProgram(t *testing.T) {
	b, err := json.MarshalIndent(dryRun(t), "", "  ")
	must(t, err)
	golden(t, "testdata/diff.golden.json", append(b, '\n'))
	empty, err := json.Marshal(importer.NewPlan(nil, county, importer.PlanOptions{}))
	must(t, err)
	if strings.Contains(string(empty), "null") {
		t.Errorf("an empty plan has null lists: %s", empty)
	}
}
