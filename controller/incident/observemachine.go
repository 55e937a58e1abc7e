package incident

import (
	"time"

	"muster/inventory"
)

// observeMachine takes up what is said of one machine, or by it.
func (e *Engine) observeMachine(s *site, m *machine, ev *inventory.Evidence) bool {
	switch ev.Kind {
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
	if m.wasSilent(&e.rules) && at.After(m.lifeAt()) {
		m.backAt = newer(m.backAt, at)
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
			if at.Before(ev.At) && !e.offLink(s, at) {
				s.quality.lost(m, at)
			}
		}
		m.lost = m.lost.after(ev.At)
		if ev.Kind == inventory.EvidenceSweep && ev.At.After(m.heardAt) {
			s.quality.answered(m, ev.At, ev.RTT)
		}
		e.alive(s, m, &m.heardAt, ev.At)
		if m.site != s {
			return
		}
		m.misses = m.misses.after(m.heardAt)
		if ev.At.After(s.udpAt) {
			s.udpAt = ev.At
		}
		m.at(ev)
		return
	}
	if m.site != s || ev.Target.IsValid() && m.addr.IsValid() && ev.Target != m.addr && m.addrAt.After(ev.At.Add(-time.Minute)) {
		return // asked where it is not any more
	}
	if !ev.At.After(m.heardAt) {
		if ev.Kind == inventory.EvidenceSweep && ev.At.After(m.heardAt.Add(-time.Minute)) && !e.offLink(s, ev.At) {
			s.quality.lost(m, ev.At)
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

// at notes where a machine was heard. At a new address it is as one that came back:
// its neighbours must find it.
func (m *machine) at(ev *inventory.Evidence) {
	if !ev.Target.IsValid() || !ev.At.After(m.addrAt) {
		return
	}
	if m.addr.IsValid() && m.addr != ev.Target {
		m.backAt = newer(m.backAt, ev.At)
	}
	m.addr, m.addrAt = ev.Target, ev.At
}

func (e *Engine) observeMember(s *site, m *machine, ev *inventory.Evidence) {
	switch ev.Member {
	case inventory.MemberJoined:
		e.alive(s, m, &m.joinedAt, ev.At)
		m.at(ev)
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
