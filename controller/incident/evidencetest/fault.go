package evidencetest

import (
	"time"

	"muster/controller/incident"
	"muster/inventory"
)

type incidentAsk = incident.Ask

const (
	askJournal    = incident.AskJournal
	askProbe      = incident.AskProbe
	askBurst      = incident.AskBurst
	askReport     = incident.AskReport
	askReferences = incident.AskReferences
)

// CutLink and HealLink.
func (w *World) CutLink(s *Site) { s.LinkUp = false; w.cutOff(s) }

// HealLink ends a cut.
func (w *World) HealLink(s *Site) { s.LinkUp = true }

// RouterDown stops a site's router.
func (w *World) RouterDown(s *Site) { s.RouterUp = false; w.cutOff(s) }

// RouterBack starts it again.
func (w *World) RouterBack(s *Site) { s.RouterUp = true }

// PowerCut darkens a site: machines and switches, and the router unless it has a
// battery. The machines in battery run on without a network.
func (w *World) PowerCut(s *Site, routerHolds bool, battery []*Machine) {
	s.Power, s.RouterUp = false, routerHolds
	holds := make(map[*Machine]bool)
	for _, m := range battery {
		holds[m] = true
	}
	for _, m := range s.Machines {
		if holds[m] {
			m.OnMains = false
			w.Edge(m, "power battery, carrier no")
			continue
		}
		w.Crash(m)
	}
	w.cutOff(s)
}

// PowerRestore brings routers and switches back at once and a share of the machines
// within three minutes.
func (w *World) PowerRestore(s *Site, share float64) {
	s.Power, s.RouterUp = true, true
	for _, m := range s.Machines {
		m.OnMains = true
		if !m.On && w.chance(share) {
			w.after(w.span(20*time.Second, 3*time.Minute), func() { w.PowerOn(m) })
		}
	}
}

// SwitchDown takes machines off the LAN.
func (w *World) SwitchDown(ms []*Machine) {
	for _, m := range ms {
		m.Switch = false
		w.Edge(m, "carrier no")
		w.dies(m)
	}
}

// SwitchBack puts them on again.
func (w *World) SwitchBack(ms []*Machine) {
	for _, m := range ms {
		m.Switch = true
		w.Edge(m, "carrier yes")
		w.after(w.span(time.Second, 6*time.Second), func() { w.join(m) })
	}
}

// Accuse lets gossip call machines failed, which they deny.
func (w *World) Accuse(ms ...*Machine) {
	for _, m := range ms {
		w.emit(inventory.Evidence{At: w.now, Kind: inventory.EvidenceMember, Site: m.Site.Code, Workstation: m.ID, Member: inventory.MemberFailed, Target: m.addr})
		at := w.now.Add(w.span(time.Second, 3*time.Second))
		w.later(at, inventory.Evidence{At: at, Kind: inventory.EvidenceMember, Site: m.Site.Code, Workstation: m.ID, Member: inventory.MemberJoined, Target: m.addr})
	}
}

// Isolate cuts machines from the other neighbours and not from the controller:
// neighbours accuse each other, and the accused deny it through the controller.
func (w *World) Isolate(s *Site, ms []*Machine, lasts time.Duration) {
	for _, m := range ms {
		m.Side = 1
	}
	end := w.now.Add(lasts)
	for _, m := range s.Machines {
		var accuse func()
		accuse = func() {
			if w.now.After(end) || !m.live() {
				return
			}
			w.Accuse(m)
			w.after(w.span(20*time.Second, 40*time.Second), accuse)
		}
		w.after(w.deathTakes(s)+w.span(0, 10*time.Second), accuse)
	}
	w.after(lasts, func() {
		for _, m := range ms {
			m.Side = 0
		}
	})
}

// Renumber gives every machine a new address: each comes back under a fresh name
// within seconds.
func (w *World) Renumber(s *Site) {
	for _, m := range s.Machines {
		old := m.addr
		a := old.As4()
		a[3] ^= 0x80
		m.Address = false
		w.after(w.span(time.Second, 5*time.Second), func() {
			m.Address, m.addr = true, addrOf(a)
			w.join(m)
		})
		w.after(w.span(2*time.Minute, 210*time.Second), func() { // its old name
			w.emit(inventory.Evidence{At: w.now, Kind: inventory.EvidenceMember, Site: s.Code, Workstation: m.ID, Member: inventory.MemberFailed, Target: old})
		})
	}
}

// LoseAddresses makes leases run out, over a while.
func (w *World) LoseAddresses(s *Site, over time.Duration) {
	w.Over(s.Machines, over, func(m *Machine) {
		m.Address = false
		w.Edge(m, "address none, gateway no")
		w.dies(m)
	})
}

// GetAddresses gives them back.
func (w *World) GetAddresses(s *Site) {
	for _, m := range s.Machines {
		w.after(w.span(time.Second, 20*time.Second), func() {
			m.Address = true
			m.outage = true
			w.join(m)
			w.report(m)
		})
	}
}

// BlockUDP drops UDP between the site and the controller.
func (w *World) BlockUDP(s *Site, on bool) {
	s.UDPBlocked = on
	if on {
		w.cutOff(s)
	}
}

// NetworkDown cuts the controller off from everything.
func (w *World) NetworkDown() {
	w.network = false
	for _, s := range w.sites {
		w.cutOff(s)
	}
}

// NetworkBack ends that.
func (w *World) NetworkBack() { w.network = true }

// Stall makes the controller stand still: nothing is taken up, and what was asked
// before looks unanswered.
func (w *World) Stall(lasts time.Duration) {
	w.stalled = true
	for _, s := range w.sites {
		if !s.Direct && len(s.members("alive")) > 0 {
			m := s.members("alive")[0]
			for i := range 4 {
				at := w.now.Add(-time.Duration(i*20) * time.Millisecond)
				w.later(w.now.Add(lasts), inventory.Evidence{At: at, Kind: inventory.EvidenceBurstPing, Site: s.Code, Workstation: m.ID, Target: m.addr})
			}
		}
	}
	w.after(lasts, func() {
		w.stalled = false
		w.emit(inventory.Evidence{At: w.now, Kind: inventory.EvidenceLag, Lag: lasts})
	})
}

// Clone makes two machines use one identity: intake says so now and then.
func (w *World) Clone(m *Machine, lasts time.Duration) {
	end := w.now.Add(lasts)
	var again func()
	again = func() {
		if w.now.Before(end) {
			w.emit(inventory.Evidence{At: w.now, Kind: inventory.EvidenceClone, Site: m.Site.Code, Workstation: m.ID})
			w.after(30*time.Minute, again)
		}
	}
	again()
}
