package evidencetest

import (
	"fmt"
	"net/netip"
	"time"

	"muster/inventory"
)

// Site is a place and the state of all that can fail there.
type Site struct {
	Code, Carrier, Exchange string
	Hours                   inventory.Hours
	Machines                []*Machine
	Direct, Backup          bool

	LinkUp       bool
	LoseBack     bool // what the site sends is dropped
	Delay        time.Duration
	Spread       time.Duration
	Loss         float64 // each way
	RouterUp     bool
	RouterAnswer bool // to ICMP
	Power        bool
	UDPBlocked   bool
	SmallMTU     bool

	w        *World
	router   netip.Addr
	turn     int
	reach    inventory.ReachState
	burstAt  time.Time
	bursting bool
	cutAt    time.Time // since when the controller hears nobody
}

// Machine is a workstation.
type Machine struct {
	ID   string
	Site *Site

	On       bool // powered
	Agent    bool
	Asleep   bool
	Switch   bool // its port works
	Address  bool
	Side     int // of a split LAN
	Battery  bool
	OnMains  bool
	Starved  time.Duration // how late it answers
	Boot     string
	bootAt   time.Time
	addr     netip.Addr
	member   string // alive, failed, left, by gossip
	dying    int    // counts deaths, so that an old one is not told after a return
	heardAt  time.Time
	ackAt    time.Time
	journal  []inventory.Evidence
	synced   int
	syncedAt time.Time
	sent     int
	number   uint64
	outage   bool
	uplink   string
	ageing   bool // its reports fail
}

func (w *World) addSite(i int) {
	s := &Site{
		w: w, Code: fmt.Sprintf("S%03d", i+1), Carrier: w.opts.Carriers[i%len(w.opts.Carriers)], Exchange: fmt.Sprintf("X%d", i/10+1),
		Hours: "Mon-Fri 08:00-18:00", LinkUp: true, Delay: 10 * time.Millisecond, Spread: time.Millisecond, Loss: w.opts.Loss,
		RouterUp: true, RouterAnswer: true, Power: true, reach: inventory.ReachUnknown,
		router: netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 1}),
	}
	for k := range w.opts.PerSite {
		s.Machines = append(s.Machines, w.newMachine(s, k))
	}
	if w.opts.Shape != nil {
		w.opts.Shape(s)
	}
	w.sites = append(w.sites, s)
	w.byCode[s.Code] = s
}

// Resize gives a site another number of machines; only in Options.Shape.
func (s *Site) Resize(n int) {
	s.Machines = s.Machines[:min(n, len(s.Machines))]
	for len(s.Machines) < n {
		s.Machines = append(s.Machines, s.w.newMachine(s, len(s.Machines)))
	}
}

func (w *World) newMachine(s *Site, k int) *Machine {
	a := s.router.As4()
	return &Machine{
		ID: fmt.Sprintf("w-%s-%02d", s.Code, k+1), Site: s, On: true, Agent: true, Switch: true, Address: true, OnMains: true,
		Boot: w.boot(), bootAt: w.start.Add(-2 * time.Hour), member: "alive", heardAt: w.start, ackAt: w.start, uplink: "ok",
		addr: netip.AddrFrom4([4]byte{10, a[1], a[2], byte(10 + k)}),
	}
}

// settle starts what goes on at a site.
func (w *World) settle(s *Site) {
	for _, m := range s.Machines {
		w.after(w.span(0, 20*time.Second), func() { w.join(m) })
		w.reports(m)
		if !w.opts.NoJournals {
			w.every(10*time.Second, func() { w.tick(m, "") })
		}
	}
	if !s.Direct {
		w.every(w.opts.SweepEvery, func() { w.sweep(s) })
	}
	w.after(time.Second, func() { w.askRouter(s, w.now) })
	for _, name := range w.opts.Services {
		w.every(15*time.Minute, func() { w.rota(s, name) })
	}
}

// live reports whether the machine's agent runs and has a network.
func (m *Machine) live() bool {
	return m.On && m.Agent && !m.Asleep && m.onLAN()
}

func (m *Machine) onLAN() bool { return m.Switch && m.Address && m.Site.Power }

// path reports whether packets reach the site.
func (s *Site) path() bool { return s.w.network && s.LinkUp && s.RouterUp }

// trip draws a round trip; ok is false where the packet or its answer is lost.
func (s *Site) trip() (there, back bool, rtt time.Duration) {
	there = s.path() && !s.w.chance(s.Loss)
	back = there && !s.LoseBack && !s.w.chance(s.Loss)
	rtt = 2*s.Delay + s.w.span(0, s.Spread) + s.w.span(0, s.Spread)
	return there, back, rtt
}
