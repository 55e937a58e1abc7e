package app

import (
	"log/slog"
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

// A broken file is found before anything is made.
func TestAStartThatIsRefusedForAFileLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	routes := filepath.Join(dir, "notify.yaml")
	if err := os.WriteFile(routes, []byte("routes:\n  - {name: r, mach: {}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(dir, "data")
	a, err := New(Options{
		Config:  Config{Data: folder, Listen: "127.0.0.1:0", MeshListen: "127.0.0.1:0", LogLevel: "info", Notify: routes},
		Version: "test", Log: slog.New(slog.DiscardHandler), WithoutWeb: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(t.Context()); err == nil || !strings.Contains(err.Error(), `notify.yaml:2: unknown word "mach"`) {
		t.Errorf("it is refused as %v", err)
	}
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Errorf("the data folder was made: %v", err)
	}
}
