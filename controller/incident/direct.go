package incident

// lookDirect judges a site that runs without gossip by its reports: one a minute
// from each machine. It is slower, and cannot tell a machine that was switched off
// from one that cannot send, so outside opening hours it says nothing.
func (sc *scene) lookDirect() {
	newest := sc.s.answerAt
	if newest.IsZero() || sc.e.stalled(sc.now) || !newest.After(sc.e.startedAt.Add(-sc.r.DirectLive)) {
		return
	}
	recent := 0
	for _, m := range sc.s.machines {
		life := m.lifeAt()
		if life.IsZero() || m.explained(sc.r, sc.now) {
			continue
		}
		if newest.Sub(life) <= sc.r.DirectLive {
			recent++
		}
		if newest.Sub(life) <= sc.r.DirectIn {
			sc.live = append(sc.live, m)
		}
	}
	patience := sc.r.DirectSite
	if recent < 2 {
		patience = sc.r.DirectMachine
	}
	// A controller that has just started waits until everyone had their turn.
	from := newer(newest, sc.e.startedAt)
	if len(sc.live) == 0 || sc.now.Sub(from) < patience || float64(len(sc.live)) < sc.r.DirectShare*float64(recent) || !sc.s.open(newest) {
		return
	}
	sc.silent, sc.since, sc.freshAt = true, newest, sc.now
	sc.asked = len(sc.live)
	sc.router, sc.routerTold = sc.s.routerAnswers(newest, sc.r.GateEvery)
}

// overdue reports whether a machine of a direct site has not reported for too long
// while others do.
func (sc *scene) overdue(m *machine) bool {
	life := newer(m.lifeAt(), sc.e.startedAt)
	return !m.lifeAt().IsZero() && !m.explained(sc.r, sc.now) && sc.now.Sub(life) >= sc.r.DirectMachine &&
		sc.s.answerAt.Sub(life) >= sc.r.DirectMachine/2
}
