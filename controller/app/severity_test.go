package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"muster/controller/incident"
)

func TestTheExampleOfSeveritiesIsWhatHoldsWithoutOne(t *testing.T) {
	table, err := readSeverity("../../configs/severity.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(incident.DefaultRules().Severities, table); diff != "" {
		t.Errorf("the rules and configs/severity.yaml differ:\n%s", diff)
	}
}

func TestATableOfSeveritiesThatCannotBeIsRefused(t *testing.T) {
	const line = "{people: %, open: major, shut: minor, open_with_backup: minor, shut_with_backup: info}"
	of := func(people string) string { return "  - " + strings.Replace(line, "%", people, 1) + "\n" }
	for text, want := range map[string]string{
		"severity:\n" + of("5") + of("0") + "urgency: 1\n":               "severity.yaml:4: unknown word \"urgency\"",
		"severity:\n" + strings.Replace(of("0"), "shut:", "shutt:", 1):   "severity.yaml:2: unknown word \"shutt\"",
		"severity:\n" + strings.Replace(of("0"), "major", "terrible", 1): "unknown severity \"terrible\"",
		"severity:\n" + of("5") + of("9") + of("0"):                      "line 2 of the severities is of 9 people",
		"severity:\n" + of("5"):                                          "the last line",
		"":                                                               "the last line",
	} {
		file := filepath.Join(t.TempDir(), "severity.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readSeverity(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is refused as %v, want %s", text, err, want)
		}
	}
	if _, err := readSeverity("no such file"); err == nil {
		t.Error("a file that is not there is read")
	}
}
