package rehearsal_test

import (
	"strings"
	"testing"
	"time"

	"muster/controller/rehearsal"
)

// TestReportAddsUpRunsBesideBothBaselines holds the Markdown of two runs of one
// file at two sizes, one of which fell short, against what they said.
func TestReportAddsUpRunsBesideBothBaselines(t *testing.T) {
	t.Parallel()
	line := func(opened float64) []rehearsal.Line {
		return []rehearsal.Line{{Expected: "site-link-down", Subject: "S003", Caused: 2, Opened: opened, Resolved: 3, Prompt: true, Met: true}}
	}
	beside := []rehearsal.Baseless{
		{Name: "serf", Detected: []float64{30}, Openings: 15, PerIncident: 15},
		{Name: "prometheus", Detected: []float64{-1}, FalsePages: 3},
	}
	score := func(right int) rehearsal.Score {
		return rehearsal.Score{
			At15: rehearsal.Tally{Right: right, Of: 1}, Openings: 1, OfExpected: 1, SiteMonths: (time.Hour * 36).Hours() / (30 * 24),
		}
	}
	sheets := []rehearsal.Sheet{
		{Name: "link cut", Seed: 1, Size: 6, Passed: true, Lines: line(27), Score: score(1), Baselines: beside},
		{Name: "link cut", Seed: 2, Size: 60, Lines: line(38), Score: score(0), Baselines: beside},
	}
	var b strings.Builder
	if err := rehearsal.Report(&b, sheets); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"2 runs of 1 rehearsals with the seeds 1, 2: 1 passed.",
		"| right at 15 s | 1 of 2 (50.0 %) | - | - |",
		"| told after the fault | p50 27.0s, max 38.0s, never 0 of 2 | p50 30.0s, max 30.0s, never 0 of 2 | p50 -, max -, never 2 of 2 |",
		"| openings per incident | 1.00 | 15.00 | none asked |",
		"| false pages | 0 in 0.1 site-months, 0 each | 0 in 0.1 site-months, 0 each | 6 in 0.1 site-months, 60 each |",
		"| 6 | 1 of 1 |", "| 60 | 0 of 1 |",
		"| link cut | 1 of 2 | site-link-down S003 | 2.0s / 2.0s | 27.0s / 38.0s | 3.0s / 3.0s | 30.0s, 15.0 | never, 3.0 |",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, b.String())
		}
	}
}
