package incident

import (
	"time"

	"muster/inventory"
)

// kind is what a trouble of a site may be taken for again: what of one kind comes
// back within minutes is the same fault, what comes of another is another.
type kind int

const (
	kindWhole  kind = iota // nobody answers: link, router, power
	kindPart               // some machines do not, or neighbours do not hear them
	kindFilter             // UDP or TCP is dropped
	kindLarge              // large packets are
)

func kindOf(cause inventory.Cause, whole bool) kind {
	switch {
	case whole:
		return kindWhole
	case cause == inventory.CauseLANSegment:
		return kindPart
	case cause == inventory.CauseSiteFirewall:
		return kindFilter
	case cause == inventory.CauseSiteMTU:
		return kindLarge
	default:
		return kindWhole
	}
}

// returned is the trouble that ended a moment ago and of which j is the return; nil
// where j is something new.
func (e *Engine) returned(j judged, now time.Time) *trouble {
	t := e.resumable(j.key, now)
	if t == nil || e.another(t, j) {
		return nil
	}
	return t
}

// another reports whether j is clearly another fault than t, which is over or seems
// to be: of a kind that t never was, or of none of its machines. What drops packets
// after a whole site's silence may be its echo, or what somebody did to end it.
func (e *Engine) another(t *trouble, j judged) bool {
	if t.Key != siteKey(j.scope.Site) {
		return false
	}
	now := kindOf(j.cause, j.whole)
	was := map[kind]bool{}
	for _, v := range t.Incident.Verdicts {
		was[kindOf(v.Cause, false)] = true
	}
	was[kindWhole] = t.Whole
	switch {
	case was[kindWhole] && (now == kindFilter || now == kindLarge):
		return false
	case !was[now]:
		return true
	default:
		return now == kindPart && !t.Whole && !sharesMachine(t.Members, j.members)
	}
}

func sharesMachine(ids []string, ms []*machine) bool {
	known := make(map[string]bool, len(ids))
	for _, id := range ids {
		known[id] = true
	}
	for _, m := range ms {
		if known[m.id] {
			return true
		}
	}
	return len(ids) == 0 || len(ms) == 0
}

// unlessOver is t, the trouble under j's key; nil where j is another fault, which
// came before t's end was told. Then t ends now.
func (e *Engine) unlessOver(t *trouble, j judged, now time.Time) *trouble {
	if t == nil {
		return nil
	}
	at, healed := e.healedBefore(t, j)
	switch {
	case !t.ClearAt.IsZero() && e.another(t, j): // it flapped, and was waited for
	case t.ClearAt.IsZero() && healed:
		e.well(t.Key, at)
	default:
		return t
	}
	e.end(t, now)
	return nil
}

// healedBefore reports whether a part of a site that was silent had come back when
// the whole site fell silent, and since when: then these are two faults, though the
// first one's end was not told yet.
func (e *Engine) healedBefore(t *trouble, j judged) (at time.Time, healed bool) {
	if t.Whole || !j.whole || t.Live.Rule != ruleTogether && t.Live.Rule != ruleUnanswered {
		return at, false
	}
	back := 0
	for _, id := range t.Members {
		// Who was heard after the onset need not be back: a fault may spread.
		if m := e.machines[id]; m != nil && m.backAt.After(t.Onset) && m.backAt.Before(j.since) {
			back++
			at = newer(at, m.backAt)
		}
	}
	return at, float64(back) >= e.rules.SegmentHeals*float64(max(len(t.Members), 1))
}

// spells is when a fault that came back was there, for who accounts for its time;
// nil where it never went away in between.
func (t *trouble) spells() []inventory.Span {
	if len(t.Spans) < 2 {
		return nil
	}
	spells := make([]inventory.Span, len(t.Spans))
	for n, s := range t.Spans {
		spells[n] = inventory.Span{From: s.From, To: s.To}
	}
	spells[0].From = t.Incident.StartedAt // as far as it is proven by now
	return spells
}
