package incident

import (
	"slices"
	"time"

	"muster/inventory"
)

// resumable is the trouble of a key that ended a moment ago, so that what comes now
// is its return; nil where there is none.
func (e *Engine) resumable(key string, now time.Time) *trouble {
	t := e.recent[key]
	if t == nil || now.Sub(t.EndedAt) > e.rules.FlapFor || t.Incident.Cause.Presence() {
		return nil
	}
	return t
}

// resume reopens a trouble that ended a moment ago: a flapping link is one
// incident.
func (e *Engine) resume(t *trouble, j judged, now time.Time) *trouble {
	t.Before = t.apart()
	delete(e.recent, j.key)
	e.settling = slices.DeleteFunc(e.settling, func(x *trouble) bool { return x == t })
	e.troubles[j.key] = t
	t.Onset, t.ClearAt, t.EndedAt = j.since, time.Time{}, time.Time{}
	t.Spans = bounded(append(t.Spans, span{From: j.since}), maxSpans)
	t.Incident.Flaps++
	t.Incident.ResolvedAt, t.Incident.SettledAt = time.Time{}, time.Time{}
	t.Incident.State = inventory.IncidentOpen
	if t.Incident.OpenedAt.IsZero() {
		t.Incident.State = inventory.IncidentPending
	}
	e.judgeInto(t, j.verdict(now))
	e.say(t, inventory.IncidentReopened, now, false)
	return t
}

// giveBack ends a resumed trouble where it had ended: its return was a wider cause's
// doing, and what is known of the time before, and proven, stays its own.
func (e *Engine) giveBack(t, into *trouble, now time.Time) {
	was := t.Before
	i := &was.Incident
	i.AcknowledgedAt, i.AcknowledgedBy = t.Incident.AcknowledgedAt, t.Incident.AcknowledgedBy
	i.Ticket, i.Notes = t.Incident.Ticket, t.Incident.Notes
	into.Incident.StartedAt = older(into.Incident.StartedAt, t.Onset)
	e.recent[was.Key] = was
	if i.State == inventory.IncidentBlip {
		e.say(was, inventory.IncidentCleared, now, false)
		return
	}
	e.settling = append(e.settling, was)
	e.say(was, inventory.IncidentEnded, now, false)
}

// apart is the trouble as it is, which later changes leave alone.
func (t *trouble) apart() *trouble {
	c := *t
	c.Before = nil
	c.Spans, c.Outages, c.Members = slices.Clone(t.Spans), slices.Clone(t.Outages), slices.Clone(t.Members)
	i := &c.Incident
	i.Verdicts, i.Evidence = slices.Clone(i.Verdicts), slices.Clone(i.Evidence)
	i.Merged, i.Scope.Sites = slices.Clone(i.Merged), slices.Clone(i.Scope.Sites)
	return &c
}
