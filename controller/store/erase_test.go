package store

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"muster/inventory"
)

// secret is a name that stands nowhere by chance.
const secret = "Zenobia Quarterflash"

func nameOf(t testing.TB, s *Store, number string) string {
	t.Helper()
	body, err := s.Noun(t.Context(), inventory.NounStaff, number)
	must(t, err)
	var staff inventory.Staff
	must(t, json.Unmarshal(body, &staff))
	return staff.Name
}

// traces is where a text stands in what is on disk: of SQLite in the files, of
// PostgreSQL in a dump of every table.
func traces(t testing.TB, s *Store, text string) (found []string) {
	t.Helper()
	if s.Engine() == EngineSQLite {
		for _, suffix := range append(sidecars(), ".erasures") {
			content, err := os.ReadFile(s.engine.(sqliteFile).path + suffix)
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			if bytes.Contains(content, []byte(text)) {
				found = append(found, "file"+suffix)
			}
		}
		return found
	}
	path := filepath.Join(t.TempDir(), fmt.Sprintf("dump%d", rand.Uint64()))
	must(t, s.Backup(t.Context(), path))
	file, err := os.Open(path)
	must(t, err)
	defer file.Close() // only read
	unzipped, err := gzip.NewReader(file)
	must(t, err)
	content, err := io.ReadAll(unzipped)
	must(t, err)
	table := ""
	for line := range strings.Lines(string(content)) {
		var head dumpTable
		if json.Unmarshal([]byte(line), &head) == nil && head.Table != "" {
			table = head.Table
		}
		if strings.Contains(line, text) {
			found = append(found, table)
		}
	}
	return found
}

// TestNameStandsInOneTableOnly walks a name through every way of the register and
// looks at every other table.
func TestNameStandsInOneTableOnly(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		mustApply(t, s, made(t, inventory.NounSite, "MILL", site("MILL")), made(t, inventory.NounStaff, "7", staff("7", "MILL", "Old "+secret)))
		mustApply(t, s, changed(t, inventory.NounStaff, "7", staff("7", "MILL", "Old "+secret), staff("7", "MILL", secret)))
		if name := nameOf(t, s, "7"); name != secret {
			t.Fatalf("the name is %q", name)
		}
		must(t, s.look(t.Context(), "look", func(t2 tx) error {
			tables, err := ownTables()
			must(t, err)
			for _, table := range tables {
				if table == "personal" {
					continue
				}
				must(t, t2.each("SELECT * FROM "+table, nil, func(row scanner) error {
					columns, err := row.(interface{ Columns() ([]string, error) }).Columns()
					must(t, err)
					values, into := make([]any, len(columns)), make([]any, len(columns))
					for i := range values {
						into[i] = &values[i]
					}
					must(t, row.Scan(into...))
					for _, value := range values {
						if b, ok := value.([]byte); ok {
							value = string(b)
						}
						if strings.Contains(fmt.Sprint(value), "Quarterflash") {
							t.Errorf("table %s holds the name: %v", table, value)
						}
					}
					return nil
				}))
			}
			return nil
		}))
		for _, names := range []bool{false, true} {
			bodies, _, err := s.Nouns(t.Context(), inventory.NounStaff, inventory.NounFilter{Names: names})
			must(t, err)
			if strings.Contains(string(bodies[0]), secret) != names {
				t.Errorf("asked for names: %v, got %s", names, bodies[0])
			}
		}
	})
}

func TestUndoBringsNamesBack(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		first := mustApply(t, s, made(t, inventory.NounSite, "MILL", site("MILL")), made(t, inventory.NounStaff, "7", staff("7", "MILL", "")))
		named := mustApply(t, s, changed(t, inventory.NounStaff, "7", staff("7", "MILL", ""), staff("7", "MILL", "Ann")))
		renamed := mustApply(t, s, changed(t, inventory.NounStaff, "7", staff("7", "MILL", "Ann"), staff("7", "MILL", "Anne")))
		removed := mustApply(t, s, changed(t, inventory.NounStaff, "7", staff("7", "MILL", "Anne"), nil))
		for _, step := range []struct {
			number int64
			want   string
		}{{removed, "Anne"}, {renamed, "Ann"}, {named, ""}} {
			must(t, undo(s, step.number))
			if name := nameOf(t, s, "7"); name != step.want {
				t.Errorf("after undoing %d the name is %q, want %q", step.number, name, step.want)
			}
		}
		must(t, undo(s, first))
		if found := traces(t, s, "Anne"); s.Engine() == EnginePostgres && len(found) > 0 {
			t.Errorf("the name is still in %v", found)
		}
	})
}

func TestStaleNameIsAConflict(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		mustApply(t, s, made(t, inventory.NounSite, "MILL", site("MILL")), made(t, inventory.NounStaff, "7", staff("7", "MILL", "Ann")))
		wantErr(t, apply(s, changed(t, inventory.NounStaff, "7", staff("7", "MILL", "Bob"), staff("7", "MILL", "Cat"))), ErrConflict, "changed meanwhile")
	})
}

