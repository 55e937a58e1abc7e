package evidencetest

import (
	"time"

	"muster/inventory"
)

// Gossip's figures: a pool of 16 calls a crashed member failed after 17 s in the
// median and 23 s at worst, one of 61 after 22 s and 29 s; an observer that is cut
// off from all of them after 30 s to 157 s (docs/mesh.md).
func (w *World) deathTakes(s *Site) time.Duration {
	if len(s.Machines) > 30 {
		return w.span(16*time.Second, 29*time.Second)
	}
	return w.span(12*time.Second, 23*time.Second)
}

// dies makes gossip call a machine failed, unless it comes back before.
func (w *World) dies(m *Machine) {
	m.dying++
	n := m.dying
	takes := w.deathTakes(m.Site)
	if m.member != "alive" {
		return
	}
	tell := func() {
		if m.dying != n || m.live() || m.member != "alive" {
			return
		}
		if !m.Site.path() || w.stalled {
			w.after(w.span(30*time.Second, 90*time.Second), func() { // the controller's own suspicion
				if m.dying == n && !m.live() && m.member == "alive" {
					w.fail(m)
				}
			})
			return
		}
		w.fail(m)
	}
	w.after(takes, tell)
}

func (w *World) fail(m *Machine) {
	m.member = "failed"
	w.emit(inventory.Evidence{At: w.now, Kind: inventory.EvidenceMember, Site: m.Site.Code, Workstation: m.ID, Member: inventory.MemberFailed, Target: m.addr})
}

// cutOff makes the controller call everyone failed in time while it hears nobody.
func (w *World) cutOff(s *Site) {
	at := w.now
	s.cutAt = at
	for _, m := range s.Machines {
		w.after(w.span(30*time.Second, 157*time.Second), func() {
			if s.cutAt.Equal(at) && m.member == "alive" {
				w.fail(m)
			}
		})
	}
}

// join makes a machine's agent known.
func (w *World) join(m *Machine) {
	if !m.live() || !m.Site.path() || m.Site.Direct || m.Site.UDPBlocked {
		return
	}
	m.member = "alive"
	m.dying++
	w.emit(inventory.Evidence{At: w.now, Kind: inventory.EvidenceMember, Site: m.Site.Code, Workstation: m.ID, Member: inventory.MemberJoined, Target: m.addr})
	w.emit(inventory.Evidence{At: w.now, Kind: inventory.EvidenceTag, Site: m.Site.Code, Workstation: m.ID, Uplink: "ok"})
}

// Crash stops a machine without a word. What its journal did not sync is gone.
func (w *World) Crash(m *Machine) {
	if !m.On {
		return
	}
	m.On = false
	m.journal = m.journal[:m.synced]
	m.sent = min(m.sent, m.synced)
	w.dies(m)
}

// Shutdown stops a machine with a reason; silently its words to the controller are
// lost, and its journal has them.
func (w *World) Shutdown(m *Machine, reason inventory.LeaveReason, silently bool) {
	if !m.On || m.Asleep {
		return
	}
	if !silently && m.live() {
		said := false
		for range 3 {
			there, back, _ := m.Site.trip()
			said = said || there && back
		}
		if said || m.Site.Direct && m.Site.path() {
			w.later(w.now.Add(30*time.Millisecond), inventory.Evidence{
				At: w.now, Kind: inventory.EvidenceLeave, Site: m.Site.Code, Workstation: m.ID, Reason: reason,
			})
		}
	}
	w.record(m, "leave", string(reason))
	m.synced = len(m.journal)
	if reason == inventory.LeaveSleep {
		m.Asleep = true
		w.dies(m)
		return
	}
	w.after(2*time.Second, func() {
		if !m.On {
			return
		}
		m.On = false
		if !silently && m.member == "alive" && m.Site.path() && !m.Site.Direct {
			m.member = "left"
			w.emit(inventory.Evidence{At: w.now, Kind: inventory.EvidenceMember, Site: m.Site.Code, Workstation: m.ID, Member: inventory.MemberWent, Target: m.addr})
			return
		}
		w.dies(m)
	})
}

