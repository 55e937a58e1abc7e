package incident

import (
	"time"

	"muster/inventory"
)

// silence is a site's silence under way.
type silence struct {
	active    bool
	since     time.Time
	members   []*machine
	seenAt    time.Time // when it was judged to be one
	waits     bool      // for the references, before it is taken for the return of what ended
	router    bool      // it answered meanwhile
	firstLife time.Time // the first answer after it
	into      string    // key of the wider trouble that took it over
	sc        *scene    // as last looked at
}

// judgeSite looks at one site: as a whole, in parts, and at each machine.
func (e *Engine) judgeSite(s *site, now time.Time) {
	sc := e.look(s, now)
	blind := e.blind()
	e.followSilence(sc)
	key := siteKey(s.code)
	j, holds := sc.judge()
	if q := &s.silence; j.whole && q.active && (q.firstLife.IsZero() || !s.againAt.After(q.since)) {
		j.since = q.since // else it is silent again after a wider cause
	}
	t := e.troubles[key]
	switch {
	case holds && j.whole && (blind || s.silence.into != "" || !sc.freshAt.After(s.againAt)):
		// A wider cause has it, or had it and nothing was seen since.
	case holds && j.whole && t == nil && e.premature(sc, j, now):
		s.silence.waits = true // the controller's own network may have it
	case holds && j.whole:
		t = e.unlessOver(t, j, now)
		t = e.hold(e.first(sc, t, j, now), now)
		t.Router = t.Router || sc.router
		t.Outages = unfolded(s.outages, t.Spans[0].From)
		if t.HeardAt.IsZero() {
			t.HeardAt = s.answerAt
		}
		e.foldNarrow(s, t, now)
	case holds && !blind && !s.silence.active:
		e.unlessOver(t, j, now)
		t = e.hold(j, now)
		t.Members = unite(t.Members, j.members)
	case t != nil:
		e.mayBeWell(sc, t)
	}
	if !blind {
		e.judgeSingles(sc, now)
	}
	soon := e.concern(sc)
	s.busy, s.dueAt = soon > 0, time.Time{}
	if soon > 0 {
		s.dueAt = now.Add(soon)
	}
}

// unfolded are the silences since a trouble began.
func unfolded(outages []span, from time.Time) []span {
	var own []span
	for _, o := range outages {
		if !o.From.Before(from) {
			own = append(own, o)
		}
	}
	return own
}

func unite(ids []string, ms []*machine) []string {
	known := make(map[string]bool, len(ids))
	for _, id := range ids {
		known[id] = true
	}
	for _, m := range ms {
		if !known[m.id] && len(ids) < 500 {
			ids = append(ids, m.id)
		}
	}
	return ids
}

const (
	lookSoon  = time.Second      // at a site about which something is undecided
	lookLater = 30 * time.Second // at one where something stands
	fresh     = 3 * time.Minute  // a silence this young is undecided
)

// concern says how soon a site must be looked at without further evidence; zero is
// not at all.
func (e *Engine) concern(sc *scene) time.Duration {
	s := sc.s
	if sc.pings+len(sc.accused)+len(sc.stalled)+len(sc.shut)+len(sc.peerless)+len(sc.lost) > 0 ||
		s.silence.active || s.facts.Site.Direct() || e.troubles[siteKey(s.code)] != nil {
		return lookSoon
	}
	soonest := time.Duration(0)
	if e.troubles[qualityKey(s.code)] != nil {
		soonest = lookLater
	}
	for _, m := range s.machines {
		if sc.now.Sub(m.uplinkAt) < fresh || e.troubles[m.key] != nil {
			soonest = lookLater
		}
		if len(m.misses) == 0 && !m.gone(sc.r) || m.explained(sc.r, sc.now) {
			continue
		}
		if sc.now.Sub(m.silentSince()) < fresh {
			return lookSoon
		}
		soonest = lookLater
	}
	return soonest
}

