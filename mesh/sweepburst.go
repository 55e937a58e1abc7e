package mesh

import (
	"net/netip"
	"sync"
	"time"

	"muster/inventory"
)

// burst asks the site's members in rounds, and from the second round on tries
// TCP, the gateway and the router too. It stops sending as soon as it has seen
// enough, and returns once the state is judged; the last TCP tries may still run.
func (s *site) burst(members []Member, missed string) {
	s.mu.Lock()
	within := s.log.timing.missAfter()
	gateway, router := s.spec.Gateway, s.spec.Router
	s.mu.Unlock()
	b := &burstRun{
		s: s, within: within,
		found:   burstFound{members: len(members), answered: make(map[string]bool)},
		decided: make(chan struct{}),
	}
	plan := planBurst(members, missed)
	for i, round := range plan.rounds {
		if i == 1 {
			b.tryElse(members, gateway, router)
		}
		for _, m := range round {
			b.ping(m)
		}
		if !b.between(plan.every) {
			break
		}
	}
	b.wait()
	if s.ctx.Err() != nil {
		return
	}
	b.mu.Lock()
	silent := b.found.silent()
	b.mu.Unlock()
	// An answer that came after its miss timer is an answer: the link is slow.
	s.mu.Lock()
	silent = silent && s.heardAt.Before(s.burstAt)
	s.mu.Unlock()
	if silent {
		s.turnTo(inventory.ReachSilent)
	} else {
		s.turnTo(inventory.ReachOK)
	}
}

// burstRun is one burst under way.
type burstRun struct {
	s       *site
	within  time.Duration
	asking  sync.WaitGroup
	decided chan struct{} // closed at enough

	// mu guards what follows.
	mu    sync.Mutex
	found burstFound
	done  bool
}

func (b *burstRun) ping(m Member) {
	b.asking.Add(1)
	b.s.c.running.Go(func() {
		defer b.asking.Done()
		if b.s.ask(m, ObserveBurstPing, b.within).missed {
			return
		}
		b.note(func(f *burstFound) { f.answered[m.Name] = true })
		b.s.rejoin(m)
	})
}

func (b *burstRun) note(change func(*burstFound)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(&b.found)
	if !b.done && b.found.enough() {
		b.done = true
		close(b.decided)
	}
}

// between waits for the next round and reports whether there should be one.
func (b *burstRun) between(pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-b.decided:
		return false
	case <-b.s.ctx.Done():
		return false
	}
}

// wait waits until enough is known or everything asked has been judged.
func (b *burstRun) wait() {
	all := make(chan struct{})
	b.s.c.running.Go(func() { b.asking.Wait(); close(all) })
	select {
	case <-all:
	case <-b.decided:
	case <-b.s.ctx.Done():
	}
}

// tryElse tries TCP at a few members, and the gateway and the router. UDP alone
// may be blocked: then a refused connection is a live link too.
func (b *burstRun) tryElse(members []Member, gateway, router netip.Addr) {
	for _, m := range members[:min(burstTCP, len(members))] {
		b.asking.Add(1)
		b.s.c.running.Go(func() {
			defer b.asking.Done()
			if b.s.tryTCP(m, b.within) {
				b.note(func(f *burstFound) { f.tcp++ })
			}
		})
	}
	b.asking.Add(1)
	b.s.c.running.Go(func() {
		defer b.asking.Done()
		b.s.askGates(gateway, router, b.within, gateTries)
	})
}
