package mesh

import (
	"time"

	"muster/inventory"
)

// sweep asks one member of each site in turn, each site at its own moment of the
// period, until the controller closes.
func (c *Controller) sweep() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-c.changed:
		case <-c.closing.Done():
			return
		}
		timer.Reset(c.sweepDue(time.Now()))
	}
}

// sweepDue starts the sweeps that are due and returns how long until the next.
func (c *Controller) sweepDue(now time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	next := c.o.SweepEvery
	for _, s := range c.sites {
		s.mu.Lock()
		if !s.nextAt.After(now) {
			// A controller that was starved skips turns; it does not catch up.
			for !s.nextAt.After(now) {
				s.nextAt = s.nextAt.Add(s.pace)
			}
			c.running.Go(s.sweepOnce)
		}
		next = min(next, s.nextAt.Sub(now))
		s.mu.Unlock()
	}
	return max(next, time.Millisecond)
}

// sweepOnce asks the member whose turn it is, and bursts when it does not answer
// in time.
func (s *site) sweepOnce() {
	all := s.pool.Members()
	s.recall(recallable(all))
	members := s.current(sweepable(all))
	if len(members) == 0 {
		s.turnTo(inventory.ReachUnknown)
		s.pool.Listen(true)
		s.reform(nil)
		return
	}
	s.mu.Lock()
	m := turn(members, s.last)
	s.last, s.pace = m.Name, s.c.o.SweepEvery
	if m.State == StateAlive { // one that is down is in no hurry
		s.pace = sweepPace(s.c.o.SweepEvery, len(members))
	}
	within := s.log.timing.missAfter()
	s.mu.Unlock()

	a := s.ask(m, ObserveSweep, within)
	s.mu.Lock()
	s.log.add(sample{at: a.askedAt, rtt: a.rtt, missed: a.missed})
	s.mu.Unlock()
	if !a.missed {
		s.turnTo(inventory.ReachOK)
		s.rejoin(m)
		s.tendGates(a.askedAt)
		return
	}
	if s.ctx.Err() != nil {
		return
	}
	s.c.running.Go(func() { s.checkUnheard(members, m, a.askedAt) })
	if s.beginBurst(a.askedAt) {
		s.burst(members, m.Name)
		s.mu.Lock()
		s.bursting = false
		s.mu.Unlock()
	}
}

// beginBurst claims the site's one burst. At a silent site they are spaced.
func (s *site) beginBurst(now time.Time) bool {
	s.mu.Lock()
	silent := s.log.state == inventory.ReachSilent
	if s.bursting || silent && now.Sub(s.burstAt) < burstAgainAfter {
		s.mu.Unlock()
		return false
	}
	s.bursting, s.burstAt = true, now
	s.mu.Unlock()
	if !silent {
		s.turnTo(inventory.ReachMissing)
	}
	return true
}

// asked is the outcome of one ping.
type asked struct {
	askedAt time.Time
	rtt     time.Duration
	missed  bool
}

// ask pings a member and judges the miss on its own timer: memberlist's is read
// without a lock and cannot change. An answer that comes later is still a sign of
// life, and teaches the link's timing.
func (s *site) ask(m Member, kind ObservationKind, within time.Duration) asked {
	askedAt := time.Now()
	type reply struct {
		rtt time.Duration
		err error
	}
	replies := make(chan reply, 1)
	late := make(chan struct{})
	s.c.running.Go(func() {
		rtt, err := s.pool.Ping(s.ctx, m)
		select {
		case <-late:
			if err == nil {
				s.heardLate(m, rtt)
			}
		default:
			replies <- reply{rtt, err}
		}
	})
	timer := time.NewTimer(within)
	defer timer.Stop()
	o := Observation{
		Site: s.pool.site, Member: m.Name, Workstation: m.Workstation, Target: m.Addr.Addr(), At: askedAt.UTC(), Kind: kind,
	}
	select {
	case r := <-replies:
		o.RTT = r.rtt
		if r.err != nil {
			o.Missed, o.RTT, o.Err = true, 0, r.err.Error()
			break
		}
		s.heardFrom(m)
	case <-timer.C:
		close(late)
		o.Missed = true
	case <-s.ctx.Done():
		close(late)
		return asked{askedAt: askedAt, missed: true} // no observation of the link
	}
	s.c.o.Observe(o)
	return asked{askedAt: askedAt, rtt: o.RTT, missed: o.Missed}
}

// heardLate takes an answer that came after its miss timer.
func (s *site) heardLate(m Member, rtt time.Duration) {
	if s.ctx.Err() != nil {
		return
	}
	s.mu.Lock()
	s.log.timing = s.log.timing.next(rtt)
	s.mu.Unlock()
	s.heardFrom(m)
	s.turnTo(inventory.ReachOK)
	s.rejoin(m)
}
