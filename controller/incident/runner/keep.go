package runner

import (
	"context"
	"encoding/json"
	"hash/maphash"
	"maps"
	"slices"

	"muster/inventory"
)

// seed makes hashes of incidents; they are compared within one process only.
var seed = maphash.MakeSeed()

// keep puts what changed on disk, with what the engine remembers where the change
// is weighty: presence alone is not worth writing all of it. What cannot be kept
// is tried again at the next change and the next tick; people are told all the
// same.
func (r *Runner) keep(ctx context.Context, weighty bool) {
	var state *inventory.EngineState
	if weighty {
		state = r.state()
	}
	incidents := slices.Collect(maps.Values(r.unkept))
	if err := r.o.Store.KeepIncidents(ctx, incidents, state); err != nil {
		r.metrics.unkept.Inc()
		r.o.Log.Error("cannot keep incidents, will try again", "incidents", len(incidents), "error", err)
		return
	}
	for _, i := range incidents {
		r.note(i)
	}
	clear(r.unkept)
	if state != nil {
		r.dirty = false
	}
}

// note remembers what of an incident is on disk.
func (r *Runner) note(i inventory.Incident) {
	if i.Live() {
		r.kept[i.ID] = hashOf(i)
		return
	}
	delete(r.kept, i.ID)
}

func hashOf(i inventory.Incident) uint64 {
	b, err := json.Marshal(i)
	if err != nil {
		return 0
	}
	return maphash.Bytes(seed, b)
}

// state is what the engine remembers; nil where it cannot say.
func (r *Runner) state() *inventory.EngineState {
	body, err := r.engine.Snapshot()
	if err != nil {
		r.o.Log.Error("cannot write down what the incident engine remembers", "error", err)
		return nil
	}
	return &inventory.EngineState{SavedAt: r.o.Now(), Position: r.judged, Body: body}
}

// tend does what is due now and then: keeps what the engine remembers, live
// incidents whose evidence grew, the evidence itself, minutes and baselines.
func (r *Runner) tend(ctx context.Context) {
	r.advance(ctx)
	live := r.engine.Live()
	r.live.Store(&live)
	for _, i := range live {
		if !i.Cause.Presence() && r.kept[i.ID] != hashOf(i) {
			r.unkept[i.ID] = i
		}
	}
	if r.dirty || len(r.unkept) > 0 {
		r.keep(ctx, true)
	}
	r.keepTrace(ctx)
	r.tendMinutes(ctx)
	if err := r.readWindows(ctx); err != nil {
		r.o.Log.Error("cannot look for maintenance windows", "error", err)
	}
}

// advance moves up to where the intake log counts as judged: to where it ended a
// tick ago, for a report is on disk a moment before it is told of.
func (r *Runner) advance(ctx context.Context) {
	end, err := r.o.Store.LastReport(ctx)
	if err != nil {
		r.o.Log.Error("cannot read the end of the intake log", "error", err)
		return
	}
	r.judged, r.ahead = r.ahead, end
}

// keepAll puts everything on disk at the end.
func (r *Runner) keepAll(ctx context.Context) {
	for _, i := range r.engine.Live() {
		if r.kept[i.ID] != hashOf(i) {
			r.unkept[i.ID] = i
		}
	}
	r.keep(ctx, true)
	r.keepTrace(ctx)
	r.keepMinutes(ctx)
}

// keepTrace puts the evidence of incidents on disk. What cannot be kept is lost to
// exports; the verdicts do not rest on it any more.
func (r *Runner) keepTrace(ctx context.Context) {
	known := map[string]bool{}
	for _, i := range r.engine.Live() {
		known[i.ID] = true
	}
	for _, i := range r.engine.Settling() {
		known[i.ID] = true
	}
	batches := r.trace.take(known)
	if len(batches) == 0 {
		return
	}
	if err := r.o.Store.AddEvidence(ctx, batches); err != nil {
		r.o.Log.Error("cannot keep the evidence of incidents", "incidents", len(batches), "error", err)
	}
}

// Kinds of the events that a change appends.
const (
	EventOpened   = "incident.opened"
	EventResolved = "incident.resolved"
	EventCleared  = "incident.cleared" // a pending one that healed
	EventRevised  = "incident.revised"
	EventFolded   = "incident.folded"
	EventReopened = "incident.reopened"
	eventAuthor   = "incident engine"
)

// record appends what happened to incidents to the events. Presence has its own
// place.
func (r *Runner) record(ctx context.Context, changes []inventory.IncidentChange) {
	var events []inventory.Event
	for _, c := range changes {
		kind := eventKind(c.Step)
		if kind == "" || c.Incident.Cause.Presence() {
			continue
		}
		body, err := json.Marshal(map[string]any{
			"cause": c.Incident.Cause, "grade": c.Incident.Grade, "scope": c.Incident.Scope, "started_at": c.Incident.StartedAt,
		})
		if err != nil {
			continue
		}
		events = append(events, inventory.Event{
			Kind: kind, Subject: inventory.Subject{Noun: inventory.NounIncident, Key: c.Incident.ID},
			OccurredAt: c.At, RecordedAt: r.o.Now(), Author: eventAuthor, Body: body,
		})
	}
	if len(events) == 0 {
		return
	}
	if err := r.o.Store.AppendEvents(ctx, events); err != nil {
		r.o.Log.Error("cannot record what happened to incidents", "events", len(events), "error", err)
	}
}

func eventKind(step inventory.IncidentStep) string {
	switch step {
	case inventory.IncidentOpened:
		return EventOpened
	case inventory.IncidentEnded:
		return EventResolved
	case inventory.IncidentCleared:
		return EventCleared
	case inventory.IncidentRevised:
		return EventRevised
	case inventory.IncidentWidened:
		return EventFolded
	case inventory.IncidentReopened:
		return EventReopened
	default: // detected: each opens or clears within half a minute; touched: the API says who did what
		return ""
	}
}
