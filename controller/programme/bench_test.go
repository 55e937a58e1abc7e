package programme_test

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"muster/controller/programme"
	"muster/controller/readiness"
	"muster/controller/store"
	"muster/inventory"
)

// county opens a desk over 130 sites with 15 desks and machines each. Machines
// have never been installed: their reports make them known.
func county(b *testing.B) (*programme.Desk, *store.Store, *live) {
	b.Helper()
	s, err := store.Open(b.Context(), store.Options{URL: "sqlite:" + filepath.Join(b.TempDir(), "muster.db"), Now: func() time.Time { return monday }})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	nouns := []any{inventory.Programme{Code: "REFRESH", Name: "The refresh"}, inventory.Course{Code: "basic", Name: "Basics"}}
	for i := range 130 {
		site := fmt.Sprintf("S%03d", i)
		nouns = append(nouns, inventory.Site{Code: site, Name: site, Hours: "Mon-Fri 08:00-18:00"})
		for j := range 15 {
			tag := fmt.Sprintf("A%03d%02d", i, j)
			nouns = append(nouns,
				inventory.Asset{Tag: tag, Serial: "SN" + tag, Kind: inventory.AssetDesktop, Site: site},
				inventory.Position{Code: "P" + tag, Site: site, Asset: tag},
				inventory.Staff{Number: "N" + tag, Site: site, Role: "social worker"})
		}
	}
	batch(b, s, nouns)
	g, err := readiness.LoadGate("go.yaml", []byte(gateText))
	if err != nil {
		b.Fatal(err)
	}
	roster := &live{presence: map[string]inventory.Presence{}, at: map[string]string{}}
	desk, err := programme.New(programme.Options{Store: s, Live: roster, Gates: []*readiness.Gate{g}, Now: func() time.Time { return monday }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	if err := desk.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(desk.Close)
	if err := desk.Settle(b.Context()); err != nil {
		b.Fatal(err)
	}
	return desk, s, roster
}

func batch(b *testing.B, s *store.Store, nouns []any) {
	b.Helper()
	changes := make([]inventory.Change, 0, len(nouns))
	for _, noun := range nouns {
		c, err := changeTo(noun)
		if err != nil {
			b.Fatal(err)
		}
		changes = append(changes, c)
	}
	if _, err := s.Apply(b.Context(), inventory.Batch{Source: "bench", Author: "bench", MadeAt: monday, Changes: changes}); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkReevaluationAfterOneReport is one report to all that follows from it:
// the site's facts, its swaps and its gates.
func BenchmarkReevaluationAfterOneReport(b *testing.B) {
	desk, s, roster := county(b)
	if err := enrolled(b.Context(), s, "w00000001", "A06403", "S064", monday); err != nil {
		b.Fatal(err)
	}
	roster.set("w00000001", "S064", inventory.Present)
	at := monday
	desk.Accepted(accepted("w00000001", at, inventory.ProbeResult{}))
	if err := desk.Settle(b.Context()); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		at = at.Add(time.Minute)
		desk.Accepted(accepted("w00000001", at, inventory.ProbeResult{}))
		if err := desk.Settle(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReadinessAsOf is how a county of 130 sites stood on a day in a year in
// which each gate of each site said something new every week.
func BenchmarkReadinessAsOf(b *testing.B) {
	desk, s, _ := county(b)
	for week := range 52 {
		var all []inventory.Evaluation
		for i := range 130 {
			for gate := range 5 {
				all = append(all, inventory.Evaluation{
					Site: fmt.Sprintf("S%03d", i), Gate: fmt.Sprintf("gate-%d", gate), At: monday.AddDate(0, 0, 7*(week-52)), Verdict: inventory.VerdictBlocked,
					Criteria: make([]inventory.CriterionResult, 6), Blockers: make([]inventory.Blocker, 10),
				})
			}
		}
		if err := s.AppendEvaluations(b.Context(), all); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		all, err := desk.Readiness(b.Context(), monday.AddDate(0, 0, -100))
		if err != nil || len(all) != 650 {
			b.Fatalf("%d, %v", len(all), err)
		}
	}
}
