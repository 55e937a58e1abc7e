package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"muster/controller/incident"
	"muster/controller/intake"
	"muster/inventory"
	"muster/inventory/wire"
)

const (
	// replayAtOnce is how many reports of the intake log are read at a time, and
	// replayMost how many are judged after a start: a day of a county.
	replayAtOnce = 5_000
	replayMost   = 500_000
	// recallFor is how far back a workstation's boots are looked for when its
	// journal is wanted and it was not heard since the start.
	recallFor = 24 * time.Hour
)

// resume makes the engine: as it was where an earlier start left something, new
// where not. Reports that were committed and not judged are judged with the first
// step.
func (r *Runner) resume(ctx context.Context) error {
	estate, err := r.o.Estate(ctx)
	if err != nil {
		return fmt.Errorf("cannot start the incident engine: %w", err)
	}
	r.estate, r.readAt = estate, r.o.Now()
	state, err := r.o.Store.EngineState(ctx)
	fresh := errors.Is(err, inventory.ErrNotFound)
	if err != nil && !fresh {
		return fmt.Errorf("cannot start the incident engine: %w", err)
	}
	now := r.o.Now()
	r.engine = incident.New(*r.o.Rules, estate, now)
	if !fresh {
		engine, err := incident.Restore(*r.o.Rules, estate, state.Body, now)
		if err != nil {
			// Better an engine that begins anew than none: what it had open is ended below.
			r.o.Log.Error("what the incident engine remembered is damaged, it begins anew", "error", err)
		} else {
			r.engine = engine
		}
	}
	if err := r.readWindows(ctx); err != nil {
		return fmt.Errorf("cannot start the incident engine: %w", err)
	}
	if err := r.readBaselines(ctx); err != nil {
		return fmt.Errorf("cannot start the incident engine: %w", err)
	}
	if err := r.adopt(ctx, now); err != nil {
		return fmt.Errorf("cannot start the incident engine: %w", err)
	}
	return r.replay(ctx, state.Position, fresh)
}

// adopt makes engine and disk agree on what is going on: the engine's word stands,
// and what it knows nothing of any more is over.
func (r *Runner) adopt(ctx context.Context, now time.Time) error {
	known := map[string]bool{}
	live := r.engine.Live()
	for _, i := range live {
		known[i.ID] = true
		r.unkept[i.ID] = i
		r.trace.resume(i, r.estate)
	}
	for _, i := range r.engine.Settling() {
		r.trace.resume(i, r.estate)
	}
	filter := inventory.IncidentFilter{Live: true, Page: inventory.Page{Limit: inventory.MaxPage}}
	for {
		stored, next, err := r.o.Store.Incidents(ctx, filter)
		if err != nil {
			return err
		}
		for _, i := range stored {
			if !known[i.ID] {
				r.unkept[i.ID] = lost(i, now)
			}
		}
		if next == "" {
			break
		}
		filter.After = next
	}
	r.live.Store(&live)
	r.keep(ctx, false)
	return nil
}

// lost ends an incident that the engine forgot: presence between two writings, or
// all where its memory was damaged.
func lost(i inventory.Incident, now time.Time) inventory.Incident {
	i.State, i.ResolvedAt, i.SettledAt = inventory.IncidentResolved, now.UTC(), now.UTC()
	i.Verdicts = append(slices.Clip(i.Verdicts), inventory.Verdict{
		At: now.UTC(), Cause: i.Cause, Grade: i.Grade, Confidence: i.Confidence, Rule: "restart",
		Reason: "The controller was restarted and does not remember this; if it still goes on, it is found anew.",
	})
	return i
}

// replay queues the reports behind a position of the intake log. A fresh engine
// begins at the log's end: what is older was never its own.
func (r *Runner) replay(ctx context.Context, position int64, fresh bool) error {
	end, err := r.o.Store.LastReport(ctx)
	if err != nil {
		return fmt.Errorf("cannot start the incident engine: %w", err)
	}
	r.learn(inventory.Evidence{At: r.o.Now(), Kind: inventory.EvidenceStart})
	r.judged, r.ahead = position, end
	if fresh {
		r.judged = end
		return nil
	}
	replayed := 0
	since := map[string]time.Time{}
	for at := max(position, end-replayMost); at < end; {
		reports, err := r.o.Store.ReportsAfter(ctx, at, replayAtOnce)
		if err != nil {
			return fmt.Errorf("cannot judge the reports that came before the start: %w", err)
		}
		if len(reports) == 0 {
			break
		}
		for _, report := range reports {
			at = report.Position
			r.replayReport(report)
			if first, known := since[report.Workstation]; !known || report.ReceivedAt.Before(first) {
				since[report.Workstation] = report.ReceivedAt
			}
		}
		replayed += len(reports)
	}
	for workstation, first := range since {
		if err := r.replayJournal(ctx, workstation, first); err != nil {
			return err
		}
	}
	r.o.Log.Info("the incident engine goes on where it was", "live", len(*r.live.Load()), "reports", replayed)
	return nil
}

func (r *Runner) replayReport(report inventory.LoggedReport) {
	site := r.o.SiteOf(report.Workstation)
	r.moved(report.Workstation, site)
	r.learn(inventory.Evidence{At: report.ReceivedAt, Kind: inventory.EvidenceReport, Site: site, Workstation: report.Workstation, Boot: report.Boot, OK: true})
	var body wire.Report
	if json.Unmarshal(report.Body, &body) == nil {
		r.journals.remember(report.Workstation, report.Boot, report.ReadAt.Add(-body.BootClock))
		r.probes(site, body, report.ReadAt, report.ReceivedAt)
		r.learn(stopsOf(site, intake.Accepted{Workstation: report.Workstation, ReadAt: report.ReadAt, Report: body})...)
	}
}

// replayJournal queues the journal records that may have come with the replayed
// reports: those written since a while before the first of them.
func (r *Runner) replayJournal(ctx context.Context, workstation string, first time.Time) error {
	rows, err := r.o.Store.JournalRecords(ctx, workstation, first.Add(-r.replayJournalFor()), r.o.Now())
	if err != nil {
		return fmt.Errorf("cannot judge the journals that came before the start: %w", err)
	}
	site := r.o.SiteOf(workstation)
	for _, row := range rows {
		var record wire.JournalRecord
		if json.Unmarshal(row.Body, &record) == nil {
			r.learn(entryOf(site, workstation, record, row.At))
		}
	}
	return nil
}

// replayJournalFor is how far back journals may be evidence: to before the oldest
// incident that still waits for some.
func (r *Runner) replayJournalFor() time.Duration {
	const least = 10 * time.Minute
	longest := least
	now := r.o.Now()
	for _, i := range append(r.engine.Live(), r.engine.Settling()...) {
		if !i.Cause.Presence() {
			longest = max(longest, now.Sub(i.StartedAt)+least)
		}
	}
	return min(longest, keepWantsFor)
}

// recallBoots reads which boots a workstation had before it was heard here: its
// journal is asked for by boot.
func (r *Runner) recallBoots(ctx context.Context, workstation string, from time.Time) {
	if r.journals.boots(workstation) > 1 {
		return
	}
	rows, err := r.o.Store.JournalRecords(ctx, workstation, from.Add(-recallFor), r.o.Now())
	if err != nil {
		r.o.Log.Error("cannot read which boots a workstation had", "workstation", workstation, "error", err)
		return
	}
	for _, row := range rows {
		r.journals.remember(workstation, row.Boot, row.At.Add(-row.BootClock))
	}
}
