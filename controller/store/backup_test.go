package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/inventory"
)

// filled is a store with something in every kind of table.
func filled(t *testing.T, url string) *Store {
	t.Helper()
	s := open(t, url)
	mustApply(t, s, made(t, inventory.NounSite, "MILL", site("MILL")), made(t, inventory.NounSite, "HALL", site("HALL")), made(t, inventory.NounAsset, "A1", asset("A1", "MILL")))
	enrol(t, s, 3)
	must(t, s.AddToken(t.Context(), token("taaaaaaaa", 2)))
	must(t, s.PutPoolKey(t.Context(), "MILL", inventory.PoolKey{Version: 1, Key: []byte{0, 255, 1}, CreatedAt: noon}))
	must(t, s.KeepIncidents(t.Context(), []inventory.Incident{incident(1, inventory.CauseSiteLinkDown, inventory.Scope{Site: "MILL"})},
		&inventory.EngineState{SavedAt: noon, Position: 1, Body: []byte{0, 255, 1}}))
	must(t, s.AddEvidence(t.Context(), []inventory.EvidenceBatch{{Incident: "i00000001", Evidence: []inventory.Evidence{{Kind: inventory.EvidenceSweep}}}}))
	must(t, s.PutWindow(t.Context(), inventory.Window{ID: "m1", Site: "MILL", From: noon, To: noon.Add(1), Reason: "r"}))
	must(t, s.PutBaselines(t.Context(), map[string][]byte{"C-1": {0, 255}}, noon))
	mustApply(t, s, refreshed(t)[:10]...)
	must(t, s.Record(t.Context(), []inventory.Event{swapEvent("x1", "ann")}, []inventory.State{swapState("x1", 1)}))
	must(t, s.AppendEvaluations(t.Context(), []inventory.Evaluation{busyEvaluation(noon, "MILL", "go-live")}))
	must(t, s.Erase(t.Context(), "1001", "dpo"))
	r := report(1, "run1", 1, "ünïcode \u2028 \"quoted\"")
	r.Lists = []inventory.ListRow{{List: "os", Hash: "h", Body: []byte(`{"name":"` + strings.Repeat("D", 9000) + `"}`)}}
	wantOutcomes(t, s, []inventory.ReportRow{r, report(2, "run1", 1, "")}, fresh, fresh)
	return s
}

func wantFilled(t *testing.T, s *Store) {
	t.Helper()
	if _, err := s.Asset(t.Context(), "A1"); err != nil {
		t.Fatal(err)
	}
	wantOutcomes(t, s, []inventory.ReportRow{report(1, "run1", 1, "ünïcode \u2028 \"quoted\""), report(1, "run1", 2, "new")}, repeat, fresh)
	_, body, err := s.ListBody(t.Context(), workstation(1).ID, "os")
	must(t, err)
	keys, err := s.PoolKeys(t.Context(), "MILL")
	must(t, err)
	state, err := s.EngineState(t.Context())
	must(t, err)
	evidence, err := s.Evidence(t.Context(), "i00000001")
	must(t, err)
	windows, err := s.Windows(t.Context(), time.Time{})
	must(t, err)
	baselines, err := s.Baselines(t.Context())
	must(t, err)
	if found := ids(t, s, inventory.IncidentFilter{Site: "MILL"}); len(found) != 1 || !bytes.Equal(state.Body, []byte{0, 255, 1}) || len(evidence) != 1 ||
		len(windows) != 1 || !bytes.Equal(baselines["C-1"], []byte{0, 255}) {
		t.Fatalf("incidents %v, engine %v, %d pieces of evidence, windows %v, baselines %v", found, state, len(evidence), windows, baselines)
	}
	refresh, err := s.Register(t.Context())
	must(t, err)
	swap, err := s.State(t.Context(), inventory.NounSwap, "x1")
	must(t, err)
	known, err := s.Evaluations(t.Context(), time.Time{})
	must(t, err)
	if len(refresh.Milestones) != 2 || len(refresh.Staff) != 1 || len(refresh.Erased) != 1 || swap.Version != 1 || len(known) != 1 || len(known[0].Blockers) != 10 {
		t.Fatalf("register %+v, swap %+v, evaluations %+v", refresh, swap, known)
	}
	if len(body) < 9000 || len(keys) != 1 || !bytes.Equal(keys[0].Key, []byte{0, 255, 1}) {
		t.Fatalf("list of %d bytes, keys %v", len(body), keys)
	}
}

