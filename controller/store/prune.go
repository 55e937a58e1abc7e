package store

import (
	"context"
	"time"
)

// keepNames is how many names of each run's newest pruned reports are kept. An
// agent posts one report after the other, so only its last few can be repeated.
const keepNames = 8

// PruneReports removes at most limit reports of commits received before an
// instant, oldest first, and returns how many it removed; fewer than limit means
// that there are no more. A report that comes again after it was pruned is still
// a repeat where it was among the last of its run.
func (s *Store) PruneReports(ctx context.Context, before time.Time, limit int) (int, error) {
	pruned := 0
	err := s.change(ctx, "prune the intake log", func(t tx) error {
		names, newest, err := oldReports(t, before, limit)
		if err != nil || len(names) == 0 {
			return err
		}
		pruned = len(names)
		if err := rememberNames(t, names, newest); err != nil {
			return err
		}
		_, err = t.exec("DELETE FROM reports WHERE position <= $1", names[len(names)-1].position)
		return err
	})
	return pruned, err
}

type prunedReport struct {
	position int64
	reportName
	hash []byte
}

// oldReports is the reports to prune, and the highest of them in each run. A
// commit is old when its newest report is.
func oldReports(t tx, before time.Time, limit int) (names []prunedReport, newest map[int64]int64, err error) {
	newest = make(map[int64]int64)
	var upTo int64
	err = t.one("SELECT COALESCE(max(position), 0) FROM report_marks WHERE received_at < $1", []any{micros(before)}, &upTo)
	if err != nil || upTo == 0 {
		return nil, nil, err
	}
	err = t.each("SELECT position, run, seq, hash FROM reports WHERE position <= $1 ORDER BY position LIMIT $2",
		[]any{upTo, max(limit, 0)}, func(row scanner) error {
			var p prunedReport
			err := row.Scan(&p.position, &p.run, &p.seq, &p.hash)
			names = append(names, p)
			newest[p.run] = max(newest[p.run], p.seq)
			return err
		})
	if err == nil && len(names) < limit { // the last of them: their marks have served
		_, err = t.exec("DELETE FROM report_marks WHERE position <= $1", upTo)
	}
	return names, newest, err
}

// rememberNames keeps the names of the newest pruned reports of each run.
func rememberNames(t tx, names []prunedReport, newest map[int64]int64) error {
	var args []any
	for _, p := range names {
		if p.seq > newest[p.run]-keepNames {
			args = append(args, p.run, p.seq, p.hash)
		}
	}
	if _, err := t.insert("INSERT INTO pruned_reports (run, seq, hash)", 3, args, "ON CONFLICT (run, seq) DO NOTHING"); err != nil {
		return err
	}
	for run, seq := range newest {
		if _, err := t.exec("UPDATE runs SET pruned_seq = $1 WHERE id = $2 AND pruned_seq < $1", seq, run); err != nil {
			return err
		}
		if _, err := t.exec("DELETE FROM pruned_reports WHERE run = $1 AND seq <= (SELECT pruned_seq FROM runs WHERE id = $1) - $2", run, keepNames); err != nil {
			return err
		}
	}
	return nil
}

// PruneJournal removes at most limit journal records written before an instant,
// oldest first, and returns how many it removed.
func (s *Store) PruneJournal(ctx context.Context, before time.Time, limit int) (int, error) {
	var n int64
	err := s.change(ctx, "prune the journal", func(t tx) (err error) {
		n, err = t.exec(`DELETE FROM journal_records WHERE (run, n) IN
			(SELECT run, n FROM journal_records WHERE written_at < $1 ORDER BY written_at LIMIT $2)`, micros(before), max(limit, 0))
		return err
	})
	return int(n), err
}

// PruneLists removes at most limit contents of lists that another content had
// followed before an instant, and returns how many it removed; fewer than limit
// means that there are no more.
func (s *Store) PruneLists(ctx context.Context, before time.Time, limit int) (int, error) {
	// Looking through all lists takes its time, so it is not done while writing.
	// What was followed stays followed.
	old, err := s.followedLists(ctx, before, limit)
	if err != nil || len(old) == 0 {
		return 0, err
	}
	err = s.change(ctx, "prune the history of lists", func(t tx) error {
		for _, l := range old {
			if _, err := t.exec("DELETE FROM lists WHERE workstation = $1 AND list = $2 AND read_at = $3", l.workstation, l.list, l.readAt); err != nil {
				return err
			}
		}
		return nil
	})
	return len(old), err
}

type oldList struct {
	listName
	readAt int64
}

func (s *Store) followedLists(ctx context.Context, before time.Time, limit int) (old []oldList, err error) {
	err = s.look(ctx, "look for old lists", func(t tx) error {
		return t.each(`SELECT o.workstation, o.list, o.read_at FROM lists o WHERE o.read_at < $1 AND EXISTS
			(SELECT 1 FROM lists n WHERE n.workstation = o.workstation AND n.list = o.list AND n.read_at > o.read_at AND n.read_at < $1) LIMIT $2`,
			[]any{micros(before), max(limit, 0)}, func(row scanner) error {
				var l oldList
				err := row.Scan(&l.workstation, &l.list, &l.readAt)
				old = append(old, l)
				return err
			})
	})
	return old, err
}
