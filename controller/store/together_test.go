package store

import (
	"fmt"
	"sync"
	"testing"

	"muster/inventory"
)

// TestTwoControllersCommitOneReportOnce has two stores of one database commit
// the same reports at once, as two controllers do when an agent changes between
// them.
func TestTwoControllersCommitOneReportOnce(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		one, other := open(t, url), open(t, url)
		enrol(t, one, 20)
		var rows []inventory.ReportRow
		for seq := range uint64(5) {
			for n := range 20 {
				r := report(n+1, "run1", seq+1, "x")
				r.Name = fmt.Sprintf("NAME-%d-%d", n, seq) // makes both write the workstations too
				rows = append(rows, r)
			}
		}
		var counted sync.Mutex
		fresh := 0
		var both sync.WaitGroup
		for _, s := range []*Store{one, other} {
			both.Go(func() {
				for from := 0; from < len(rows); from += 10 {
					outcomes, err := s.CommitReports(t.Context(), rows[from:from+10])
					if err != nil {
						t.Error(err)
						return
					}
					counted.Lock()
					for _, o := range outcomes {
						if o.Fresh {
							fresh++
						}
						if o.Conflict {
							t.Error("a conflict with itself")
						}
					}
					counted.Unlock()
				}
			})
		}
		both.Wait()
		if log := wholeLog(t, one); fresh != len(rows) || len(log) != len(rows) {
			t.Fatalf("%d of %d fresh, %d in the log", fresh, len(rows), len(log))
		}
	})
}

// TestDeadlockBetweenControllersIsTriedAgain locks two rows in opposite order.
func TestDeadlockBetweenControllersIsTriedAgain(t *testing.T) {
	url := postgresURL(t)
	stores := []*Store{open(t, url), open(t, url)}
	must(t, stores[0].SetMeta(t.Context(), "a", "0"))
	must(t, stores[0].SetMeta(t.Context(), "b", "0"))
	var locked sync.WaitGroup // both hold their first row
	locked.Add(2)
	var both sync.WaitGroup
	for i, order := range [][2]string{{"a", "b"}, {"b", "a"}} {
		both.Go(func() {
			var once sync.Once
			err := stores[i].change(t.Context(), "lock", func(t tx) error {
				for _, name := range order {
					if _, err := t.exec("UPDATE meta SET value = value || '1' WHERE name = $1", name); err != nil {
						return err
					}
					once.Do(func() { locked.Done(); locked.Wait() })
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	for _, name := range []string{"a", "b"} {
		value, err := stores[0].Meta(t.Context(), name)
		must(t, err)
		if value != "011" {
			t.Errorf("%s is %s, want one change of each controller", name, value)
		}
	}
}
