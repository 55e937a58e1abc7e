package incident

import (
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
	return !m.gone(sc.r) || m.goneAt().After(sc.s.answerAt)
}

// lookWhole asks whether nobody answers.
func (sc *scene) lookWhole() {
	// A port that takes or refuses a connection is a live link too.
	// What a wider cause covered must be seen again.
	heard := newer(newer(sc.s.answerAt, sc.s.tcp.OK), sc.s.againAt)
	var missed time.Time
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
			missed = newer(missed, at)
		}
		sc.pings += n
		if n > 0 {
			sc.asked++
		}
	}
	sc.freshAt = missed
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
		sc.router, sc.routerTold = sc.s.routerAnswers(sc.since, sc.r.GateEvery)
		sc.router = sc.router && !sc.s.gatesJustBack(sc.since, missed)
	}
}

// lookDeaf asks whether only UDP is dropped.
func (sc *scene) lookDeaf() {
	if sc.now.Sub(sc.s.restoredAt()) < sc.r.FirewallFor || sc.now.Sub(sc.s.againAt) < sc.r.FirewallFor || sc.e.blind() {
		return // what was missed in an outage is no sign
	}
	if q := &sc.s.silence; q.active && sc.s.answerAt.After(q.since) && (q.firstLife.IsZero() || sc.now.Sub(q.firstLife) < sc.r.FirewallFor) {
		return // it is just coming back
	}
	var first, last, reported time.Time
	pings, asked := 0, 0
	tcp, answered := sc.s.tcp.OK, newer(sc.s.udpAt, sc.s.restoredAt())
	for _, m := range sc.live {
		n := 0
		for _, at := range m.misses {
			if at.After(answered) && !sc.e.stalled(at) && !sc.e.wasBlind(at) {
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
			reported = newer(reported, m.reportAt)
			tcp = newer(tcp, m.reportAt)
		}
	}
	if sc.s.udpAt.IsZero() || pings < sc.r.SilentPings || asked < min(2, len(sc.live)) || tcp.Sub(first) < sc.r.FirewallFor {
		return
	}
	if len(sc.live) < 2 && (reported.IsZero() || !last.After(reported)) { // one machine whose agent is dead, or just starts, looks the same
		return
	}
	sc.deaf, sc.deafSince, sc.deafTCP = true, first, tcp
	sc.freshAt = newer(last, tcp)
}

// lookAccused finds machines that neighbours call failed, or that hear few of
// them, and that answer the controller: the site is split inside.
func (sc *scene) lookAccused() {
	times := 0
	loss, _ := sc.s.quality.loss(5)
	for _, m := range sc.s.machines {
		n := 0
		for _, at := range m.accused {
			if sc.now.Sub(at) <= sc.r.AccusedIn && m.heardAt.After(at) && !sc.e.apart(sc.s, at) && !sc.e.echoes(sc.s, at) && len(m.misses) == 0 && loss < sc.r.LossyAt {
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
		if at, few := sc.hearsFew(m); few {
			sc.peerless = append(sc.peerless, m)
			if sc.peerAt.IsZero() || at.Before(sc.peerAt) {
				sc.peerAt = at
			}
		}
	}
	if times < sc.r.AccusedLeast || len(sc.accused) < 2 {
		if len(sc.accused) > 0 {
			sc.e.askJournals(sc.s, sc.now)
		}
		sc.accused = nil
	}
	if len(sc.peerless) > 0 { // without newer records it would be forgotten
		sc.e.askJournals(sc.s, sc.now)
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
