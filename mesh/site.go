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
	// ready is closed once pool is set: packets come before OpenPool returns.
	ready chan struct{}
	// exchanging holds one while a failed member is joined again.
	exchanging chan struct{}

	// mu guards what follows.
	mu        sync.Mutex
	spec      PoolSpec
	log       reachLog
	nextAt    time.Time       // of the sweep
	pace      time.Duration   // of the sweep
	last      string          // the member asked last
	sweeps    int             // so far
	recalled  string          // the failed member asked last
	returning map[string]bool // failed members that are being joined again, by name
	bursting  bool
	burstAt   time.Time            // the last one's beginning
	gatesAt   time.Time            // when gateway and router were asked last at rest
	seenAt    map[string]time.Time // each member's last answer, by name
	heardAt   time.Time            // the last answer of any member, late ones too
	told      map[string]told      // members that were told that they are unheard, by name
	heard     [16]uint64           // numbers of the last leave notices, a ring
	heardNext int

	reforming   bool
	reformAt    time.Time // the next try through neighbours
	reformedAt  time.Time // the last try
	reformPause time.Duration
	reformNext  int // neighbour
}

// onEvent passes the pool's events on and stops listening for strangers once the
// pool has a member.
func (s *site) onEvent(e PoolEvent) {
	<-s.ready
	if e.Kind == PoolJoin && !e.Member.Controller {
		s.pool.Listen(false)
	}
	if e.Kind == PoolReap || e.Kind == PoolLeave {
		s.mu.Lock()
		delete(s.seenAt, e.Member.Name)
		delete(s.told, e.Member.Name)
		s.mu.Unlock()
	}
	s.c.events.push(MemberEvent{
		Kind: MemberEventKind(e.Kind), Site: s.spec.Site, Workstation: e.Member.Workstation, Member: e.Member, At: time.Now().UTC(),
	})
}

// onDirect takes a leave notice, once, and only from the address of the member it
// names where that member is known.
func (s *site) onDirect(d Direct) {
	if d.Kind != DirectLeave || !s.isReady() {
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
	if from != s.c.o.Advertise && s.isReady() {
		s.reform(&from)
	}
}

func (s *site) isReady() bool {
	select {
	case <-s.ready:
		return true
	default:
		return false
	}
}

// heardFrom notes an answer.
func (s *site) heardFrom(m Member) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heardAt = time.Now()
	s.seenAt[m.Name] = s.heardAt.UTC()
	if t, ok := s.told[m.Name]; ok && s.heardAt.Sub(t.at) > unheardSoonest {
		delete(s.told, m.Name)
	}
}

// current leaves out what its workstations were called before.
func (s *site) current(members []Member) []Member {
	s.mu.Lock()
	defer s.mu.Unlock()
	return current(members, s.seenAt)
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
