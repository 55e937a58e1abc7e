package evidencetest

import (
	"time"

	"muster/inventory"
)

const missAfter = 800 * time.Millisecond

// members are those that gossip has in a state.
func (s *Site) members(state string) []*Machine {
	var ms []*Machine
	for _, m := range s.Machines {
		if m.member == state {
			ms = append(ms, m)
		}
	}
	return ms
}

func (w *World) turnTo(s *Site, state inventory.ReachState, at time.Time) {
	if s.reach == state {
		return
	}
	s.reach = state
	w.later(at, inventory.Evidence{At: at, Kind: inventory.EvidenceReach, Site: s.Code, Reach: state})
}

// sweep asks the member whose turn it is.
func (w *World) sweep(s *Site) {
	if w.stalled {
		return
	}
	for _, m := range s.members("failed") { // agents join again by themselves every few seconds
		if m.live() && s.path() && !s.LoseBack && !s.UDPBlocked && w.chance(0.3) {
			w.join(m)
		}
	}
	ms := s.members("alive")
	if len(ms) == 0 {
		ms = s.members("failed")
	}
	if len(ms) == 0 {
		w.turnTo(s, inventory.ReachUnknown, w.now)
		return
	}
	s.turn++
	m := ms[s.turn%len(ms)]
	if ok, _ := w.ask(m, inventory.EvidenceSweep); ok {
		w.turnTo(s, inventory.ReachOK, w.now.Add(2*s.Delay))
		return
	}
	w.after(missAfter, func() { w.burst(s, ms, m) })
	for i := range 3 {
		w.after(missAfter+time.Duration(i+1)*100*time.Millisecond, func() {
			if s.reach != inventory.ReachSilent {
				w.ask(m, inventory.EvidenceBurstPing)
			}
		})
	}
}

// ask pings one machine and delivers what comes of it.
func (w *World) ask(m *Machine, kind inventory.EvidenceKind) (ok bool, rtt time.Duration) {
	s := m.Site
	there, back, rtt := s.trip()
	rtt += m.Starved
	reached := there && m.live() && !s.UDPBlocked
	if reached {
		m.heardAt = w.now
	}
	ev := inventory.Evidence{At: w.now, Kind: kind, Site: s.Code, Workstation: m.ID, Target: m.addr}
	if ok = reached && back && rtt < missAfter; ok {
		ev.OK, ev.RTT = true, rtt
		w.later(w.now.Add(rtt), ev)
		w.answered(m)
		return ok, rtt
	}
	w.later(w.now.Add(missAfter), ev)
	return ok, rtt
}

// burst asks everyone in rounds until two have answered.
func (w *World) burst(s *Site, ms []*Machine, missed *Machine) {
	if w.stalled || s.bursting || s.reach == inventory.ReachSilent && w.now.Sub(s.burstAt) < 10*time.Second {
		return
	}
	s.bursting, s.burstAt = true, w.now
	if s.reach != inventory.ReachSilent {
		w.turnTo(s, inventory.ReachMissing, w.now)
	}
	order := []*Machine{missed}
	for _, m := range ms {
		if m != missed {
			order = append(order, m)
		}
	}
	pings, asked, width := max(12, len(order)), 0, min(len(order), 2)
	answered := make(map[*Machine]time.Time)
	enough := func() bool {
		n := 0
		for _, at := range answered {
			if !at.After(w.now) {
				n++
			}
		}
		return n >= min(2, len(order))
	}
	tcp := false
	var round func(i int)
	finish := func() {
		s.bursting = false
		if len(answered) == 0 && !tcp {
			w.turnTo(s, inventory.ReachSilent, w.now)
			return
		}
		w.turnTo(s, inventory.ReachOK, w.now)
	}
	round = func(i int) {
		if enough() {
			finish()
			return
		}
		if asked >= pings {
			w.after(missAfter, finish)
			return
		}
		if i == 1 {
			for _, m := range order[:min(3, len(order))] {
				tcp = w.askTCP(m) || tcp
			}
			w.askRouter(s, w.now)
		}
		for range min(width, pings-asked) {
			m := order[asked%len(order)]
			asked++
			if ok, rtt := w.ask(m, inventory.EvidenceBurstPing); ok {
				answered[m] = w.now.Add(rtt)
			}
		}
		width = min(len(order), max(4, (pings+5)/6))
		w.after(100*time.Millisecond, func() { round(i + 1) })
	}
	round(0)
}

// askTCP tries a machine's port.
func (w *World) askTCP(m *Machine) bool {
	there, back, rtt := m.Site.trip()
	ev := inventory.Evidence{At: w.now, Kind: inventory.EvidenceBurstTCP, Site: m.Site.Code, Workstation: m.ID, Target: m.addr}
	if there && back && m.On && !m.Asleep && m.onLAN() {
		ev.OK, ev.RTT = true, rtt
		if !m.Agent {
			ev.Error = string(inventory.ProbeRefused)
		}
		w.later(w.now.Add(rtt), ev)
		return true
	}
	w.later(w.now.Add(missAfter), ev)
	return false
}

// askRouter asks the site's router.
func (w *World) askRouter(s *Site, at time.Time) {
	there, back, rtt := s.trip()
	ev := inventory.Evidence{At: at, Kind: inventory.EvidenceRouter, Site: s.Code, Target: s.router}
	if there && back && s.RouterUp && s.RouterAnswer {
		ev.OK, ev.RTT = true, rtt
		w.later(at.Add(rtt), ev)
		return
	}
	w.later(at.Add(missAfter), ev)
}

func (w *World) askReferences() {
	if w.stalled {
		return
	}
	for _, ref := range w.refs {
		w.emit(inventory.Evidence{At: w.now, Kind: inventory.EvidenceReference, Target: ref, OK: w.network && !w.chance(2*w.opts.Loss)})
	}
}

// answered is what an answer does at the controller: a member thought failed joins
// again.
func (w *World) answered(m *Machine) {
	m.Site.cutAt = time.Time{}
	if m.member != "alive" {
		m.member = "alive"
		at := w.now.Add(w.span(100*time.Millisecond, 2*time.Second))
		w.later(at, inventory.Evidence{At: at, Kind: inventory.EvidenceMember, Site: m.Site.Code, Workstation: m.ID, Member: inventory.MemberJoined, Target: m.addr})
	}
}
