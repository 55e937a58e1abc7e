package mesh

import (
	"net/netip"
	"sync"
	"time"
)

// A pool that has nobody is tried again after two seconds, and less and less
// often: members come by themselves, and one that is heard is joined at once.
const (
	reformSoonest = 2 * time.Second
	reformLatest  = time.Minute
	reformThrough = 3 // neighbours in one try
)

// reform joins the pool in the background, through a member that was heard just
// now, or through some of the neighbours that were known.
func (s *site) reform(heard *netip.AddrPort) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.reforming || now.Before(s.reformAt) && heard == nil || now.Sub(s.reformedAt) < reformSoonest {
		return
	}
	var through []netip.AddrPort
	switch {
	case heard != nil:
		through = []netip.AddrPort{*heard}
	case len(s.spec.Neighbours) == 0:
		return
	default:
		for range min(reformThrough, len(s.spec.Neighbours)) {
			through = append(through, s.spec.Neighbours[s.reformNext%len(s.spec.Neighbours)])
			s.reformNext++
		}
	}
	s.reformPause = min(max(reformSoonest, 2*s.reformPause), reformLatest)
	s.reformAt, s.reformedAt = now.Add(s.reformPause), now
	s.reforming = s.c.start(func() {
		s.join(through, heard != nil)
		s.mu.Lock()
		s.reforming = false
		s.mu.Unlock()
	})
}

// join tries the addresses until one answers: one push/pull brings the whole
// list. Eight sites join at a time, so that many dead neighbours keep nobody
// from a member that is there: that one is asked at once.
func (s *site) join(through []netip.AddrPort, atOnce bool) {
	if !atOnce {
		select {
		case s.c.joining <- struct{}{}:
		case <-s.ctx.Done():
			return
		}
		defer func() { <-s.c.joining }()
	}
	for _, addr := range through {
		if s.ctx.Err() != nil {
			return
		}
		if _, err := s.pool.Join(s.ctx, []netip.AddrPort{addr}); err == nil {
			s.mu.Lock()
			s.reformPause = 0
			s.mu.Unlock()
			return
		}
	}
}

// rejoin joins a member again, in the background, that answers although it was
// given up.
func (s *site) rejoin(m Member) {
	if m.State != StateFailed || !s.beginReturn(m.Name) {
		return
	}
	s.c.running.Go(func() {
		s.bringBack(m)
		s.mu.Lock()
		delete(s.returning, m.Name)
		s.mu.Unlock()
	})
}

// beginReturn claims a member's one return.
func (s *site) beginReturn(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.returning[name] {
		return false
	}
	s.returning[name] = true
	return true
}

// bringBack exchanges everything with a member that was given up. The first
// exchange may only tell it so: what it says of itself is then as old as its death
// here, and its denial, which is newer, comes by gossip or not at all. The second
// one brings it.
func (s *site) bringBack(m Member) {
	for range 2 {
		if !s.exchange(m) || pause(s.ctx, returnWait) != nil {
			return
		}
	}
}

// exchange joins through a failed member, one of the site at a time: another's
// list may have brought this one back meanwhile. It reports whether to look again.
func (s *site) exchange(m Member) bool {
	select {
	case s.exchanging <- struct{}{}:
		defer func() { <-s.exchanging }()
	case <-s.ctx.Done():
		return false
	}
	if !s.pool.failed(m.Name) {
		return false
	}
	_, err := s.pool.Join(s.ctx, []netip.AddrPort{m.Addr})
	return err == nil // or it is asked again
}

// recall asks a failed member now and then whether it is there after all. If it
// is, so may be the others that were given up at the same time, on a machine or a
// link that was overloaded: they are asked at once. That one does not answer is no
// news of the link.
func (s *site) recall(failed []Member) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweeps++
	if len(failed) == 0 || s.sweeps%recallEvery != 0 {
		return
	}
	m := turn(failed, s.recalled)
	s.recalled = m.Name
	s.c.running.Go(func() {
		if !s.recallOne(m) {
			return
		}
		var asking sync.WaitGroup
		for _, other := range failed[:min(len(failed), recallAtOnce)] {
			if other.Name != m.Name {
				asking.Go(func() { s.recallOne(other) })
			}
		}
		asking.Wait()
	})
}

// recallOne reports whether a failed member answers, and joins it again if so.
func (s *site) recallOne(m Member) bool {
	if _, err := s.pool.Ping(s.ctx, m); err != nil || s.ctx.Err() != nil {
		return false
	}
	s.heardFrom(m)
	s.rejoin(m)
	return true
}
