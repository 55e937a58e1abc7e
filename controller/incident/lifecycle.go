package incident

import (
	"slices"
	"time"

	"muster/inventory"
)

// hold takes up a cause that holds now.
func (e *Engine) hold(j judged, now time.Time) *trouble {
	t := e.troubles[j.key]
	if t == nil {
		t = e.begin(j, now)
	}
	t.FreshAt = newer(t.FreshAt, j.freshAt)
	if !t.ClearAt.IsZero() { // back before it ended
		t.ClearAt = time.Time{}
		t.Incident.Flaps++
		t.Onset = newer(t.Onset, j.since)
		t.Spans = bounded(append(t.Spans, span{From: j.since}), maxSpans)
	}
	for _, m := range j.members {
		if !slices.Contains(t.Members, m.id) && len(t.Members) < 500 {
			t.Members = append(t.Members, m.id)
		}
	}
	t.Whole = t.Whole || j.whole
	e.conclude(t, j, now)
	return t
}

// begin makes the trouble that j describes, or takes up one that ended lately.
func (e *Engine) begin(j judged, now time.Time) *trouble {
	if t := e.returned(j, now); t != nil {
		return e.resume(t, j, now)
	}
	t := &trouble{Key: j.key, Onset: j.since, Spans: []span{{From: j.since}}, Hidden: e.covered(j.scope, now)}
	t.Incident = inventory.Incident{
		ID: e.nextID(), Scope: j.scope, State: inventory.IncidentPending, StartedAt: j.since, DetectedAt: now,
		Verdicts: []inventory.Verdict{},
	}
	e.troubles[j.key] = t
	return t
}

func bounded[T any](xs []T, most int) []T {
	if len(xs) > most {
		return slices.Delete(xs, 1, 1+len(xs)-most) // the first one stays
	}
	return xs
}

func (j judged) verdict(now time.Time) inventory.Verdict {
	return inventory.Verdict{
		At: now, Cause: j.cause, Grade: j.grade, Confidence: j.confidence, Reason: j.reason, Rule: j.rule,
		EvidenceAge: inventory.Seconds(j.age / time.Second),
	}
}

// conclude takes up a verdict: a new one is said, the same one in other words is
// not, and one that is only less sure changes nothing.
func (e *Engine) conclude(t *trouble, j judged, now time.Time) {
	v := j.verdict(now)
	was := t.Incident
	t.Incident.Scope.Sites = mergeSites(t.Incident.Scope.Sites, j.scope.Sites)
	switch {
	case len(was.Verdicts) == 0:
		e.judgeInto(t, v)
		e.weigh(t, now)
		if !t.Hidden {
			e.say(t, inventory.IncidentDetected, now, false)
		}
	case was.Cause != v.Cause, rank(v.Grade) > rank(was.Grade):
		e.judgeInto(t, v)
		e.weigh(t, now)
		if !t.Hidden {
			e.say(t, inventory.IncidentRevised, now, e.recall(was, v.Cause))
		}
	case was.Grade == v.Grade && v.Reason != was.Verdicts[len(was.Verdicts)-1].Reason:
		last := &t.Incident.Verdicts[len(t.Incident.Verdicts)-1]
		last.Reason = v.Reason
		if len(t.Incident.Scope.Sites) != len(was.Scope.Sites) {
			e.weigh(t, now)
		}
	}
}

func rank(g inventory.Grade) int {
	switch g {
	case inventory.GradeProven:
		return 3
	case inventory.GradeCorroborated:
		return 2
	case inventory.GradeInferred:
		return 1
	}
	return 0
}

// judgeInto makes v the present verdict.
func (e *Engine) judgeInto(t *trouble, v inventory.Verdict) {
	i := &t.Incident
	i.Cause, i.Grade, i.Confidence = v.Cause, v.Grade, v.Confidence
	i.Verdicts = bounded(append(slices.Clone(i.Verdicts), v), maxVerdicts)
	if i.CausedAt.IsZero() && v.Cause != inventory.CauseUnknown {
		i.CausedAt = v.At
	}
	if i.ResolvedAt.IsZero() {
		t.Live = v
	}
	t.TouchAt = v.At
}

