package store

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"muster/inventory"
)

// CommitReports writes reports to the intake log, with their lists and journal
// records, and returns one outcome for each row. When it returns, the fresh ones
// are on disk; on an error none is, and the same rows may be committed again.
//
// A row whose name (workstation, run, seq) is known is a repeat where the hash is
// the same and a conflict where it is not; both leave everything as it was. A row
// of a workstation that is not registered has an outcome without any field set.
//
// Batches of about 200 rows cost one sync to disk each. The rows and their slices
// belong to the store until it returns.
func (s *Store) CommitReports(ctx context.Context, rows []inventory.ReportRow) ([]inventory.Outcome, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	var outcomes []inventory.Outcome
	err := s.change(ctx, fmt.Sprintf("commit %d reports", len(rows)), func(t tx) error {
		t.Context = context.WithoutCancel(ctx) // watching for it costs more than a short statement
		b := intakeBatch{tx: t, rows: rows, outcomes: make([]inventory.Outcome, len(rows))}
		if err := b.commit(); err != nil {
			return err
		}
		outcomes = b.outcomes
		return nil
	})
	if err != nil {
		return nil, err
	}
	return outcomes, nil
}

// intakeBatch is one call of CommitReports.
type intakeBatch struct {
	tx       tx
	rows     []inventory.ReportRow
	outcomes []inventory.Outcome

	known map[string]knownWorkstation
	runs  map[runName]storedRun
	fresh []int // indices of the rows that are committed now
}

