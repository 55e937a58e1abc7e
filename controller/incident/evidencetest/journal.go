package evidencetest

import (
	"net/netip"
	"time"

	"muster/inventory"
)

func addrOf(a [4]byte) netip.Addr { return netip.AddrFrom4(a) }

// silentFor is after how long without the controller's packets an agent doubts its
// way to it.
func silentFor(s *Site) time.Duration {
	return max(45*time.Second, 3*time.Second*time.Duration(len(s.Machines)+1))
}

// tick is the journal's record of every ten seconds.
func (w *World) tick(m *Machine, edge string) {
	if !m.On || !m.Agent || m.Asleep {
		return
	}
	kind := "tick"
	if edge != "" {
		kind = "edge"
	}
	w.record(m, kind, edge)
	cut := w.now.Sub(m.heardAt) > silentFor(m.Site) || m.ageing
	if cut && !m.Site.Direct {
		m.outage = true
	}
	// What was heard again is told at once.
	if m.outage && w.now.Sub(m.heardAt) < 10*time.Second && m.Site.path() && w.now.Sub(m.bootAt) > 20*time.Second {
		w.after(w.span(0, 3*time.Second), func() { w.report(m) })
	}
	if cut || kind == "edge" || w.now.Sub(m.syncedAt) >= time.Minute {
		m.synced, m.syncedAt = len(m.journal), w.now
	}
}

// Edge writes a record at once.
func (w *World) Edge(m *Machine, what string) {
	w.after(w.span(0, 10*time.Second), func() { w.tick(m, what) })
}

// record appends to the journal what the machine knows now.
func (w *World) record(m *Machine, kind, reason string) {
	s := m.Site
	m.number++
	lan := m.onLAN()
	peers, known := 0, 0
	for _, x := range s.Machines {
		if x == m || s.Direct {
			continue
		}
		if x.member == "alive" || x.live() {
			known++
		}
		if lan && x.live() && x.Side == m.Side {
			peers++
		}
	}
	e := &inventory.JournalEntry{
		N: m.number, Run: "run-" + m.ID, Boot: m.Boot, BootClock: w.now.Sub(m.bootAt), Kind: kind, Reason: reason,
		HeardAge: w.now.Sub(m.heardAt), AckAge: w.now.Sub(m.ackAt), Gateway: "no", Carrier: "yes", Power: "mains",
		Peers: peers, PeersKnown: known, AddrPresent: m.Address,
	}
	if m.bootAt.After(m.heardAt) {
		e.HeardAge = -1
	}
	if lan && s.RouterUp {
		e.Gateway = "yes"
	}
	if !m.Switch || !s.Power {
		e.Carrier = "no"
	}
	if !m.OnMains {
		e.Power = "battery"
	}
	m.journal = append(m.journal, inventory.Evidence{At: w.now, Kind: inventory.EvidenceEntry, Site: s.Code, Workstation: m.ID, Entry: e})
	if len(m.journal) > 6000 {
		drop := len(m.journal) - 4000
		m.journal = m.journal[drop:]
		m.sent, m.synced = max(0, m.sent-drop), max(0, m.synced-drop)
	}
	if kind == "start" {
		m.synced = len(m.journal)
	}
}

// deliver sends the journal of the last while, at most 200 records, newest first.
func (w *World) deliver(m *Machine, back time.Duration) {
	from := w.now.Add(-back)
	n := 0
	for i := len(m.journal) - 1; i >= 0 && n < 200; i-- {
		ev := m.journal[i]
		if ev.At.Before(from) {
			break
		}
		ev.LearntAt = w.now
		ev.Site = m.Site.Code
		w.later(w.now.Add(3*m.Site.Delay), ev)
		n++
	}
	m.sent = len(m.journal)
}

// asked does what the engine asks for.
func (w *World) asked(a incidentAsk) {
	s := w.byCode[a.Site]
	switch a.Kind {
	case askJournal:
		for _, m := range s.Machines {
			if a.Workstation == "" || a.Workstation == m.ID {
				back := w.now.Sub(a.From)
				w.after(w.span(2*time.Second, 20*time.Second), func() {
					if m.live() && s.path() && !s.LoseBack {
						w.deliver(m, back+20*time.Second)
					}
				})
			}
		}
	case askProbe:
		w.confirm(s, a.Service, a.Count, "")
	case askBurst:
		for _, m := range s.Machines {
			if m.member != "left" {
				w.ask(m, inventory.EvidenceBurstPing)
			}
			if m.ID == a.Workstation {
				w.askTCP(m)
			}
		}
	case askReport: // what was asked of a journal comes here by itself
	case askReferences:
		w.askReferences()
	}
}
