package mesh

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"muster/inventory"
)

// site is one site's pool at the controller.
type site struct {
	c    *Controller
	pool *Pool
	ctx  context.Context // done when the site or the controller closes
	stop context.CancelFunc

	// mu guards what follows.
	mu        sync.Mutex
	spec      PoolSpec
	log       reachLog
	nextAt    time.Time // of the sweep
	last      string    // the member asked last
	bursting  bool
	burstAt   time.Time // the last one's beginning
	reforming bool
	reformAt  time.Time            // the last one's beginning
	heard     [16]uint64           // numbers of the last leave notices
	heardNext int                  // ring position
	tried     map[string]time.Time // failed members that were joined again
}

// onEvent passes the pool's events on and stops listening for strangers once the
// pool has a member.
func (s *site) onEvent(e PoolEvent) {
	if e.Kind == PoolJoin && !e.Member.Controller {
		s.pool.Listen(false)
	}
	s.c.events.push(MemberEvent{
		Kind: MemberEventKind(e.Kind), Site: s.spec.Site, Workstation: e.Member.Workstation, Member: e.Member, At: time.Now().UTC(),
	})
}

// onDirect takes a leave notice, once, and only from the address of the member it
// names where that member is known.
func (s *site) onDirect(d Direct) {
	if d.Kind != DirectLeave {
		return
	}
	notice, err := DecodeLeaveNotice(d.Body)
	if err != nil {
		return
	}
	workstation, run, ok := ParseMemberName(notice.Member)
	if !ok {
		return
	}
	member := Member{Name: notice.Member, Workstation: workstation, Run: run, Addr: d.From}
	for _, m := range s.pool.Members() {
		if m.Name == notice.Member {
			if m.Addr != d.From {
				return
			}
			member = m
		}
	}
	s.mu.Lock()
	repeat := slices.Contains(s.heard[:], notice.Number)
	if !repeat {
		s.heard[s.heardNext] = notice.Number
		s.heardNext = (s.heardNext + 1) % len(s.heard)
	}
	s.mu.Unlock()
	if repeat {
		return
	}
	s.c.events.push(MemberEvent{
		Kind: MemberLeaveReason, Site: s.spec.Site, Workstation: workstation, Member: member,
		Reason: notice.Reason, At: time.Now().UTC(),
	})
}

// onSource hears of a member that this controller does not know, because it has
// restarted while the member went on: the member takes it for the old one and
// sees no reason to join.
func (s *site) onSource(from netip.AddrPort) {
	if from != s.c.o.Advertise {
		s.reform([]netip.AddrPort{from})
	}
}

// reformEvery spaces the tries to join a pool that has nobody.
const reformEvery = 2 * time.Second

// reform joins the pool through the given addresses or the known neighbours, in
// the background, one try at a time.
func (s *site) reform(through []netip.AddrPort) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if through == nil {
		through = slices.Clone(s.spec.Neighbours)
	}
	now := time.Now()
	if len(through) == 0 || s.reforming || now.Sub(s.reformAt) < reformEvery {
		return
	}
	s.reforming, s.reformAt = true, now
	s.c.running.Go(func() {
		s.join(through)
		s.mu.Lock()
		s.reforming = false
		s.mu.Unlock()
	})
}

// join tries the addresses until one answers: one push/pull brings the whole
// list. Eight sites join at a time.
func (s *site) join(through []netip.AddrPort) {
	select {
	case s.c.joining <- struct{}{}:
	case <-s.ctx.Done():
		return
	}
	defer func() { <-s.c.joining }()
	for _, addr := range through {
		if s.ctx.Err() != nil {
			return
		}
		if _, err := s.pool.Join(s.ctx, []netip.AddrPort{addr}); err == nil {
			return
		}
	}
}

// rejoin joins a member again that answers although it was given up.
func (s *site) rejoin(m Member) {
	if m.State == StateFailed {
		s.reform([]netip.AddrPort{m.Addr})
	}
}

// turnTo changes the site's state and says so.
func (s *site) turnTo(state inventory.ReachState) {
	s.mu.Lock()
	changed := s.log.turnTo(state, time.Now().UTC())
	s.mu.Unlock()
	if changed {
		s.c.events.push(MemberEvent{Kind: SiteReach, Site: s.spec.Site, Reach: state, At: time.Now().UTC()})
	}
}
