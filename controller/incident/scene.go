package incident

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// gossipLag is how long gossip may still tell of a silence that is over: an
// observer cut off from a pool waits up to 157 s (docs/mesh.md).
const gossipLag = 3 * time.Minute

// scene is what a site looks like at one moment: what the site's rules read.
type scene struct {
	e   *Engine
	r   *Rules
	s   *site
	now time.Time

	live    []*machine // expected to answer when the site last did
	silent  bool       // none of them does
	since   time.Time  // the first question without an answer, after the last one with
	freshAt time.Time  // the newest
	pings   int
	asked   int // machines

	router, routerTold bool // the router or gateway answers; it can be told

	deaf      bool // UDP gets no answer, TCP does
	deafSince time.Time
	deafTCP   time.Time

	missing  []*machine // of these nothing is heard, while others are, and none said why
	lost     []*machine // the missing that fell silent together
	lostAt   time.Time
	slow     bool // they did not fall silent at once
	answered int  // machines heard since

	accused   []*machine // called failed by neighbours, and answering
	accuseAt  time.Time
	peerless  []*machine // hear few neighbours, by their journals
	peerAt    time.Time
	stalled   []*machine // small packets pass, TLS does not
	stalledAt time.Time
	shut      []*machine // UDP passes, TCP does not
	shutAt    time.Time
}

// look gathers the scene of a site.
func (e *Engine) look(s *site, now time.Time) *scene {
	sc := &scene{e: e, r: &e.rules, s: s, now: now}
	if s.facts.Site.Direct() {
		sc.lookDirect()
		return sc
	}
	for _, m := range s.machines {
		if sc.mayLive(m) {
			sc.live = append(sc.live, m)
		}
	}
	sc.lookWhole()
	sc.lookDeaf()
	if !sc.silent && !sc.deaf {
		sc.lookLost()
		sc.lookAccused()
		sc.lookUplinks()
	}
	return sc
}

// mayLive reports whether the machine was there when the site was last heard.
func (sc *scene) mayLive(m *machine) bool {
	life := m.lifeAt()
	switch {
	case life.IsZero(), m.explained(sc.r, sc.now), sc.s.answerAt.Sub(life) > 30*time.Minute:
		return false
	}
	return !(m.gone(sc.r) && !newer(m.failedAt, m.leftAt).After(sc.s.answerAt))
}

// lookWhole asks whether nobody answers.
func (sc *scene) lookWhole() {
	// A port that takes or refuses a connection is a live link too.
	// What a wider cause covered must be seen again.
	heard := newer(newer(sc.s.answerAt, sc.s.tcp.OK), sc.s.againAt)
	for _, m := range sc.live {
		n := 0
		for _, at := range m.misses {
			if !at.After(heard) || sc.e.stalled(at) {
				continue
			}
			n++
			if sc.since.IsZero() || at.Before(sc.since) {
				sc.since = at
			}
			sc.freshAt = newer(sc.freshAt, at)
		}
		sc.pings += n
		if n > 0 {
			sc.asked++
		}
	}
	word := sc.s.silentAt.After(heard) && !sc.e.stalled(sc.s.silentAt)
	if word {
		sc.freshAt = newer(sc.freshAt, sc.s.silentAt)
	}
	switch n := len(sc.live); {
	case n == 0:
	case word && sc.pings >= sc.r.FewPings && sc.asked >= min(2, n):
		sc.silent = true
	case sc.s.tcp != (gauge{}) && !sc.s.tcp.Miss.After(heard): // TCP has not said anything yet
	case sc.pings >= sc.r.SilentPings && sc.asked >= (min(n, 12)+1)/2:
		sc.silent = true
	}
	if sc.silent {
		sc.router, sc.routerTold = sc.s.routerAnswers(sc.since)
	}
}

