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
		return true
	case inventory.EvidenceOwnGate:
		e.ownGate.note(ev.OK, ev.At)
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
	switch ev.Kind { //nolint:exhaustive // the kinds without a workstation
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
	case inventory.EvidenceGateway:
		s.gateway.note(ev.OK, ev.At)
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

// observeMachine takes up what is said of one machine, or by it.
func (e *Engine) observeMachine(s *site, m *machine, ev *inventory.Evidence) bool {
	switch ev.Kind { //nolint:exhaustive // the kinds with a workstation
	case inventory.EvidenceSweep, inventory.EvidenceBurstPing:
		e.observePing(s, m, ev)
		return true // quick: it marks the site itself
	case inventory.EvidenceBurstTCP:
		s.tcp.note(ev.OK, ev.At)
		switch {
		case ev.OK && ev.Error == string(inventory.ProbeRefused):
			m.refusedAt = newer(m.refusedAt, ev.At)
		case ev.OK:
			m.tcpAt = newer(m.tcpAt, ev.At)
		default:
			m.tcpMissAt = newer(m.tcpMissAt, ev.At)
		}
	case inventory.EvidenceMember:
		e.observeMember(s, m, ev)
	case inventory.EvidenceLeave:
		if m.site == s && ev.At.After(m.reasonAt) {
			m.reason, m.reasonAt = ev.Reason, ev.At
		}
	case inventory.EvidenceTag:
		e.observeTag(s, m, ev)
	case inventory.EvidenceReport:
		e.alive(s, m, &m.reportAt, ev.At)
		if ev.Boot != "" && ev.Boot != m.boot && ev.At.After(m.bootAt) {
			m.was, m.boot = m.boot, ev.Boot
		}
		if ev.Boot == m.boot {
			m.bootAt = newer(m.bootAt, ev.At)
		}
	case inventory.EvidenceMoved:
		e.observeMoved(s, m, ev)
	case inventory.EvidenceProbe:
		return e.observeProbe(s, m, ev)
	case inventory.EvidenceEntry:
		return e.observeEntry(m, ev)
	case inventory.EvidenceStop:
		return e.observeStop(m, ev)
	case inventory.EvidenceClone:
		if ev.OK {
			m.cloneAt = time.Time{}
		} else {
			m.cloneAt = newer(m.cloneAt, ev.At)
		}
		e.suspects[m] = true
	default:
		return false
	}
	m.site.dirty, s.dirty = true, true
	return true
}

// alive notes a sign of life that reached the controller from site s.
func (e *Engine) alive(s *site, m *machine, sign *time.Time, at time.Time) {
	if m.site != s {
		if !at.After(m.lifeAt()) {
			return // of before it moved
		}
		e.place(m, s)
	}
	if !at.After(*sign) {
		return
	}
	*sign = at
	if at.After(s.answerAt) {
		s.answerAt = at
	}
	if len(m.misses) > 0 || s.restless() {
		s.dirty = true
	}
}

func (e *Engine) observePing(s *site, m *machine, ev *inventory.Evidence) {
	if ev.OK {
		for _, at := range m.lost { // it lives: those were lost on the way
			if at.Before(ev.At) {
				s.quality.lost(at)
			}
		}
		m.lost = m.lost.after(ev.At)
		if ev.Kind == inventory.EvidenceSweep && ev.At.After(m.heardAt) {
			s.quality.answered(ev.At, ev.RTT)
		}
		e.alive(s, m, &m.heardAt, ev.At)
		if m.site != s {
			return
		}
		m.misses = m.misses.after(m.heardAt)
		if ev.At.After(s.udpAt) {
			s.udpAt = ev.At
		}
		if ev.Target.IsValid() && ev.At.After(m.addrAt) {
			m.addr, m.addrAt = ev.Target, ev.At
		}
		return
	}
	if m.site != s || ev.Target.IsValid() && m.addr.IsValid() && ev.Target != m.addr && m.addrAt.After(ev.At.Add(-time.Minute)) {
		return // asked where it is not any more
	}
	if !ev.At.After(m.heardAt) {
		if ev.Kind == inventory.EvidenceSweep && ev.At.After(m.heardAt.Add(-time.Minute)) {
			s.quality.lost(ev.At)
		}
		return
	}
	if m.explained(&e.rules, ev.At) {
		return // asked at night, when nobody else is there
	}
	m.misses = m.misses.add(ev.At)
	if ev.Kind == inventory.EvidenceSweep {
		m.lost = m.lost.add(ev.At)
	}
	s.dirty = s.dirty || e.troubles[m.key] == nil
}

func (e *Engine) observeMember(s *site, m *machine, ev *inventory.Evidence) {
	switch ev.Member {
	case inventory.MemberJoined:
		e.alive(s, m, &m.joinedAt, ev.At)
		if ev.Target.IsValid() && ev.At.After(m.addrAt) {
			m.addr, m.addrAt = ev.Target, ev.At
		}
	case inventory.MemberFailed:
		if m.site != s || ev.Target.IsValid() && m.addr.IsValid() && ev.Target != m.addr {
			return // its name of before it moved, or changed its address
		}
		m.failedAt = newer(m.failedAt, ev.At)
		m.accused = m.accused.add(ev.At)
	case inventory.MemberWent:
		if m.site != s || ev.Target.IsValid() && m.addr.IsValid() && ev.Target != m.addr {
			return
		}
		m.leftAt = newer(m.leftAt, ev.At)
	}
}

func (e *Engine) observeTag(s *site, m *machine, ev *inventory.Evidence) {
	fresh := ev.At.After(m.tagAt)
	e.alive(s, m, &m.tagAt, ev.At)
	if fresh && ev.Uplink != m.uplink {
		m.uplink, m.uplinkAt = ev.Uplink, ev.At
	}
}

func (e *Engine) observeMoved(s *site, m *machine, ev *inventory.Evidence) {
	if !ev.At.After(m.movedAt) {
		return
	}
	m.movedAt = ev.At
	from := m.site
	if from == s {
		from = e.sites[ev.From]
	}
	e.place(m, s)
	m.reportAt = newer(m.reportAt, ev.At)
	e.movedFrom(m, from, s, ev.At)
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
