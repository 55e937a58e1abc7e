package mesh

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// errMissed is what the direct way is blamed for.
var errMissed = fmt.Errorf("the controller misses this machine: %w", context.DeadlineExceeded)

const (
	// unheardPassed bounds the notices that a member passes on, per second; a
	// controller sends one in two seconds at most.
	unheardPassed = 2
	// unheardHeard is the least time between two notices that are acted on.
	unheardHeard = time.Minute
)

// unheardEar takes the notices of one tenure: both copies of one count once, and
// those recorded and played again not at all, while they are remembered.
type unheardEar struct {
	mu      sync.Mutex // guards what follows
	numbers [8]uint64  // of the last notices, a ring
	next    int
	at      time.Time // the last one that counted
}

// take reports whether a notice counts.
func (e *unheardEar) take(number uint64, now time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if slices.Contains(e.numbers[:], number) {
		return false
	}
	e.numbers[e.next] = number
	e.next = (e.next + 1) % len(e.numbers)
	if !e.at.IsZero() && now.Sub(e.at) < unheardHeard {
		return false
	}
	e.at = now
	return true
}

// heardUnheard takes a notice for this member from one of its pool, or passes one
// for a neighbour on that came straight from a controller: so none goes further
// than one step. It is called by the port's reader and must not block.
func (r *Resident) heardUnheard(t *tenure, d Direct) {
	n, err := DecodeUnheardNotice(d.Body)
	t.mu.Lock()
	pool := t.pool
	t.mu.Unlock()
	if err != nil || pool == nil || !t.passes.allow(time.Now()) {
		return
	}
	members := pool.Members()
	if n.Member == pool.Name() {
		if isMember(members, d.From) && t.unheard.take(n.Number, time.Now()) {
			r.missed()
		}
		return
	}
	if !r.isController(members, d.From) {
		return
	}
	if i := slices.IndexFunc(members, func(m Member) bool { return m.Name == n.Member }); i >= 0 && members[i].State == StateAlive {
		_ = pool.SendDirect(members[i].Addr, DirectUnheard, d.Body) // best effort; another bears it too
	}
}

func isMember(members []Member, addr netip.AddrPort) bool {
	return slices.ContainsFunc(members, func(m Member) bool { return m.Addr == addr && m.State == StateAlive })
}

func (r *Resident) isController(members []Member, addr netip.AddrPort) bool {
	known := slices.ContainsFunc(members, func(m Member) bool { return m.Controller && m.Addr == addr })
	return known || slices.Contains(r.Controllers(), addr)
}

// missed blames the direct way, unless it is blamed already, and says so.
func (r *Resident) missed() {
	r.mu.Lock()
	closed, blamed := r.closed, time.Now().Before(r.routes.directAgainAt)
	r.mu.Unlock()
	if closed {
		return
	}
	r.log.Info("the controller misses this machine, going through a neighbour")
	if !blamed {
		r.judge(route{via: ViaDirect}, errMissed)
	}
	if r.opts.OnUnheard != nil {
		r.opts.OnUnheard()
	}
}
