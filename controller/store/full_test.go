package store

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"muster/inventory"
)

// pages bounds the database file, as a full disk would.
func pages(t *testing.T, s *Store, n int) {
	t.Helper()
	var got int
	must(t, s.write.QueryRowContext(context.Background(), fmt.Sprintf("PRAGMA max_page_count = %d", n)).Scan(&got))
}

func TestFullDiskIsSaidAndSurvived(t *testing.T) {
	s := open(t, sqliteURL(t))
	enrol(t, s, 1)
	var used int
	must(t, s.read.QueryRowContext(t.Context(), "PRAGMA page_count").Scan(&used))
	pages(t, s, used+30)
	var acknowledged, seq uint64
	var err error
	for err == nil { // until it is full
		rows := []inventory.ReportRow{report(1, "run1", seq+1, strings.Repeat("x", 1500)), report(1, "run1", seq+2, strings.Repeat("x", 1500))}
		if _, err = s.CommitReports(t.Context(), rows); err == nil {
			seq += 2
			acknowledged = seq
		}
		if seq > 1000 {
			t.Fatal("never full")
		}
	}
	wantErr(t, err, ErrFull, "cannot commit 2 reports")
	wantErr(t, apply(s, manySites(t)...), ErrFull)
	if _, err := s.Workstation(t.Context(), workstation(1).ID); err != nil {
		t.Fatalf("cannot read while full: %v", err)
	}
	wantErr(t, s.Ping(t.Context()), ErrFull)

	pages(t, s, used+100_000) // room again
	log, err := s.ReportsAfter(t.Context(), 0, 10_000)
	must(t, err)
	if uint64(len(log)) != acknowledged {
		t.Fatalf("%d reports in the log, %d were acknowledged", len(log), acknowledged)
	}
	wantOutcomes(t, s, []inventory.ReportRow{report(1, "run1", seq+1, "x"), report(1, "run1", seq+2, "x")}, fresh, fresh)
	must(t, apply(s, manySites(t)...))
	must(t, s.Ping(t.Context()))
}

func manySites(t *testing.T) []inventory.Change {
	t.Helper()
	var changes []inventory.Change
	for i := range 500 {
		code := fmt.Sprintf("S%03d", i)
		big := site(code)
		big.Notes = strings.Repeat("n", 900)
		changes = append(changes, made(t, inventory.NounSite, code, big))
	}
	return changes
}