// Wake ends sleep; the boot goes on.
func (w *World) Wake(m *Machine) {
	if m.Asleep {
		m.Asleep = false
		w.after(w.span(time.Second, 4*time.Second), func() { w.arrive(m) })
	}
}

// PowerOn boots a machine.
func (w *World) PowerOn(m *Machine) {
	if m.On || !m.Site.Power {
		return
	}
	m.On, m.Agent, m.Asleep, m.Boot, m.bootAt = true, true, false, w.boot(), w.now
	m.outage, m.uplink = true, ""
	w.after(w.span(5*time.Second, 15*time.Second), func() { w.arrive(m) })
}

// arrive joins and reports.
func (w *World) arrive(m *Machine) {
	if !m.live() {
		return
	}
	w.record(m, "start", "agent")
	if !m.Site.path() {
		m.outage = true
		return
	}
	w.join(m)
	w.after(w.span(time.Second, 5*time.Second), func() { w.report(m) })
}

// Restart boots again after a goodbye.
func (w *World) Restart(m *Machine, takes time.Duration, silently bool) {
	w.Shutdown(m, inventory.LeaveRestart, silently)
	w.after(takes, func() { w.PowerOn(m) })
}

// KillAgent ends the agent alone.
func (w *World) KillAgent(m *Machine) {
	m.Agent = false
	w.dies(m)
}

// ReviveAgent starts it again.
func (w *World) ReviveAgent(m *Machine) {
	m.Agent = true
	m.outage = true
	w.arrive(m)
}

// Move carries a machine to another site.
func (w *World) Move(m *Machine, to *Site) {
	from := m.Site
	for i, x := range from.Machines {
		if x == m {
			from.Machines = append(from.Machines[:i:i], from.Machines[i+1:]...)
			break
		}
	}
	m.Site = to
	to.Machines = append(to.Machines, m)
	a := to.router.As4()
	a[3] = byte(200 + len(to.Machines)%50)
	m.addr = addrOf(a)
	m.Wakeup(w)
	w.after(w.span(10*time.Second, 40*time.Second), func() {
		w.emit(inventory.Evidence{At: w.now, Kind: inventory.EvidenceMoved, Site: to.Code, Workstation: m.ID, From: from.Code})
		w.join(m)
		w.report(m)
	})
}

// Wakeup ends sleep without a word: it arrives elsewhere.
func (m *Machine) Wakeup(_ *World) { m.Asleep, m.member = false, "failed" }

// reports sends a machine's reports: every five minutes, every minute at a direct
// site.
func (w *World) reports(m *Machine) {
	every := 5 * time.Minute
	if m.Site.Direct {
		every = time.Minute
	}
	var again func()
	again = func() {
		w.report(m)
		w.after(every-every/20+w.span(0, every/10), again)
	}
	w.after(w.span(0, every), again)
}

// report sends one, if the way is open, with what the journal owes.
func (w *World) report(m *Machine) {
	s := m.Site
	if !m.live() || w.stalled {
		return
	}
	if !s.path() || s.LoseBack || s.SmallMTU {
		m.ageing, m.outage = true, true
		if class := "tcp-timeout"; s.SmallMTU || m.uplink == "ok" {
			if s.SmallMTU {
				class = "tls-stall"
			}
			w.after(w.span(10*time.Second, 20*time.Second), func() { w.tag(m, class) })
		}
		return
	}
	m.ageing, m.ackAt = false, w.now
	w.tag(m, "ok")
	w.later(w.now.Add(3*s.Delay), inventory.Evidence{At: w.now, Kind: inventory.EvidenceReport, Site: s.Code, Workstation: m.ID, Boot: m.Boot})
	if m.outage {
		m.outage = false
		w.deliver(m, 6*time.Hour)
	}
}

// tag gossips how the machine reaches the controller, where gossip gets through.
func (w *World) tag(m *Machine, uplink string) {
	if m.uplink == uplink || !m.live() {
		return
	}
	m.uplink = uplink
	if m.Site.path() && !m.Site.LoseBack && !m.Site.UDPBlocked && !m.Site.Direct {
		w.emit(inventory.Evidence{At: w.now, Kind: inventory.EvidenceTag, Site: m.Site.Code, Workstation: m.ID, Uplink: uplink})
	}
}