func TestErasedPersonLeavesNoTraceAndEveryCount(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		mustApply(t, s, refreshed(t)...)
		changes := []inventory.Change{}
		for n := range 500 { // so that the table has many pages, which split and merge
			number := fmt.Sprintf("%d", 2000+n)
			changes = append(changes, made(t, inventory.NounStaff, number, staff(number, "MILL", fmt.Sprintf("Somebody Else %d", n))))
		}
		mustApply(t, s, changes...)
		mustApply(t, s, changed(t, inventory.NounStaff, "1001", staff("1001", "MILL", "Ann Example"), staff("1001", "MILL", secret)))
		last := mustApply(t, s, changed(t, inventory.NounStaff, "1001", staff("1001", "MILL", secret), staff("1001", "HALL", secret+" II")))
		before, _, err := s.Events(t.Context(), inventory.EventFilter{Page: inventory.Page{Limit: 1000}})
		must(t, err)
		would, err := s.Erasure(t.Context(), "1001")
		must(t, err)
		if len(would.Fields) != 3 || would.Training != 1 || would.Events != 3 || would.Imports != 3 || !would.ErasedAt.IsZero() {
			t.Errorf("erasing would be %+v", would)
		}

		must(t, s.Erase(t.Context(), "1001", "dpo"))
		must(t, s.Erase(t.Context(), "1001", "dpo")) // twice is harmless
		if found := traces(t, s, "Quarterflash"); len(found) > 0 {
			t.Errorf("the name is still in %v", found)
		}
		r, err := s.Register(t.Context())
		must(t, err)
		after, _, err := s.Events(t.Context(), inventory.EventFilter{Page: inventory.Page{Limit: 1000}})
		must(t, err)
		if len(r.Staff) != 501 || len(r.Training) != 1 || len(after) != len(before)+1 || after[0].Kind != inventory.EventPersonErased || after[0].Author != "dpo" {
			t.Errorf("%d staff, %d training, %d events after %d, last %+v", len(r.Staff), len(r.Training), len(after), len(before), after[0])
		}
		if len(r.Erased) != 1 || r.Staff[0].Name != "" || r.Staff[1].Name != "Somebody Else 0" {
			t.Errorf("erased %v, staff %+v", r.Erased, r.Staff[:2])
		}
		must(t, undo(s, last)) // an undo brings back the site and not the name
		if name := nameOf(t, s, "1001"); name != "" {
			t.Errorf("undo brought back %q", name)
		}
		err = apply(s, changed(t, inventory.NounStaff, "1001", staff("1001", "MILL", ""), staff("1001", "MILL", secret)))
		if err == nil || !contains(err.Error(), "were erased") {
			t.Errorf("a later import: %v", err)
		}
		wantErr(t, s.Erase(t.Context(), "9999", "dpo"), ErrNotFound)
	})
}

func TestErasureSurvivesTheRestoreOfAnOlderCopy(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		s := open(t, url)
		mustApply(t, s, made(t, inventory.NounSite, "MILL", site("MILL")),
			made(t, inventory.NounStaff, "7", staff("7", "MILL", secret)), made(t, inventory.NounStaff, "8", staff("8", "MILL", "Ann")))
		path := filepath.Join(t.TempDir(), "older")
		must(t, s.Backup(t.Context(), path))
		must(t, s.Erase(t.Context(), "7", "dpo"))
		must(t, s.Close())
		must(t, Restore(t.Context(), RestoreOptions{URL: url, From: path, Replace: true}))
		if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
			content, err := os.ReadFile(path)
			must(t, err)
			if bytes.Contains(content, []byte("Quarterflash")) {
				t.Error("the restored file holds the name before it is opened")
			}
		}
		again := open(t, url)
		if found := traces(t, again, "Quarterflash"); len(found) > 0 {
			t.Errorf("the name is back in %v", found)
		}
		if nameOf(t, again, "7") != "" || nameOf(t, again, "8") != "Ann" {
			t.Errorf("names %q and %q", nameOf(t, again, "7"), nameOf(t, again, "8"))
		}
		r, err := again.Register(t.Context())
		must(t, err)
		if len(r.Erased) != 1 || len(r.Staff) != 2 {
			t.Errorf("erased %v, %d staff", r.Erased, len(r.Staff))
		}
	})
}

