package mesh

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"
)

// rejoinSpread is the most that a later join waits: a moved machine should be
// back in seconds, and only its own site moves with it.
const rejoinSpread = 2 * time.Second

// tenure is one stay in one pool under one name.
type tenure struct {
	pool   *Pool
	ctx    context.Context // ends with the tenure
	cancel context.CancelFunc
	began  time.Time // when the pool was open
	acks   acks

	// The loop alone touches these.
	formerly string // the name before the last move, until the pool knows that it left
	buryAt   time.Time
	buried   int       // times said
	joinAt   time.Time // next attempt while no controller is alive
	settleAt time.Time // a full exchange with a neighbour; zero: none is due
	settles  int       // exchanges still to make
	schedule discoverySchedule
	// reconnectAt is the next try to reach somebody who failed; zero: nobody has.
	reconnectAt time.Time
	tagged      Tags // as last set
	taggedAt    time.Time
	retagAt     time.Time // when to say the tags again; zero: not

	membership Membership // guarded by Resident.mu

	mu        sync.Mutex // guards what follows, and pool until it is open
	saved     []netip.AddrPort
	savedKeys int // version
	savedAt   time.Time
	asked     *question        // being asked; nil: not asking
	found     []netip.AddrPort // who answered

	answers *bucket
	passes  *bucket // unheard notices
	unheard unheardEar
}

// end closes the pool without a goodbye.
func (t *tenure) end() error {
	t.cancel()
	return t.pool.Close()
}

// open opens the pool of m under a fresh name.
func (r *Resident) open(m Membership) (*tenure, error) {
	r.mu.Lock()
	port, addr := r.port, r.addr
	spread := r.opts.JoinSpread
	if r.joinedOnce {
		spread = min(spread, rejoinSpread)
	}
	tags := r.tagsLocked()
	formerly := r.formerly
	r.formerly = ""
	r.mu.Unlock()
	if addr.Addr().IsUnspecified() {
		return nil, fmt.Errorf("cannot open pool of %s: %w", m.Site, errNoAddr)
	}

	now := time.Now()
	m.Neighbours = mergeNeighbours(m.Neighbours, r.recallNeighbours(m), addr)
	t := &tenure{
		membership: m, formerly: formerly, joinAt: now.Add(share(spread)), tagged: tags, taggedAt: now, savedAt: now,
		answers: newBucket(answersPerSec, answersPerSec, now),
		passes:  newBucket(unheardPassed, 2*unheardPassed, now),
	}
	t.ctx, t.cancel = context.WithCancel(r.ctx)
	pool, err := OpenPool(PoolOptions{
		Port: port, Membership: m, Name: MemberName(r.opts.Workstation, NewRun()), Advertise: addr,
		Role: RoleAgent, Tags: tags, Log: r.opts.Log,
		OnEvent:      func(PoolEvent) { r.nudge() },
		OnAck:        func(name string, _ time.Duration) { r.heardAck(t, name) },
		OnController: func(netip.AddrPort) { r.heardController() },
		OnDirect:     func(d Direct) { r.heardDirect(t, d) },
		OnQuery:      r.opts.OnQuery,
	})
	if err != nil {
		t.cancel()
		return nil, err
	}
	t.mu.Lock() // heardDirect reads it from the port's goroutine
	t.pool, t.began = pool, time.Now()
	t.mu.Unlock()
	return t, nil
}

// recallNeighbours reads who was alive in the same pool before.
func (r *Resident) recallNeighbours(m Membership) []netip.AddrPort {
	if r.opts.Dir == "" {
		return nil
	}
	before, err := Recall(r.opts.Dir)
	switch {
	case err != nil:
		r.log.Warn("neighbours not remembered", "error", err)
		return nil
	case before == nil || before.Label != m.Label || before.Site != m.Site:
		return nil
	}
	return before.Neighbours
}

var errNoAddr = errors.New("the own address is not known yet")

// share is a random share of spread.
func share(spread time.Duration) time.Duration {
	if spread <= 0 {
		return 0
	}
	return rand.N(spread)
}

func (r *Resident) heardAck(t *tenure, name string) {
	now := time.Now()
	t.acks.add(name, now)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ackAt = now
}

func (r *Resident) heardController() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heardAt = time.Now()
}

// Addr is where neighbours reach this machine, as Standing says.
func (r *Resident) Addr() netip.AddrPort { return r.ownAddr() }

func (r *Resident) ownAddr() netip.AddrPort {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.addr
}

// tagsLocked returns the tags as they should be; the caller holds mu.
func (r *Resident) tagsLocked() Tags {
	return Tags{Role: RoleAgent, Version: r.opts.Version, Run: r.opts.Run, Uplink: r.uplink, Health: r.health}
}

// Depart tells the pool that a member's former name left, without forgetting it.
func (p *Pool) Depart(name string) error {
	if err := p.serf.RemoveFailedNode(name); err != nil {
		return fmt.Errorf("cannot see off %.80q in pool of %s: %w", name, p.site, err)
	}
	return nil
}
