package store

import (
	"crypto/sha256"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/inventory"
)

func contains(text, part string) bool { return strings.Contains(text, part) }

var (
	fresh    = inventory.Outcome{Fresh: true}
	repeat   = inventory.Outcome{Repeat: true}
	conflict = inventory.Outcome{Conflict: true}
)

func wantOutcomes(t *testing.T, s *Store, rows []inventory.ReportRow, want ...inventory.Outcome) {
	t.Helper()
	got, err := s.CommitReports(t.Context(), rows)
	must(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("outcomes (-want +got):\n%s", diff)
	}
}

func TestReportIsFreshOnceThenRepeatOrConflict(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		enrol(t, s, 2)
		rows := []inventory.ReportRow{
			report(9, "run1", 1, "of nobody"), // not registered
			report(1, "run1", 1, "a"), report(2, "run1", 1, "a"),
			report(1, "run1", 1, "a"), report(1, "run1", 1, "another"), // twice in one batch
		}
		wantOutcomes(t, s, rows, inventory.Outcome{}, fresh, fresh, repeat, conflict)
		wantOutcomes(t, s, []inventory.ReportRow{
			report(1, "run1", 1, "a"), report(1, "run1", 1, "b"), report(1, "run2", 1, "b"), report(1, "run1", 2, "c"),
		}, repeat, conflict, fresh, fresh)
		log, err := s.ReportsAfter(t.Context(), 0, 100)
		must(t, err)
		var got []string
		for _, r := range log {
			got = append(got, r.Workstation+" "+r.Run+" "+string(r.Body))
		}
		want := []string{
			`w00000001 run1 {"seq":1,"text":"a"}`, `w00000002 run1 {"seq":1,"text":"a"}`,
			`w00000001 run2 {"seq":1,"text":"b"}`, `w00000001 run1 {"seq":2,"text":"c"}`,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("intake log (-want +got):\n%s", diff)
		}
		back := log[3].ReportRow
		back.AgentVersion = "1.1" // is not kept with the report
		if diff := cmp.Diff(report(1, "run1", 2, "c"), back, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
			t.Fatalf("report read back (-want +got):\n%s", diff)
		}
	})
}

func TestWorkstationFollowsItsNewestReadingWhateverOrderReportsArriveIn(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		enrol(t, s, 1)
		newer, older := report(1, "run1", 5, "new"), report(1, "run1", 4, "old")
		newer.AgentVersion, newer.Name, newer.KeyVersion = "2.0", "RENAMED\x00", 3
		older.ReceivedAt = newer.ReceivedAt.Add(time.Minute)
		wantOutcomes(t, s, []inventory.ReportRow{newer}, fresh)
		wantOutcomes(t, s, []inventory.ReportRow{older}, fresh)
		w, err := s.Workstation(t.Context(), workstation(1).ID)
		must(t, err)
		if w.AgentVersion != "2.0" || w.Name != "RENAMED" || !w.LastReportAt.Equal(older.ReceivedAt) || w.Addr != newer.Addr {
			t.Fatalf("got %+v", w)
		}
		found, _, err := s.Workstations(t.Context(), inventory.WorkstationFilter{Query: "renam"})
		must(t, err)
		if len(found) != 1 {
			t.Fatalf("found %d by the new name", len(found))
		}
		acks, err := s.KeyAcks(t.Context(), "")
		must(t, err)
		if len(acks) != 1 || acks[0].Version != 3 {
			t.Fatalf("acknowledgements %+v", acks)
		}
	})
}

func TestRepeatIsKnownAfterItsReportWasPruned(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		enrol(t, s, 1)
		var rows []inventory.ReportRow
		for seq := range uint64(20) {
			rows = append(rows, report(1, "run1", seq+1, "x"))
		}
		for _, row := range rows {
			wantOutcomes(t, s, []inventory.ReportRow{row}, fresh)
		}
		for _, want := range []int{7, 7, 4, 0} { // 18 were received before
			n, err := s.PruneReports(t.Context(), noon.Add(19*time.Minute), 7)
			must(t, err)
			if n != want {
				t.Fatalf("pruned %d, want %d", n, want)
			}
		}
		left, err := s.ReportsAfter(t.Context(), 0, 100)
		must(t, err)
		if len(left) != 2 {
			t.Fatalf("%d reports are left, want 2", len(left))
		}
		wantOutcomes(t, s, []inventory.ReportRow{rows[17], report(1, "run1", 17, "other"), rows[19], report(1, "run1", 21, "x")},
			repeat, conflict, repeat, fresh)
	})
}