// TestErasureIsReplayedFromItsFile restores an older copy by hand, past every check,
// and tears the last line as a power cut would.
func TestErasureIsReplayedFromItsFile(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		file := filepath.Join(t.TempDir(), "erasures")
		must(t, os.WriteFile(file, []byte(`{"noun":"staff","key":"7","erased_at":"2026-11-20T10:00:00Z","author":"dpo"}`+"\n"+`{"noun":"staff","ke`), 0o600))
		s := open(t, url)
		mustApply(t, s, made(t, inventory.NounSite, "MILL", site("MILL")), made(t, inventory.NounStaff, "7", staff("7", "MILL", secret)),
			made(t, inventory.NounStaff, "8", staff("8", "MILL", "Ann")))
		must(t, s.Close())
		opened := func() *Store {
			t.Helper()
			s, err := Open(t.Context(), Options{URL: url, Erasures: file, Now: func() time.Time { return noon }, BackupDir: t.TempDir()})
			must(t, err)
			return s
		}
		for range 2 {
			again := opened()
			if found := traces(t, again, "Quarterflash"); len(found) > 0 {
				t.Errorf("the name is back in %v", found)
			}
			events, _, err := again.Events(t.Context(), inventory.EventFilter{Kind: inventory.EventPersonErased})
			must(t, err)
			if len(events) != 1 || events[0].Author != "dpo" || events[0].OccurredAt.Day() != 20 {
				t.Errorf("events %+v", events)
			}
			must(t, again.Close())
		}
		again := opened()
		must(t, again.Erase(t.Context(), "8", "dpo"))
		must(t, again.Close())
		written, err := erasureFile(file).read()
		must(t, err)
		if len(written) != 2 || written[1].Key != "8" {
			t.Errorf("the file says %+v", written)
		}
		must(t, os.WriteFile(file, []byte("{\n"), 0o600))
		if _, err := Open(t.Context(), Options{URL: url, Erasures: file}); err == nil || !contains(err.Error(), "line 1") {
			t.Errorf("a damaged file: %v", err)
		}
	})
}

func TestFileOfErasuresIsMadeAnewFromTheDatabase(t *testing.T) {
	url := sqliteURL(t)
	s := open(t, url)
	mustApply(t, s, made(t, inventory.NounSite, "MILL", site("MILL")), made(t, inventory.NounStaff, "7", staff("7", "MILL", secret)))
	must(t, s.Erase(t.Context(), "7", "dpo"))
	must(t, s.Close())
	must(t, os.Remove(strings.TrimPrefix(url, "sqlite:")+".erasures"))
	written, err := open(t, url).erasures.read()
	must(t, err)
	if len(written) != 1 || written[0].Key != "7" {
		t.Errorf("the file says %+v", written)
	}
}

func TestNamesAreNotKeptWherePolicySaysSo(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		s, err := Open(t.Context(), Options{URL: url, DropNames: true, Now: func() time.Time { return noon }})
		must(t, err)
		mustApply(t, s, made(t, inventory.NounSite, "MILL", site("MILL")), made(t, inventory.NounStaff, "7", staff("7", "MILL", secret)))
		if name := nameOf(t, s, "7"); name != "" {
			t.Errorf("the name is %q", name)
		}
		if found := traces(t, s, "Quarterflash"); len(found) > 0 {
			t.Errorf("the name is in %v", found)
		}
		must(t, s.Close())
	})
}

func TestNamesAreKeptNoLongerThanTheyServe(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		left, stays := staff("7", "MILL", secret), staff("8", "MILL", "Ann")
		left.To = "2026-05-31"
		mustApply(t, s, made(t, inventory.NounSite, "MILL", site("MILL")), made(t, inventory.NounStaff, "7", left), made(t, inventory.NounStaff, "8", stays))
		anne := stays
		anne.Name = "Anne"
		mustApply(t, s, changed(t, inventory.NounStaff, "8", stays, anne))
		n, err := s.PrunePersonal(t.Context(), "2026-05-31", noon, 100)
		must(t, err)
		if n != 0 {
			t.Errorf("%d values were pruned too early", n)
		}
		n, err = s.PrunePersonal(t.Context(), "2026-06-01", noon.Add(time.Second), 100)
		must(t, err)
		if n != 2 || nameOf(t, s, "7") != "" || nameOf(t, s, "8") != "Anne" {
			t.Errorf("%d pruned, names %q and %q", n, nameOf(t, s, "7"), nameOf(t, s, "8"))
		}
	})
}

// FuzzReadErasures holds the file of erasures to its bounds: what is read is whole,
// and what is appended behind it is read too.
func FuzzReadErasures(f *testing.F) {
	f.Add([]byte(`{"noun":"staff","key":"7","erased_at":"2026-11-20T10:00:00Z"}` + "\n"))
	f.Add([]byte("{}\n"))
	f.Add([]byte(`{"noun":"staff","key":"7"`))
	f.Fuzz(func(t *testing.T, content []byte) {
		before, err := readErasures(content)
		if err != nil {
			return
		}
		file := erasureFile(filepath.Join(t.TempDir(), "erasures"))
		must(t, os.WriteFile(string(file), content, 0o600))
		must(t, file.add(erased{Noun: inventory.NounStaff, Key: "8", ErasedAt: noon}))
		after, err := file.read()
		must(t, err)
		if len(after) != len(before)+1 || after[len(before)].Key != "8" {
			t.Fatalf("%d lines became %d", len(before), len(after))
		}
	})
}