func emptyURL(t *testing.T, like string) string {
	t.Helper()
	if strings.HasPrefix(like, "sqlite:") {
		return sqliteURL(t)
	}
	return postgresURL(t)
}

func TestBackupRestoresElsewhere(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		s := filled(t, url)
		path := filepath.Join(t.TempDir(), "copy")
		must(t, s.Backup(t.Context(), path))
		wantErr(t, s.Backup(t.Context(), path), os.ErrExist)
		other := emptyURL(t, url)
		must(t, Restore(t.Context(), RestoreOptions{URL: other, From: path}))
		wantFilled(t, open(t, other))
		stat, err := os.Stat(path)
		must(t, err)
		if stat.Mode().Perm() != 0o600 {
			t.Fatalf("the copy has mode %s", stat.Mode())
		}
	})
}

func TestBackupTakenWhileWritingShowsOneMoment(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		s := filled(t, url)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		started := make(chan struct{})
		go func() {
			for seq := uint64(10); ; seq += 2 {
				_, err := s.CommitReports(ctx, []inventory.ReportRow{report(1, "run1", seq, "x"), report(2, "run1", seq, "x")})
				if err != nil {
					done <- err
					return
				}
				if seq == 10 {
					close(started)
				}
			}
		}()
		<-started
		path := filepath.Join(t.TempDir(), "copy")
		err := s.Backup(t.Context(), path)
		cancel()
		if ended := <-done; !errors.Is(ended, context.Canceled) {
			t.Fatalf("the writer failed beside the backup: %v", ended)
		}
		must(t, err)
		other := emptyURL(t, url)
		must(t, Restore(t.Context(), RestoreOptions{URL: other, From: path}))
		if n := len(wholeLog(t, open(t, other))); n%2 != 0 {
			t.Fatalf("%d reports: half of a batch is in the copy", n)
		}
	})
}

func TestRestoreIsRefusedOverADatabaseUnlessTold(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		s := filled(t, url)
		path := filepath.Join(t.TempDir(), "copy")
		must(t, s.Backup(t.Context(), path))
		must(t, s.SetMeta(t.Context(), "colour", "red"))
		wantErr(t, Restore(t.Context(), RestoreOptions{URL: url, From: path}), ErrOccupied)
		wantErr(t, Restore(t.Context(), RestoreOptions{URL: url, From: path, Replace: true}), ErrInUse)
		must(t, s.Close())
		wantErr(t, Restore(t.Context(), RestoreOptions{URL: url, From: path}), ErrOccupied)

		staged, err := Stage(t.Context(), RestoreOptions{URL: url, From: path, Replace: true})
		must(t, err)
		must(t, staged.Discard(t.Context()))
		staged, err = Stage(t.Context(), RestoreOptions{URL: url, From: path, Replace: true})
		must(t, err)
		must(t, staged.Commit(t.Context()))
		must(t, staged.Revert(t.Context()))
		back := open(t, url)
		colour, err := back.Meta(t.Context(), "colour")
		must(t, err)
		if colour != "red" {
			t.Fatalf("colour %s after a restore was taken back", colour)
		}
		must(t, back.Close())

		must(t, Restore(t.Context(), RestoreOptions{URL: url, From: path, Replace: true}))
		back = open(t, url)
		_, err = back.Meta(t.Context(), "colour")
		wantErr(t, err, ErrNotFound)
		wantFilled(t, back)
	})
}

// withoutAPage is a file whose middle page is zeros: fewer of them could lie where
// a page of SQLite holds nothing.
func withoutAPage(whole []byte) []byte {
	const page = 4096
	damaged := bytes.Clone(whole)
	from := len(whole) / 2
	if len(whole) > 4*page {
		from -= from % page
	}
	clear(damaged[from:min(from+page, len(whole))])
	return damaged
}