func TestListsKeepTheirHistoryAndTheNewestReading(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		enrol(t, s, 1)
		id := workstation(1).ID
		with := func(seq uint64, lists ...inventory.ListRow) inventory.ReportRow {
			r := report(1, "run1", seq, "x")
			r.Lists = lists
			return r
		}
		programs := inventory.ListRow{List: "software", Hash: "h1", Body: []byte(`[{"name":"Editor","version":"1"}]`)}
		later := inventory.ListRow{List: "software", Hash: "h2", Body: []byte(`[{"name":"` + strings.Repeat("E", 5000) + `"}]`)}
		hardware := inventory.ListRow{List: "hardware", Hash: "h", Body: []byte(`{"model":"OptiPlex 7010","maker":{"unknown":"no table"}}`)}
		wantOutcomes(t, s, []inventory.ReportRow{with(3, later), with(1, programs, hardware), with(4, later)}, fresh, fresh, fresh)
		lists, err := s.Lists(t.Context(), id)
		must(t, err)
		if len(lists.Software) != 1 || len(lists.Software[0].Name) != 5000 || !lists.SoftwareReadAt.Equal(with(3).ReadAt) {
			t.Fatalf("software is %d programs read at %s", len(lists.Software), lists.SoftwareReadAt)
		}
		if model, _ := lists.Hardware.Model.Get(); model != "OptiPlex 7010" || lists.Firmware != nil {
			t.Fatalf("hardware is %+v", lists.Hardware)
		}
		history, err := s.ListHistory(t.Context(), id)
		must(t, err)
		if len(history) != 3 || history[0].Hash != "h2" || string(history[0].Body) != string(later.Body) {
			t.Fatalf("history is %d contents", len(history))
		}
		hash, body, err := s.ListBody(t.Context(), id, "software")
		must(t, err)
		if hash != "h2" || string(body) != string(later.Body) {
			t.Fatalf("software list is %s", hash)
		}
		_, _, err = s.ListBody(t.Context(), id, "firmware")
		wantErr(t, err, ErrNotFound)
		found, _, err := s.Workstations(t.Context(), inventory.WorkstationFilter{Query: "optiplex 70"})
		must(t, err)
		if len(found) != 1 {
			t.Fatalf("found %d by its model", len(found))
		}
		n, err := s.PruneLists(t.Context(), noon.Add(time.Hour), 100)
		must(t, err)
		if n != 1 {
			t.Fatalf("pruned %d contents, want the one that was followed by another", n)
		}
	})
}

func TestHealthComesFromTheNewestReportThatHasIt(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		enrol(t, s, 1)
		healthy, plainly := report(1, "run1", 1, ""), report(1, "run1", 2, "")
		healthy.Body = []byte(`{"health":{"uptime_seconds":42},"hashes":{"os":"h"}}`)
		healthy.Lists = []inventory.ListRow{{List: "os", Hash: "h", Body: []byte(`{"name":"Debian"}`)}}
		plainly.Body = []byte(`{"hashes":{"os":"h"}}`)
		healthy.Hash, plainly.Hash = sha256.Sum256(healthy.Body), sha256.Sum256(plainly.Body)
		wantOutcomes(t, s, []inventory.ReportRow{healthy, plainly}, fresh, fresh)
		lists, err := s.Lists(t.Context(), workstation(1).ID)
		must(t, err)
		if lists.Health == nil || lists.Health.UptimeSeconds.Or(0) != 42 || !lists.HealthReadAt.Equal(healthy.ReadAt) {
			t.Fatalf("health %+v read at %s", lists.Health, lists.HealthReadAt)
		}
		if !lists.OSReadAt.Equal(plainly.ReadAt) {
			t.Fatalf("the OS was confirmed at %s, want %s", lists.OSReadAt, plainly.ReadAt)
		}
	})
}

func TestJournalRecordsAreKeptOnceAndReadByTime(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		enrol(t, s, 1)
		record := func(n uint64, text string) inventory.JournalRow {
			return inventory.JournalRow{
				Run: "run0", N: n, Boot: "boot1", BootClock: time.Duration(n) * time.Second,
				At: noon.Add(time.Duration(n) * time.Second), Kind: "tick", Body: []byte(text),
			}
		}
		first, second := report(1, "run1", 1, "a"), report(1, "run1", 2, "b")
		first.Journal = []inventory.JournalRow{record(2, "two"), record(1, "one")}
		second.Journal = []inventory.JournalRow{record(2, "two again"), record(3, "three")}
		wantOutcomes(t, s, []inventory.ReportRow{first, second}, fresh, fresh)
		got, err := s.JournalRecords(t.Context(), workstation(1).ID, noon.Add(2*time.Second), noon.Add(time.Hour))
		must(t, err)
		if diff := cmp.Diff([]inventory.JournalRow{record(2, "two"), record(3, "three")}, got); diff != "" {
			t.Fatalf("records (-want +got):\n%s", diff)
		}
		n, err := s.PruneJournal(t.Context(), noon.Add(3*time.Second), 1)
		must(t, err)
		if n != 1 {
			t.Fatalf("pruned %d records, want 1", n)
		}
	})
}