// lookDeaf asks whether only UDP is dropped.
func (sc *scene) lookDeaf() {
	if sc.now.Sub(sc.s.restoredAt()) < sc.r.FirewallFor || sc.now.Sub(sc.s.againAt) < sc.r.FirewallFor || sc.e.blind() {
		return // what was missed in an outage is no sign
	}
	var first, last time.Time
	pings, asked, reports := 0, 0, 0
	tcp := sc.s.tcp.OK
	for _, m := range sc.live {
		n := 0
		for _, at := range m.misses {
			if at.After(sc.s.udpAt) && !sc.e.stalled(at) {
				n++
				if first.IsZero() || at.Before(first) {
					first = at
				}
				last = newer(last, at)
			}
		}
		pings += n
		if n > 0 {
			asked++
		}
		if m.reportAt.After(sc.s.udpAt) {
			reports++
			tcp = newer(tcp, m.reportAt)
		}
	}
	if sc.s.udpAt.IsZero() || pings < sc.r.SilentPings || asked < min(2, len(sc.live)) || tcp.Sub(first) < sc.r.FirewallFor {
		return
	}
	if len(sc.live) < 2 && reports == 0 { // one machine whose agent is dead refuses too
		return
	}
	sc.deaf, sc.deafSince, sc.deafTCP = true, first, tcp
	sc.freshAt = newer(last, tcp)
}

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
		if since.IsZero() || sc.now.Sub(since) < sc.r.SettleIn || sc.e.apart(sc.s, since) {
			continue
		}
		n := 0
		for _, at := range m.misses {
			if at.After(life) && !sc.e.apart(sc.s, at) {
				n++
			}
		}
		if n >= need || m.gone(sc.r) && !sc.e.apart(sc.s, m.goneAt()) {
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

// lookAccused finds machines that neighbours call failed, or that hear few of
// them, and that answer the controller: the site is split inside.
func (sc *scene) lookAccused() {
	times := 0
	loss, _ := sc.s.quality.loss(5)
	for _, m := range sc.s.machines {
		n := 0
		for _, at := range m.accused {
			if sc.now.Sub(at) <= sc.r.AccusedIn && m.heardAt.After(at) && !sc.e.apart(sc.s, at) && len(m.misses) == 0 && loss < sc.r.LossyAt {
				n++
				if sc.accuseAt.IsZero() || at.Before(sc.accuseAt) {
					sc.accuseAt = at
				}
				sc.freshAt = newer(sc.freshAt, at)
			}
		}
		if n > 0 {
			sc.accused = append(sc.accused, m)
			times += n
		}
		if last := m.lastEntry(); last != nil && sc.now.Sub(last.At) <= sc.r.AccusedIn && last.Known >= sc.r.PeersLeast &&
			float64(last.Peers) <= sc.r.PeersRatio*float64(last.Known) && m.heardAt.After(last.At.Add(-time.Minute)) &&
			!sc.e.apart(sc.s, last.At) && !last.starting() {
			sc.peerless = append(sc.peerless, m)
			if sc.peerAt.IsZero() || last.At.Before(sc.peerAt) {
				sc.peerAt = last.At
			}
		}
	}
	if times < sc.r.AccusedLeast || len(sc.accused) < 2 {
		if len(sc.accused) > 0 {
			sc.e.askJournals(sc.s, sc.now)
		}
		sc.accused = nil
	}
	if len(sc.peerless) < 2 {
		sc.peerless = nil
	}
}

// lookUplinks reads what members say of their way to the controller while their
// small packets pass.
func (sc *scene) lookUplinks() {
	if loss, _ := sc.s.quality.loss(5); loss >= sc.r.LossyAt || sc.now.Sub(sc.s.restoredAt()) < gossipLag/2 {
		return
	}
	tagged := 0
	for _, m := range sc.s.machines {
		if m.uplink == "" || m.explained(sc.r, sc.now) || m.gone(sc.r) {
			continue
		}
		tagged++
		if sc.now.Sub(m.uplinkAt) < sc.r.UplinkFor || !m.heardAt.After(m.uplinkAt) || m.reportAt.After(m.uplinkAt) {
			continue
		}
		switch m.uplink {
		case "tls-stall":
			sc.stalled = append(sc.stalled, m)
			if sc.stalledAt.IsZero() || m.uplinkAt.Before(sc.stalledAt) {
				sc.stalledAt = m.uplinkAt
			}
			sc.freshAt = newer(sc.freshAt, m.heardAt)
		case "tcp-timeout", "refused", "lost":
			sc.shut = append(sc.shut, m)
			if sc.shutAt.IsZero() || m.uplinkAt.Before(sc.shutAt) {
				sc.shutAt = m.uplinkAt
			}
			sc.freshAt = newer(sc.freshAt, m.heardAt)
		}
	}
	enough := func(ms []*machine) bool {
		return len(ms) >= min(2, tagged) && float64(len(ms)) >= sc.r.UplinkShare*float64(tagged)
	}
	if !enough(sc.stalled) {
		sc.stalled = nil
	}
	if !enough(sc.shut) || sc.e.shutSites(sc.now) >= sc.r.SharedLeast || sc.now.Sub(sc.e.startedAt) < gossipLag {
		sc.shut = nil
	}
}

// shutSites counts the sites where members say that they cannot connect: at many of
// them it is the controller's own port.
func (e *Engine) shutSites(now time.Time) int {
	n := 0
	for _, s := range e.order {
		if slices.ContainsFunc(s.machines, func(m *machine) bool {
			return (m.uplink == "tcp-timeout" || m.uplink == "refused" || m.uplink == "lost") && now.Sub(m.uplinkAt) < time.Hour && !m.reportAt.After(m.uplinkAt)
		}) {
			n++
		}
	}
	return n
}