func TestDamagedCopyIsRefusedAndLeavesTheTarget(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		s := filled(t, url)
		path := filepath.Join(t.TempDir(), "copy")
		must(t, s.Backup(t.Context(), path))
		whole, err := os.ReadFile(path)
		must(t, err)
		other := emptyURL(t, url)
		for name, content := range map[string][]byte{
			"empty": {}, "letter": []byte("Dear Sir or Madam"), "half": whole[:len(whole)/2], "without its end": whole[:len(whole)-40],
			"zeros in the middle": withoutAPage(whole),
		} {
			damaged := filepath.Join(t.TempDir(), "damaged")
			must(t, os.WriteFile(damaged, content, 0o600))
			err := Restore(t.Context(), RestoreOptions{URL: other, From: damaged})
			if !errors.Is(err, ErrDamaged) {
				t.Errorf("%s: error %v", name, err)
			}
		}
		if file, ok := strings.CutPrefix(other, "sqlite:"); ok {
			left, err := os.ReadDir(filepath.Dir(file))
			must(t, err)
			if len(left) != 0 {
				t.Fatalf("refused restores left %v", left)
			}
		}
		must(t, Restore(t.Context(), RestoreOptions{URL: other, From: path}))
		wantFilled(t, open(t, other))
	})
}

func zipped(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.WriteString(w, text)
	must(t, err)
	must(t, w.Close())
	return b.Bytes()
}

func TestDumpThatIsNotOneIsRefused(t *testing.T) {
	const header = `{"dump":"muster 1","version":1}` + "\n"
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"other program": {`{"dump":"other","version":1}` + "\n", ErrDamaged},
		"newer":         {`{"dump":"muster 1","version":80000}` + "\n", ErrNewer},
		"no end":        {header, ErrDamaged},
		"no tables":     {header + `{"end":"","rows":0}`, ErrDamaged},
		"foreign table": {header + `{"table":"pg_authid","columns":["rolname"]}` + "\n", ErrDamaged},
		"other columns": {header + `{"table":"meta","columns":["name"]}` + "\n", ErrDamaged},
		"short row":     {header + `{"table":"meta","columns":["name","value"]}` + "\n" + `["a"]` + "\n", ErrDamaged},
		"wrong count":   {header + `{"table":"meta","columns":["name","value"]}` + "\n" + `["a","b"]` + "\n" + `{"end":"meta","rows":2}` + "\n", ErrDamaged},
		"wrong type":    {header + `{"table":"meta","columns":["name","value"]}` + "\n" + `[{},"b"]` + "\n", ErrDamaged},
	} {
		path := filepath.Join(t.TempDir(), "dump")
		must(t, os.WriteFile(path, zipped(t, c.text), 0o600))
		if err := Restore(t.Context(), RestoreOptions{URL: postgresURL(t), From: path}); !errors.Is(err, c.want) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func FuzzDumpReader(f *testing.F) {
	f.Add(zipped(f, `{"dump":"muster 1","version":1}`+"\n"+`{"table":"meta","columns":["name","value"]}`+"\n"+`["a","b"]`+"\n"+
		`{"end":"meta","rows":1}`+"\n"+`{"end":"","rows":0}`+"\n"))
	f.Add([]byte("Dear Sir or Madam"))
	f.Fuzz(func(t *testing.T, content []byte) {
		lines, _, err := newDumpReader(bytes.NewReader(content))
		for err == nil {
			var table dumpTable
			var more bool
			if table, more, err = lines.table(); err != nil || !more {
				break
			}
			for read := int64(0); err == nil && more; read++ {
				var values []any
				row, again, rowErr := lines.row(table, read)
				for _, raw := range row {
					_, _ = dumpValue(raw, false)
					_, _ = dumpValue(raw, true)
					values = append(values, raw)
				}
				if again && len(values) != len(table.Columns) {
					t.Fatalf("a row of %d values for %d columns", len(values), len(table.Columns))
				}
				more, err = again, rowErr
			}
		}
		if err != nil && !errors.Is(err, ErrDamaged) {
			t.Fatal(cmp.Diff("ErrDamaged", err.Error()))
		}
	})
}
