package demo

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"muster/controller/rehearsal"
	"muster/controller/stage"
	"muster/inventory"
)

func TestARehearsalThatCannotBeWatchedIsRefusedBeforeAnythingStarts(t *testing.T) {
	for name, one := range map[string]struct{ text, want string }{
		"unknown word": {"name: x\ntimeline:\n  - {at: 1m, do: cut-lnik, site: S001}\n", "one.yaml:3:"},
		"evidence":     {"name: x\nevidence:\n  - {at: '2026-11-23T10:00:00Z', kind: sweep, site: S001}\n", "no timeline"},
	} {
		file := filepath.Join(t.TempDir(), "one.yaml")
		if err := os.WriteFile(file, []byte(one.text), 0o600); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		err := Run(context.Background(), Options{Rehearsal: file, Out: &out, Log: slog.New(slog.DiscardHandler)})
		if err == nil || !strings.Contains(err.Error(), one.want) || out.Len() > 0 {
			t.Errorf("%s: %v, printed %q", name, err, out.String())
		}
	}
}

func TestEachFaultAndEachVerdictIsALine(t *testing.T) {
	r, err := rehearsal.Parse("x", strings.NewReader("name: x\nestate: {sites: 1, workstations_per_site: 2}\n"))
	if err != nil {
		t.Fatal(err)
	}
	l := &live{o: Options{Out: io.Discard}, r: r, lines: make(chan string, 2), stage: stage.New(stage.Options{Rehearsal: r, Dir: t.TempDir()})}
	defer l.stage.Close(context.Background())
	l.step(rehearsal.Step{Do: rehearsal.CutLink, Sites: []string{"S001"}})
	l.incident(inventory.IncidentChange{
		Step: inventory.IncidentRevised, At: time.Date(2026, 11, 23, 10, 5, 2, 0, time.Local),
		Incident: inventory.Incident{
			Cause: inventory.CauseLinkOrPower, Grade: inventory.GradeInferred, Confidence: 0.7, Scope: inventory.Scope{Site: "S001"},
			Verdicts: []inventory.Verdict{{Reason: "everybody is silent, and the router"}},
		},
	})
	l.step(rehearsal.Step{Do: rehearsal.HealLink}) // does not fit, and holds nothing up
	if got := <-l.lines; !strings.HasSuffix(got, "done       cut-link  S001") {
		t.Errorf("a fault is said as %q", got)
	}
	if got := <-l.lines; got != "10:05:02  revised    S001: link-or-power, inferred (0.70)  everybody is silent, and the router" {
		t.Errorf("a verdict is said as %q", got)
	}
}
