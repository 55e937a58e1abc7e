package mesh

import (
	"context"
	"net/netip"
	"sync"
	"time"
)

const (
	// gateTries is how often a burst asks the gateway and the router: one packet may
	// be lost on the way, and their silence decides between link and LAN.
	gateTries = 3
	gatePause = 150 * time.Millisecond
	// gateEvery is how often they are asked while the site answers: only one that
	// has answered before says anything by its silence.
	gateEvery = time.Minute
)

// askGates asks a site's gateway and its router, each until it has answered, at
// most so many times. A question does not wait for the one before: whether a site
// is silent must be known in time.
func (s *site) askGates(gateway, router netip.Addr, within time.Duration, tries int) {
	var asking sync.WaitGroup
	defer asking.Wait()
	for _, g := range []frontGate{{ObserveGateway, gateway}, {ObserveRouter, router}} {
		if !g.target.IsValid() {
			continue
		}
		answered, done := context.WithCancel(s.ctx)
		asking.Go(func() {
			defer done()
			var tried sync.WaitGroup
			defer tried.Wait()
			for range tries {
				tried.Go(func() {
					if s.askGate(g, within) {
						done()
					}
				})
				if pause(answered, gatePause) != nil {
					return
				}
			}
		})
	}
}

// frontGate is an address in front of a site's machines.
type frontGate struct {
	kind   ObservationKind
	target netip.Addr
}

func (s *site) askGate(g frontGate, within time.Duration) bool {
	o := Observation{Site: s.pool.site, Target: g.target, At: time.Now().UTC(), Kind: g.kind}
	return s.c.measure(s.ctx, &o, within, func(ctx context.Context) error { return s.c.reachable(ctx, g.target) })
}

// tendGates asks the gateway and the router of a site that answers, once a minute.
func (s *site) tendGates(now time.Time) {
	s.mu.Lock()
	due := now.Sub(s.gatesAt) >= gateEvery
	if due {
		s.gatesAt = now
	}
	gateway, router, within := s.spec.Gateway, s.spec.Router, s.log.timing.missAfter()
	s.mu.Unlock()
	if due && (gateway.IsValid() || router.IsValid()) {
		s.c.running.Go(func() { s.askGates(gateway, router, within, 1) })
	}
}