func (b *intakeBatch) commit() error {
	steps := []func() error{
		b.loadRuns, b.loadWorkstations, b.makeRuns, b.appendReports, b.writeStatus, b.writeJournal, b.writeLists, b.writeNames, b.writeKeyAcks,
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// knownWorkstation is what the batch may have to change of a workstation.
type knownWorkstation struct {
	name       string
	model      string
	keyVersion int
}

// loadWorkstations reads the workstations of the batch that loadRuns did not
// meet: those that report for the first time, and those that are not registered.
func (b *intakeBatch) loadWorkstations() error {
	asked := make(map[string]bool)
	var ids []string
	for _, row := range b.rows {
		if _, met := b.known[row.Workstation]; !met && !asked[row.Workstation] {
			asked[row.Workstation] = true
			ids = append(ids, row.Workstation)
		}
	}
	return chunks(b.tx, ids, func(ids []string) error {
		query := `SELECT w.id, w.name, w.model, COALESCE(k.version, 0)
			FROM workstations w LEFT JOIN key_acks k ON k.workstation = w.id AND k.site = w.site
			WHERE w.id IN (` + b.tx.marks(len(ids)) + ")"
		return b.tx.each(query, anys(ids), func(row scanner) error {
			var id string
			var w knownWorkstation
			err := row.Scan(&id, &w.name, &w.model, &w.keyVersion)
			b.known[id] = w
			return err
		})
	})
}

// reportName is a report's name in the log.
type reportName struct {
	run int64
	seq int64
}

func (b *intakeBatch) nameOf(row inventory.ReportRow) reportName {
	return reportName{b.runs[runName{row.Workstation, row.Run}].id, int64(row.Seq)} // wire bounds it to 1<<62
}

// appendReports writes the rows whose name is new and judges the others.
func (b *intakeBatch) appendReports() error {
	hashes, err := b.prunedHashes()
	if err != nil {
		return err
	}
	first := make(map[reportName]int) // name → row that may be fresh
	var again []int                   // rows whose name came before
	for i, row := range b.rows {
		if _, registered := b.known[row.Workstation]; !registered {
			continue
		}
		name := b.nameOf(row)
		if _, pruned := hashes[name]; pruned {
			again = append(again, i)
		} else if _, twice := first[name]; twice {
			again = append(again, i)
		} else {
			first[name] = i
		}
	}
	written, err := b.insertReports(first)
	if err != nil {
		return err
	}
	var stored []reportName
	for i, row := range b.rows {
		name := b.nameOf(row)
		if at, ok := first[name]; !ok || at != i {
			continue
		}
		if written[name] {
			b.outcomes[i].Fresh = true
			b.fresh = append(b.fresh, i)
			hashes[name] = row.Hash
			continue
		}
		stored = append(stored, name)
		again = append(again, i)
	}
	if err := b.tx.hashes("reports", stored, hashes); err != nil {
		return err
	}
	for _, i := range again {
		same := hashes[b.nameOf(b.rows[i])] == b.rows[i].Hash
		b.outcomes[i].Repeat, b.outcomes[i].Conflict = same, !same
	}
	return nil
}

const reportColumns = 9

// insertReports appends rows in their order and returns the names that were new.
func (b *intakeBatch) insertReports(first map[reportName]int) (map[reportName]bool, error) {
	written := make(map[reportName]bool, len(first))
	if len(first) == 0 {
		return written, nil
	}
	position, err := b.tx.next("report", len(first))
	if err != nil {
		return nil, err
	}
	if err := b.mark(position + int64(len(first)) - 1); err != nil {
		return nil, err
	}
	args := make([]any, 0, reportColumns*len(first))
	for i, row := range b.rows {
		name := b.nameOf(row)
		if at, ok := first[name]; !ok || at != i {
			continue
		}
		body, err := pack(row.Body)
		if err != nil {
			return nil, err
		}
		args = append(args, position, name.run, name.seq, row.Hash[:], plain(row.Boot),
			micros(row.ReceivedAt), micros(row.ReadAt), addrText(row.Addr), body)
		position++
	}
	n, err := b.tx.insert("INSERT INTO reports (position, run, seq, hash, boot, received_at, read_at, addr, body)",
		reportColumns, args, "ON CONFLICT (run, seq) DO NOTHING")
	if err != nil {
		return nil, err
	}
	if n == int64(len(first)) { // nearly always: nothing has to be asked
		for name := range first {
			written[name] = true
		}
		return written, nil
	}
	query := "SELECT run, seq FROM reports WHERE position >= $1 AND position < $2"
	err = b.tx.each(query, []any{position - int64(len(first)), position}, func(row scanner) error {
		var name reportName
		err := row.Scan(&name.run, &name.seq)
		written[name] = true
		return err
	})
	return written, err
}

// prunedHashes is the hashes of those reports of the batch that were pruned.
func (b *intakeBatch) prunedHashes() (map[reportName][32]byte, error) {
	var old []reportName
	for _, row := range b.rows {
		name := b.nameOf(row)
		if name.run != 0 && name.seq <= b.runs[runName{row.Workstation, row.Run}].prunedSeq {
			old = append(old, name)
		}
	}
	hashes := make(map[reportName][32]byte)
	return hashes, b.tx.hashes("pruned_reports", old, hashes)
}

func (t tx) hashes(table string, names []reportName, into map[reportName][32]byte) error {
	return chunks(t, names, func(names []reportName) error {
		args := make([]any, 0, 2*len(names))
		for _, name := range names {
			args = append(args, name.run, name.seq)
		}
		query := "SELECT run, seq, hash FROM " + table + " WHERE (run, seq) IN (VALUES " + t.pairs(len(names)) + ")"
		return t.each(query, args, func(row scanner) error {
			var name reportName
			var hash []byte
			if err := row.Scan(&name.run, &name.seq, &hash); err != nil {
				return err
			}
			if len(hash) != 32 {
				return fmt.Errorf("report %d of run %d has a damaged hash", name.seq, name.run)
			}
			into[name] = [32]byte(hash)
			return nil
		})
	})
}

// mark notes when everything up to a position was received.
func (b *intakeBatch) mark(position int64) error {
	var newest int64
	for _, row := range b.rows {
		newest = max(newest, micros(row.ReceivedAt))
	}
	_, err := b.tx.exec("INSERT INTO report_marks (position, received_at) VALUES ($1, $2)", position, newest)
	return err
}

// pairs is tuples of two numbers: PostgreSQL takes the parameters of a bare
// VALUES for text unless it is told.
func (t tx) pairs(n int) string {
	first := "(" + t.marks(2) + ")"
	told := "(CAST($1 AS BIGINT),CAST($2 AS BIGINT))"
	if !t.numbered {
		told = "(CAST(? AS BIGINT),CAST(? AS BIGINT))"
	}
	return told + strings.TrimPrefix(t.tuples(n, 2), first)
}

func addrText(addr netip.Addr) string {
	if !addr.IsValid() {
		return ""
	}
	return plain(addr.String())
}
