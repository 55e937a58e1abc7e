package app

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"muster/controller/store"
	"muster/inventory"
)

func TestChoresKeepWhatIsYoungAndPruneWhatIsOld(t *testing.T) {
	ctx := t.Context()
	s, err := store.Open(ctx, store.Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "muster.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	token := inventory.Token{ID: "taaaaaaaa", Kind: inventory.TokenDepot, SecretHash: fmt.Sprintf("%064x", 1), Uses: 1, CreatedAt: now, CreatedBy: "test", ExpiresAt: now.Add(time.Hour)}
	if err := s.AddToken(ctx, token); err != nil {
		t.Fatal(err)
	}
	w := inventory.Workstation{ID: "w00000001", Name: "PC-1", Kind: inventory.AssetDesktop, EnrolledAt: now}
	if err := s.Enrol(ctx, inventory.EnrolChange{
		TokenID: token.ID, Workstation: w, At: now, Author: "test",
		Certificate: inventory.Certificate{Serial: "c1", Workstation: w.ID, KeyHash: "k", IssuedAt: now, NotAfter: now},
	}); err != nil {
		t.Fatal(err)
	}
	const day = 24 * time.Hour
	rows := []inventory.ReportRow{aged(w.ID, 1, now.Add(-500*day)), aged(w.ID, 2, now.Add(-401*day)), aged(w.ID, 3, now.Add(-20*day)), aged(w.ID, 4, now)}
	for i := range rows {
		if _, err := s.CommitReports(ctx, rows[i:i+1]); err != nil {
			t.Fatal(err)
		}
	}
	for age, site := range map[int]string{40: "MILL", 20: "DOCK"} {
		event := inventory.Event{
			Kind: inventory.EventMoved, Subject: inventory.Subject{Noun: inventory.NounWorkstation, Key: w.ID}, OccurredAt: now.AddDate(0, 0, -age),
			Author: "test", Body: []byte(`{"from":"","to":"` + site + `"}`),
		}
		if _, err := s.AppendEvent(ctx, event); err != nil {
			t.Fatal(err)
		}
	}
	a := &App{store: s, opts: Options{Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)}}
	a.prune(ctx)
	if kept, err := s.ReportsAfter(ctx, 0, 10); err != nil || len(kept) != 1 || kept[0].Seq != 4 {
		t.Errorf("reports %v, error %v, want the one of today", kept, err)
	}
	if kept, err := s.JournalRecords(ctx, w.ID, now.Add(-600*day), now); err != nil || len(kept) != 2 {
		t.Errorf("journal records %v, error %v, want those of the last 30 days", kept, err)
	}
	if kept, _, err := s.Events(ctx, inventory.EventFilter{Kind: inventory.EventMoved}); err != nil || len(kept) != 1 || !strings.Contains(string(kept[0].Body), "DOCK") {
		t.Errorf("moves %v, error %v, want the one of 20 days ago", kept, err)
	}
	// The content of 401 days ago was in force until 20 days ago.
	if kept, err := s.ListHistory(ctx, w.ID); err != nil || len(kept) != 3 {
		t.Errorf("lists %v, error %v, want all but the first", kept, err)
	}
}

// aged is a report of one moment with a journal record and a list.
func aged(workstation string, seq uint64, at time.Time) inventory.ReportRow {
	return inventory.ReportRow{
		Workstation: workstation, Run: "run1", Boot: "boot1", Seq: seq, Hash: [32]byte{byte(seq)}, ReceivedAt: at, ReadAt: at, Body: []byte(`{}`),
		Journal: []inventory.JournalRow{{Run: "run1", N: seq, Boot: "boot1", At: at, Kind: "tick", Body: []byte(`{}`)}},
		Lists:   []inventory.ListRow{{List: "os", Hash: "h" + at.Format("060102"), Body: []byte(`{}`)}},
	}
}
