package intake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"muster/inventory"
)

// post is one report that waits for its commit.
type post struct {
	row  inventory.ReportRow
	done chan result // buffered: the writer never waits for a handler
}

type result struct {
	outcome inventory.Outcome
	err     error
}

// writer commits posts in groups: one transaction with a full sync for all that
// came within a few milliseconds.
type writer struct {
	store   ReportStore
	limits  Limits
	log     *slog.Logger
	metrics *metrics
	queue   chan *post
	failing bool // the last commit failed; belongs to run
}

func newWriter(store ReportStore, limits Limits, log *slog.Logger) *writer {
	return &writer{store: store, limits: limits, log: log, queue: make(chan *post, limits.Queue)}
}

// commit returns when the row is on disk or refused. ok is false, and nothing
// was taken, when too many wait already.
func (w *writer) commit(row inventory.ReportRow) (res result, ok bool) {
	p := &post{row: row, done: make(chan result, 1)}
	select {
	case w.queue <- p:
		return <-p.done, true
	default:
		return result{}, false
	}
}

// close ends run after what waits; no commit may follow.
func (w *writer) close() { close(w.queue) }

func (w *writer) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	batch := make([]*post, 0, w.limits.Batch)
	for first := range w.queue {
		batch = w.gather(append(batch[:0], first), timer)
		w.write(batch)
	}
}

// gather adds to the first post what comes within GatherFor.
func (w *writer) gather(batch []*post, timer *time.Timer) []*post {
	timer.Reset(w.limits.GatherFor)
	for len(batch) < w.limits.Batch {
		select {
		case p, open := <-w.queue:
			if !open {
				return batch
			}
			batch = append(batch, p)
		case <-timer.C:
			return batch
		}
	}
	return batch
}

func (w *writer) write(batch []*post) {
	began := time.Now()
	rows := make([]inventory.ReportRow, len(batch))
	for i, p := range batch {
		rows[i] = p.row
	}
	outcomes, err := w.put(rows)
	w.note(err)
	switch {
	case err == nil:
		for i, p := range batch {
			p.done <- result{outcome: outcomes[i]}
		}
	case len(batch) == 1 || errors.Is(err, inventory.ErrFull) || errors.Is(err, context.DeadlineExceeded):
		for _, p := range batch {
			p.done <- result{err: err}
		}
	default:
		w.writeEach(batch)
	}
	w.metrics.commitSeconds.Observe(time.Since(began).Seconds())
	w.metrics.commitReports.Observe(float64(len(batch)))
}

// writeEach commits posts one by one, so that a row which cannot be stored
// refuses itself and not its neighbours.
func (w *writer) writeEach(batch []*post) {
	for _, p := range batch {
		outcomes, err := w.put([]inventory.ReportRow{p.row})
		if err != nil {
			p.done <- result{err: err}
			continue
		}
		p.done <- result{outcome: outcomes[0]}
	}
}

func (w *writer) put(rows []inventory.ReportRow) ([]inventory.Outcome, error) {
	ctx, cancel := context.WithTimeout(context.Background(), w.limits.CommitFor)
	defer cancel()
	outcomes, err := w.store.CommitReports(ctx, rows)
	if err == nil && len(outcomes) != len(rows) {
		err = fmt.Errorf("cannot commit reports: %d outcomes for %d rows", len(outcomes), len(rows))
	}
	return outcomes, err
}

// note logs the first failure of a row of them, and the recovery.
func (w *writer) note(err error) {
	switch {
	case err != nil && !w.failing:
		w.log.Error("cannot commit reports; agents keep theirs and come back", "error", err)
	case err == nil && w.failing:
		w.log.Info("reports are committed again")
	}
	w.failing = err != nil
}