// followSilence keeps the site's silence: it begins when the scene is silent and
// ends when two machines are heard, or the only one.
func (e *Engine) followSilence(sc *scene) {
	s := sc.s
	q := &s.silence
	q.sc = sc
	if sc.silent && !q.active {
		*q = silence{active: true, since: sc.since, seenAt: sc.now, members: sc.live, router: sc.router, sc: sc}
		s.fellSilent(sc.since)
		return
	}
	if !q.active {
		return
	}
	q.router = q.router || sc.router
	if !s.answerAt.After(q.since) {
		return
	}
	if q.firstLife.IsZero() {
		q.firstLife = s.answerAt
	}
	back := 0
	for _, m := range s.machines {
		if m.lifeAt().After(q.since) {
			back++
		}
	}
	if back >= min(2, len(q.members)) {
		s.spoke(q.firstLife)
		if t := e.troubles[siteKey(s.code)]; t != nil {
			t.Outages = unfolded(s.outages, t.Spans[0].From)
		}
		*q = silence{sc: sc, firstLife: q.firstLife}
	}
}

// mayBeWell asks whether a site's trouble is over.
func (e *Engine) mayBeWell(sc *scene, t *trouble) {
	s := sc.s
	switch t.Incident.Cause {
	case inventory.CauseSiteFirewall:
		switch {
		case t.Live.Rule == "udp-blocked" && s.udpAt.After(t.Onset):
			e.well(t.Key, s.udpAt)
		case t.Live.Rule == "tcp-blocked" && len(sc.shut) == 0:
			e.well(t.Key, sc.now)
		}
	case inventory.CauseSiteMTU:
		if len(sc.stalled) == 0 && sc.largeLost() == 0 {
			e.well(t.Key, sc.now)
		}
	case inventory.CauseLANSegment:
		e.segmentWell(sc, t)
	default:
		if !s.silence.active {
			e.well(t.Key, newer(s.restoredAt(), t.Onset))
		}
	}
}

// segmentWell ends a segment's trouble when most of its machines are heard again
// and nobody is accused any more.
func (e *Engine) segmentWell(sc *scene, t *trouble) {
	if t.Whole {
		if !sc.s.silence.active {
			e.well(t.Key, newer(sc.s.restoredAt(), t.Onset))
		}
		return
	}
	if t.Live.Rule == "accused-but-answering" || t.Live.Rule == "neighbours-unheard" {
		if len(sc.accused) == 0 && len(sc.peerless) == 0 {
			e.well(t.Key, sc.now)
		}
		return
	}
	back, of := 0, 0
	var last time.Time
	for _, id := range t.Members {
		m := e.machines[id]
		if m == nil || m.site != sc.s {
			continue
		}
		of++
		if life := m.lifeAt(); life.After(t.Onset) && m.silentSince().IsZero() || m.explained(sc.r, sc.now) {
			back++
			last = newer(last, life)
		}
	}
	if of == 0 || float64(back) >= sc.r.SegmentBack*float64(of) {
		e.well(t.Key, last)
	}
}

// foldNarrow lets a site's silence take over what was known of its link and its
// machines: with everyone silent nothing narrower can be seen.
func (e *Engine) foldNarrow(s *site, into *trouble, now time.Time) {
	if t := e.troubles[qualityKey(s.code)]; t != nil {
		e.fold(t, into, now)
	}
	for _, m := range into.Members {
		if t := e.troubles[machineKey(m)]; t != nil && !t.Onset.Before(into.Onset.Add(-e.rules.SegmentIn)) {
			e.fold(t, into, now)
		}
	}
	for _, key := range sortedKeys(e.troubles) {
		if t := e.troubles[key]; t.Incident.Scope.Site == s.code && (t.Incident.Scope.Service != "" || isServiceKey(key)) &&
			!t.Onset.Before(into.Onset.Add(-e.rules.ProbeEvery)) {
			e.fold(t, into, now)
		}
	}
}
