package store

import (
	"context"
	"fmt"
	"time"

	"muster/inventory"
)

// writeJournal keeps the journal records of the fresh reports. One that is known
// stays as it is.
func (b *intakeBatch) writeJournal() error {
	var args []any
	for _, i := range b.fresh {
		row := b.rows[i]
		for _, r := range row.Journal {
			body, err := pack(r.Body)
			if err != nil {
				return err
			}
			run := b.runs[runName{row.Workstation, r.Run}].id
			args = append(args, run, int64(r.N), plain(r.Boot), int64(r.BootClock), micros(r.At), plain(r.Kind), body) // counts records
		}
	}
	_, err := b.tx.insert("INSERT INTO journal_records (run, n, boot, boot_clock, written_at, kind, body)", 7, args, "ON CONFLICT (run, n) DO NOTHING")
	return err
}

// maxJournalRecords bounds one reading of the journal: a day holds 8,640 ticks.
const maxJournalRecords = 100_000

// JournalRecords is what a workstation's journal holds between two instants, both
// included, in the order of writing; at most the first 100,000.
func (s *Store) JournalRecords(ctx context.Context, workstation string, from, to time.Time) (records []inventory.JournalRow, err error) {
	err = s.look(ctx, fmt.Sprintf("read the journal of %q", workstation), func(t tx) error {
		query := fmt.Sprintf(`SELECT r.run, j.n, j.boot, j.boot_clock, j.written_at, j.kind, j.body
			FROM runs r JOIN journal_records j ON j.run = r.id
			WHERE r.workstation = $1 AND j.written_at >= $2 AND j.written_at <= $3
			ORDER BY j.written_at, j.run, j.n LIMIT %d`, maxJournalRecords)
		return t.each(query, []any{workstation, micros(from), micros(to)}, func(row scanner) error {
			var r inventory.JournalRow
			var n, clock, at int64
			if err := row.Scan(&r.Run, &n, &r.Boot, &clock, &at, &r.Kind, &r.Body); err != nil {
				return err
			}
			r.N, r.BootClock, r.At = uint64(n), time.Duration(clock), instant(at) // written from a uint64
			r.Body, err = unpack(r.Body)
			records = append(records, r)
			return err
		})
	})
	return records, err
}
