package incident

import (
	"time"

	"muster/inventory"
)

// observe joins one piece of evidence to the facts. It reports false where the
// evidence cannot be used. Joining twice, or in another order, leaves the same
// facts: what is kept are newest instants and sets of moments.
func (e *Engine) observe(now time.Time, ev *inventory.Evidence) bool {
	if ev.At.IsZero() || ev.At.Sub(now) > e.rules.FutureFor {
		return false
	}
	switch ev.Kind {
	case inventory.EvidenceLag:
		e.noteLag(ev.At, ev.Lag)
		return true
	case inventory.EvidenceReference:
		if !ev.Target.IsValid() || len(e.references) >= 64 && e.references[ev.Target] == nil {
			return false
		}
		g := e.references[ev.Target]
		if g == nil {
			g = &gauge{}
			e.references[ev.Target] = g
		}
		g.note(ev.OK, ev.At)
		e.awaited(ev.OK)
		return true
	case inventory.EvidenceOwnGate:
		e.ownGate.note(ev.OK, ev.At)
		e.awaited(ev.OK)
		return true
	case inventory.EvidenceStart:
		e.startedAt = newer(e.startedAt, ev.At)
		return true
	default:
	}
	s := e.sites[ev.Site]
	if s == nil {
		return false
	}
	if ev.Workstation == "" {
		return e.observeSite(s, ev)
	}
	m := e.machine(ev.Workstation, s)
	if m == nil {
		return false
	}
	return e.observeMachine(s, m, ev)
}

// observeSite takes up what is said of a site as a whole.
func (e *Engine) observeSite(s *site, ev *inventory.Evidence) bool {
	switch ev.Kind {
	case inventory.EvidenceReach:
		if ev.At.Before(s.reachAt) {
			return true
		}
		s.reach, s.reachAt = ev.Reach, ev.At
		switch ev.Reach {
		case inventory.ReachSilent:
			s.silentAt = newer(s.silentAt, ev.At)
		case inventory.ReachOK:
			s.answerAt = newer(s.answerAt, ev.At)
		case inventory.ReachMissing, inventory.ReachUnknown:
		}
	case inventory.EvidenceRouter:
		s.router.note(ev.OK, ev.At)
		s.noteGate(ev)
	case inventory.EvidenceGateway:
		s.gateway.note(ev.OK, ev.At)
		s.noteGate(ev)
	case inventory.EvidenceLink:
		s.quality.measured(ev)
	case inventory.EvidenceProbe:
		return e.observeProbe(s, nil, ev)
	default:
		return false
	}
	s.dirty = true
	return true
}

// place puts a machine into a site.
func (e *Engine) place(m *machine, s *site) {
	if m.site == s {
		return
	}
	if m.site != nil {
		m.site.dirty = true
		for i, other := range m.site.machines {
			if other == m {
				m.site.machines = append(m.site.machines[:i], m.site.machines[i+1:]...)
				break
			}
		}
	}
	m.site, m.misses, m.lost, m.accused = s, nil, nil, nil
	s.machines = append(s.machines, m)
	s.dirty = true
}

// machine finds a workstation, or takes it up at the site that spoke of it.
func (e *Engine) machine(id string, s *site) *machine {
	if m := e.machines[id]; m != nil {
		return m
	}
	if len(e.machines) >= maxMachines || len(id) > inventory.MaxText {
		return nil
	}
	m := &machine{id: id, key: machineKey(id)}
	e.machines[id] = m
	e.place(m, s)
	return m
}

// noteLag notes how late a tick was. Around a stall misses mean nothing: timers
// ran out while answers lay unread.
func (e *Engine) noteLag(at time.Time, lag time.Duration) {
	if lag < e.rules.StallAfter {
		e.calmAt = newer(e.calmAt, at)
		return
	}
	stall := span{From: at.Add(-lag - e.rules.StallSlack), To: at.Add(e.rules.StallSlack)}
	for i := range e.stalls {
		if e.stalls[i].has(stall.From) || stall.has(e.stalls[i].From) {
			if stall.From.Before(e.stalls[i].From) {
				e.stalls[i].From = stall.From
			}
			e.stalls[i].To = newer(e.stalls[i].To, stall.To)
			stall = span{}
			break
		}
	}
	if !stall.From.IsZero() {
		e.stalls = append(e.stalls, stall)
		if len(e.stalls) > 16 {
			e.stalls = e.stalls[1:]
		}
	}
	e.lagAt, e.lagWorst = newer(e.lagAt, at), max(e.lagWorst, lag)
	for _, s := range e.order {
		s.dirty = true
	}
}

// stalled reports whether the controller stood still around t.
func (e *Engine) stalled(t time.Time) bool {
	for _, stall := range e.stalls {
		if stall.has(t) {
			return true
		}
	}
	return false
}
