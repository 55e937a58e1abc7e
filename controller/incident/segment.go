package incident

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// needMisses is how many misses call a machine missing at the link's present loss:
//
//	loss^n ≤ MissChance
func (sc *scene) needMisses() int {
	loss, asked := sc.s.quality.loss(5)
	if asked == 0 {
		return sc.r.MissMost // nothing is known of the link yet
	}
	n := math.Ceil(math.Log(sc.r.MissChance) / math.Log(min(max(loss, 0.01), 0.9)))
	return min(max(int(n), sc.r.MissLeast), sc.r.MissMost)
}

// lookLost finds machines that are missing while others answer.
func (sc *scene) lookLost() {
	need := sc.needMisses()
	for _, m := range sc.s.machines {
		life := m.lifeAt()
		if life.IsZero() || m.explained(sc.r, sc.now) {
			continue
		}
		since := m.silentSince()
		if m.leftAt.After(life) && !m.failedAt.After(m.leftAt) {
			continue // it said goodbye to its neighbours: no switch does that
		}
		if since.IsZero() || sc.now.Sub(since) < sc.r.SettleIn || sc.e.idle(m, since, sc.now) {
			continue
		}
		n := 0
		for _, at := range m.misses {
			if at.After(life) && !sc.e.idle(m, at, sc.now) {
				n++
			}
		}
		if n >= need || m.gone(sc.r) && !sc.e.idle(m, m.goneAt(), sc.now) {
			sc.missing = append(sc.missing, m)
		}
	}
	if len(sc.missing) < sc.r.SegmentLeast {
		return
	}
	slices.SortFunc(sc.missing, func(a, b *machine) int {
		return cmp.Or(a.silentSince().Compare(b.silentSince()), cmp.Compare(a.id, b.id))
	})
	sc.cluster()
	if len(sc.lost) == 0 {
		return
	}
	for _, m := range sc.s.machines {
		if m.lifeAt().After(sc.lostAt) && !slices.Contains(sc.missing, m) {
			sc.answered++
		}
	}
	if sc.answered == 0 {
		sc.lost = nil
		return
	}
	for _, m := range sc.lost {
		sc.freshAt = newer(sc.freshAt, m.silentSince())
	}
	sc.freshAt = newer(sc.freshAt, sc.s.answerAt)
}

// cluster takes the most machines that fell silent within one window, or all that
// did lately where they are most of the site.
func (sc *scene) cluster() {
	best, bestAt := 0, 0
	for i, first := range sc.missing {
		within := sc.r.SegmentIn
		if sc.goingHome(first.silentSince()) {
			within = sc.r.HomeIn
		}
		n := i
		for n < len(sc.missing) && sc.missing[n].silentSince().Sub(first.silentSince()) <= within {
			n++
		}
		if n-i > best {
			best, bestAt = n-i, i
		}
	}
	if best >= sc.r.SegmentLeast {
		sc.lost = sc.missing[bestAt : bestAt+best]
		sc.lostAt = sc.lost[0].silentSince()
		return
	}
	i := slices.IndexFunc(sc.missing, func(m *machine) bool { return sc.now.Sub(m.silentSince()) <= sc.r.SlowIn })
	if i < 0 || len(sc.missing)-i < sc.r.SegmentLeast {
		return
	}
	recent := sc.missing[i:]
	if float64(len(recent)) < sc.r.SegmentShare*float64(len(sc.live)) || !sc.s.open(sc.now) || sc.goingHome(sc.now) {
		return
	}
	sc.lost, sc.slow, sc.lostAt = recent, true, recent[0].silentSince()
}

// goingHome reports whether machines leave with reasons around t.
func (sc *scene) goingHome(t time.Time) bool {
	n := 0
	for _, m := range sc.s.machines {
		if m.reason != "" && t.Sub(m.reasonAt).Abs() <= sc.r.HomeFor && m.explained(sc.r, sc.now) {
			n++
		}
	}
	return n >= sc.r.HomeLeast
}

// echoes reports whether an accusation at t may be the echo of a segment that fell
// silent: both sides called each other failed, and gossip goes on telling of it.
func (e *Engine) echoes(s *site, t time.Time) bool {
	for _, segment := range []*trouble{e.troubles[siteKey(s.code)], e.recent[siteKey(s.code)]} {
		if segment == nil || segment.Live.Rule != ruleTogether && segment.Live.Rule != ruleUnanswered || t.Before(segment.Onset) {
			continue
		}
		if segment.ClearAt.IsZero() || !t.After(segment.ClearAt.Add(gossipLag)) {
			return true
		}
	}
	return false
}

// hearsFew reports whether a machine hears too few of its neighbours: its last two
// records say so, it has been up and heard for long enough to hear them, and
// neighbours that came back lately are not counted. At is when the first of the two
// was made.
func (sc *scene) hearsFew(m *machine) (at time.Time, few bool) {
	n := len(m.entries)
	if n < 2 || sc.now.Sub(m.entries[n-1].At) > sc.r.AccusedIn || m.explained(sc.r, sc.now) ||
		!m.heardAt.After(m.entries[n-1].At.Add(-time.Minute)) {
		return at, false
	}
	since := m.upSince()
	for i := n - 2; i < n; i++ {
		x := &m.entries[i]
		if x.At.Sub(since) < sc.r.PeersAfter || x.starting() || sc.e.apart(sc.s, x.At) || !sc.few(m, x) {
			return at, false
		}
	}
	return m.entries[n-2].At, true
}

// few holds a record against what a well machine would have heard. While machines
// come back, or change their addresses, nobody knows.
func (sc *scene) few(m *machine, x *entry) bool {
	known := x.Known
	for _, other := range sc.s.machines {
		if other != m && x.At.Sub(other.backAt) < sc.r.PeersAfter {
			known--
		}
	}
	return known >= x.Known-1 && known >= sc.r.PeersLeast && float64(x.Peers) <= sc.r.PeersRatio*float64(min(known, sc.r.PeersMost))
}

// upSince is when the machine's agent began to run, or was heard again.
func (m *machine) upSince() time.Time {
	at := m.backAt
	for i := range m.entries {
		if m.entries[i].Kind == "start" {
			at = newer(at, m.entries[i].At)
		}
	}
	return at
}
