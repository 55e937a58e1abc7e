package mesh

import (
	"net/netip"
	"slices"
	"sync"
	"time"
)

const (
	// strangerFor is how long gossip may take to bring a newcomer: one that is still
	// unknown when it is heard again after that was passed by.
	strangerFor = 10 * time.Second
	// strangerKept is how long one that is not heard again keeps others waiting: a
	// member of a pool of thirty is probed by each other once in ninety seconds.
	strangerKept = 3 * time.Minute
	// strangersReadEvery bounds how often the pool's list is read for the sake of an
	// address that it may have by now.
	strangersReadEvery = 5 * time.Second
	// strangersMetEvery and strangerAgain bound the exchanges: an address may stay
	// unknown, such as the second one of a machine that advertises the first.
	strangersMetEvery = 30 * time.Second
	strangerAgain     = 10 * time.Minute
	strangersMet      = 8 // remembered
)

// strangers notices a member that the pool's list does not show as alive. Gossip
// passes a pair of members by now and then, and the next full exchange, which would
// mend that, may be ten minutes away. The one that was passed by probes everybody
// in turn: it is heard where it is not known.
type strangers struct {
	mu     sync.Mutex // guards what follows
	known  []netip.AddrPort
	readAt time.Time
	last   netip.AddrPort // an address that is not known; invalid: none
	since  time.Time      // when it was first heard
	metAt  time.Time
	met    [strangersMet]metStranger // a ring
	next   int
}

type metStranger struct {
	addr netip.AddrPort
	at   time.Time
}

// hear takes the source of a packet and reports whether to meet who sent it, if it
// holds the pool's key. alive reads the list.
func (s *strangers) hear(from netip.AddrPort, now time.Time, alive func() []netip.AddrPort) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(s.known, from) {
		return false
	}
	if now.Sub(s.readAt) >= strangersReadEvery {
		s.known, s.readAt = alive(), now
		if slices.Contains(s.known, s.last) {
			s.last = netip.AddrPort{}
		}
		if slices.Contains(s.known, from) {
			return false
		}
	}
	switch {
	case slices.ContainsFunc(s.met[:], func(m metStranger) bool { return m.addr == from && now.Sub(m.at) < strangerAgain }):
		return false
	case !s.last.IsValid() || now.Sub(s.since) >= strangerKept:
		s.last, s.since = from, now
		return false
	case s.last != from:
		return false // one at a time; its list will show this one too
	}
	return now.Sub(s.since) >= strangerFor && (s.metAt.IsZero() || now.Sub(s.metAt) >= strangersMetEvery)
}

// meet notes that a stranger, which has shown the key by now, is being met.
func (s *strangers) meet(from netip.AddrPort, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.met[s.next] = metStranger{from, now}
	s.next = (s.next + 1) % strangersMet
	s.metAt, s.last = now, netip.AddrPort{}
}

// watchStrangers makes the pool exchange lists with a member that it does not know
// and hears. It is called once, when there is a list.
func (p *Pool) watchStrangers() {
	p.lane.strange.Store(new(func(from netip.AddrPort) bool {
		return p.strangers.hear(from, time.Now(), p.aliveAddrs)
	}))
}

func (p *Pool) aliveAddrs() []netip.AddrPort {
	var addrs []netip.AddrPort
	for _, m := range p.Members() {
		if m.State == StateAlive {
			addrs = append(addrs, m.Addr)
		}
	}
	return addrs
}

// meet exchanges lists with whoever is at an address, beside.
func (p *Pool) meet(from netip.AddrPort) {
	p.strangers.meet(from, time.Now())
	p.start(func() {
		_, _ = p.Join(p.lane.closing, []netip.AddrPort{from}) // the next full exchange comes anyway
	})
}
