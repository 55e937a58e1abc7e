package incident

import (
	"fmt"
	"time"

	"muster/inventory"
)

// first holds back what a silence is taken for while it may be the controller's
// own: as long as nothing outside the WAN has answered since it began, and may
// still, the honest word is that it is unknown.
func (e *Engine) first(sc *scene, t *trouble, j judged, now time.Time) judged {
	began := now
	switch {
	case sc.s.facts.Site.Direct(): // its silence is a minute old: others would have been seen
		return j
	case t != nil && t.Incident.Cause != inventory.CauseUnknown, t == nil && e.returned(j, now) != nil:
		return j
	case t != nil:
		began = t.Incident.DetectedAt
	}
	if now.Sub(began) >= e.rules.RefFirst || !e.outsidePending(sc.since) {
		return j
	}
	e.askEvery(Ask{Kind: AskReferences}, time.Second, now)
	j.cause, j.rule, j.grade, j.confidence = inventory.CauseUnknown, "outside-unheard", inventory.GradeInferred, 0.3
	j.reason = fmt.Sprintf("Nobody at %s answers since %s; whether anything outside does is being asked.", sc.s.code, sc.s.clock(sc.since))
	return j
}

// premature reports whether a silence is too young to be the return of what ended
// lately at its site: what first calls unknown leaves an older incident alone.
func (e *Engine) premature(sc *scene, j judged, now time.Time) bool {
	if sc.s.facts.Site.Direct() || e.returned(j, now) == nil ||
		now.Sub(sc.s.silence.seenAt) >= e.rules.RefFirst || !e.outsidePending(sc.since) {
		return false
	}
	e.askEvery(Ask{Kind: AskReferences}, time.Second, now)
	return true
}

// outsidePending reports whether what answered before has not answered since t: the
// references, or the controller's own gateway.
func (e *Engine) outsidePending(t time.Time) bool {
	known := false
	for _, g := range e.references {
		if g.OK.After(t) {
			return false
		}
		known = known || !g.OK.IsZero()
	}
	if e.ownGate.OK.After(t) && !known {
		return false // the gateway is all there is to ask
	}
	return known || !e.ownGate.OK.IsZero()
}

// awaited lets the sites that wait for a word from outside be looked at again.
func (e *Engine) awaited(ok bool) {
	if !ok {
		return
	}
	for _, s := range e.order {
		if s.silence.active {
			s.dirty = true
		}
	}
}