// mergeSites unites two sorted lists.
func mergeSites(a, b []string) []string {
	if len(b) == 0 {
		return a
	}
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// say tells of a step. What speaks for a trouble is kept as it stood while the
// trouble did: answers wash it away.
func (e *Engine) say(t *trouble, step inventory.IncidentStep, now time.Time, recall bool) {
	if t.ClearAt.IsZero() {
		t.Incident.Evidence = e.findings(t)
	}
	e.out.Changes = append(e.out.Changes, inventory.IncidentChange{Step: step, At: now, Incident: e.show(t), Recall: recall})
}

// show is the incident as others may keep it.
func (e *Engine) show(t *trouble) inventory.Incident {
	i := t.Incident
	i.Verdicts, i.Notes = slices.Clone(i.Verdicts), slices.Clone(i.Notes)
	i.Merged, i.Scope.Sites = slices.Clone(i.Merged), slices.Clone(i.Scope.Sites)
	i.Spells = t.spells()
	i.Evidence = t.Incident.Evidence
	if t.ClearAt.IsZero() {
		i.Evidence = e.findings(t)
	} else if s := e.sites[i.Scope.Site]; s != nil {
		i.Evidence = append(slices.Clone(i.Evidence), e.voteFindings(t, s)...)
	}
	i.Evidence = slices.Clone(i.Evidence)
	return i
}

// well says that a trouble does not hold any more, since an instant.
func (e *Engine) well(key string, since time.Time) {
	t := e.troubles[key]
	if t == nil || !t.ClearAt.IsZero() {
		return
	}
	t.ClearAt = newer(since, t.Onset)
	if n := len(t.Spans); n > 0 && t.Spans[n-1].To.IsZero() {
		t.Spans[n-1].To = t.ClearAt
	}
}

// advance opens what has stood long enough and ends what is over.
func (e *Engine) advance(now time.Time, tick bool) {
	if !tick && len(e.out.Changes) == 0 && !e.anyClear() {
		return
	}
	for _, key := range sortedKeys(e.troubles) {
		t := e.troubles[key]
		switch {
		case !t.ClearAt.IsZero():
			switch well := now.Sub(t.ClearAt); {
			case t.Incident.Flaps == 0 || well >= e.rules.FlapHold:
				e.end(t, now)
			case t.Whole && well >= e.rules.FlapHold/2: // so that the proof is there at the end
				e.askFor(t, now)
			}
		case t.Hidden:
			e.reveal(t, now)
		case t.Incident.State == inventory.IncidentPending,
			t.Incident.OpenedAt.IsZero() && !t.Incident.Cause.Presence(): // presence that turned out to be more
			e.mayOpen(t, now)
		}
	}
}

func (e *Engine) anyClear() bool {
	for _, t := range e.troubles {
		if !t.ClearAt.IsZero() {
			return true
		}
	}
	return false
}

// mayOpen opens a pending trouble: it has stood long enough, and is seen to stand.
func (e *Engine) mayOpen(t *trouble, now time.Time) {
	stood := now.Sub(t.Incident.DetectedAt)
	if t.Incident.Cause == inventory.CauseControllerOverloaded { // the stall was waiting too
		stood = now.Sub(t.Incident.StartedAt)
	}
	if t.Incident.Flaps == 1 {
		stood = down(t.Spans, now)
	}
	if stood < e.rules.OpenAfter && t.Incident.Flaps < 2 || now.Sub(t.FreshAt) > e.rules.FreshFor || e.covered(t.Incident.Scope, now) {
		return
	}
	t.Incident.State = inventory.IncidentOpen
	if t.Incident.Cause.Presence() {
		e.say(t, inventory.IncidentRevised, now, false)
		return
	}
	t.Incident.OpenedAt = now
	e.say(t, inventory.IncidentOpened, now, false)
	if t.Whole {
		e.askAhead(t, now)
	}
}

// down is how long the outages lasted together.
func down(spans []span, now time.Time) time.Duration {
	sum := time.Duration(0)
	for _, s := range spans {
		end := s.To
		if end.IsZero() {
			end = now
		}
		sum += max(end.Sub(s.From), 0)
	}
	return sum
}

// reveal tells of an outage that began in a maintenance window and lasts past its
// end.
func (e *Engine) reveal(t *trouble, now time.Time) {
	if e.covered(t.Incident.Scope, now) || now.Sub(t.FreshAt) > e.rules.FreshFor {
		return
	}
	t.Hidden = false
	e.weigh(t, now)
	e.say(t, inventory.IncidentDetected, now, false)
	if now.Sub(t.Incident.DetectedAt) >= e.rules.OpenAfter {
		e.mayOpen(t, now)
	}
}

// end ends a trouble: one that never opened is an event.
func (e *Engine) end(t *trouble, now time.Time) {
	delete(e.troubles, t.Key)
	if t.Hidden {
		return
	}
	t.EndedAt, t.Before = now, nil
	t.Incident.ResolvedAt = t.ClearAt
	step := inventory.IncidentEnded
	if t.Incident.State == inventory.IncidentPending {
		t.Incident.State, step = inventory.IncidentBlip, inventory.IncidentCleared
	} else {
		t.Incident.State = inventory.IncidentResolved
		e.settling = append(e.settling, t)
	}
	e.recent[t.Key] = t
	e.say(t, step, now, false)
}

// fold lets a wider trouble take t over.
func (e *Engine) fold(t, into *trouble, now time.Time) {
	delete(e.troubles, t.Key)
	switch {
	case t.Hidden:
		return
	case t.Before != nil:
		e.giveBack(t, into, now)
		return
	}
	t.Incident.State, t.Incident.Into = inventory.IncidentFolded, into.Incident.ID
	into.Incident.Merged = append(into.Incident.Merged, t.Incident.ID)
	into.Incident.StartedAt = older(into.Incident.StartedAt, t.Incident.StartedAt)
	e.say(t, inventory.IncidentWidened, now, false)
}

func older(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
