package mesh

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
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
	acks   acks

	// The loop alone touches these.
	formerly string // the name before the last move, until the pool knows that it left
	buryAt   time.Time
	buried   int       // times said
	joinAt   time.Time // next attempt while no controller is alive
	settleAt time.Time // a full exchange with a neighbour; zero: none is due
	schedule discoverySchedule
	tagged   Tags // as last set
	taggedAt time.Time
	retagAt  time.Time // when to say the tags again; zero: not

	membership Membership // guarded by Resident.mu

	mu        sync.Mutex // guards what follows, and pool until it is open
	saved     []netip.AddrPort
	savedKeys int // version
	savedAt   time.Time
	asked     *question        // being asked; nil: not asking
	found     []netip.AddrPort // who answered

	answers *bucket
}

// end closes the pool without a goodbye.
func (t *tenure) end() error {
	t.cancel()
	return t.pool.Close()
}

// Use makes m the pool to be in. Nil leaves gossip: the site runs without it, or
// the machine is away. The pool that the resident is in already gets new keys,
// neighbours and controllers in place; any other is opened under a fresh name,
// and the old one is left in the background. On an error nothing has changed.
// Where the own address is not known yet, the pool is opened once it is.
//
// Keys rotate without anybody going deaf in three steps: first every member gets
// the new key after the current one, then in front of it, then the old one goes.
func (r *Resident) Use(ctx context.Context, m *Membership) error {
	if m != nil {
		if err := checkMembership(*m); err != nil {
			return fmt.Errorf("cannot use the pool: %w", err)
		}
		m = new(*m) // the caller's stays as it is
		if len(m.Controllers) == 0 {
			m.Controllers = r.Controllers()
		}
	}
	if err := r.beginTurn(ctx); err != nil {
		return fmt.Errorf("cannot use the pool: %w", err)
	}
	defer r.endTurn()
	t := r.current()
	switch {
	case m == nil:
		r.leaveGossip(t)
		return nil
	case t != nil && t.pool.Site() == m.Site && t.membershipOf(r).Label == m.Label:
		return r.refresh(t, *m)
	case r.ownAddr().Addr().IsUnspecified():
		r.want(m)
		return nil
	default:
		return r.exchange(t, *m)
	}
}

func (t *tenure) membershipOf(r *Resident) Membership {
	r.mu.Lock()
	defer r.mu.Unlock()
	return t.membership
}

// refresh changes what can be changed without leaving the pool.
func (r *Resident) refresh(t *tenure, m Membership) error {
	old := t.membershipOf(r)
	rotated := !slices.EqualFunc(old.Keys, m.Keys, slices.Equal)
	if rotated {
		if err := t.pool.SetKeys(m.Keys); err != nil {
			return err
		}
		r.log.Info("pool keys rotated", "site", m.Site, "key_version", m.KeyVersion)
	}
	t.pool.SetControllers(m.Controllers)
	m.Neighbours = mergeNeighbours(m.Neighbours, old.Neighbours, r.ownAddr())
	r.mu.Lock()
	t.membership, r.wanted, r.controllers = m, &m, slices.Clone(m.Controllers)
	r.mu.Unlock()
	if rotated {
		r.save(t) // a restart must find the new key
	}
	r.nudge()
	return nil
}

// exchange opens the pool of m and leaves the old one, if any.
func (r *Resident) exchange(old *tenure, m Membership) error {
	sameLabel := old != nil && old.membershipOf(r).Label == m.Label
	if sameLabel { // a port holds one pool per label
		r.replace(nil)
		if err := old.end(); err != nil {
			r.log.Warn("old pool did not close well", "error", err)
		}
	}
	t, err := r.open(m)
	if err != nil {
		return err
	}
	r.replace(t)
	if old != nil && !sameLabel {
		r.sayGoodbye(old)
	}
	r.log.Info("pool opened", "site", m.Site, "name", t.pool.Name())
	r.nudge()
	return nil
}

// replace makes t the tenure.
func (r *Resident) replace(t *tenure) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tenure = t
	if t != nil {
		r.wanted = new(t.membership)
		r.controllers = slices.Clone(t.membership.Controllers)
		r.joinedOnce = true
	}
}

// want says which pool ought to be open; the loop opens it when it can.
func (r *Resident) want(m *Membership) {
	r.mu.Lock()
	r.wanted = m
	if m != nil {
		r.controllers = slices.Clone(m.Controllers)
	}
	r.mu.Unlock()
	r.nudge()
}

// leaveGossip leaves the pool and forgets its keys.
func (r *Resident) leaveGossip(t *tenure) {
	r.want(nil)
	r.replace(nil)
	if t != nil {
		r.sayGoodbye(t)
		r.log.Info("left gossip", "site", t.pool.Site())
	}
	if r.opts.Dir == "" {
		return
	}
	if err := forget(r.opts.Dir); err != nil {
		r.log.Warn("a site's pool key stays on disk", "error", err)
	}
}

// sayGoodbye leaves a pool in the background; it takes about two seconds.
func (r *Resident) sayGoodbye(t *tenure) {
	t.cancel()
	r.background.Go(func() {
		ctx, cancel := context.WithTimeout(r.ctx, goodbyeFor)
		defer cancel()
		if err := errors.Join(t.pool.Leave(ctx), t.pool.Close()); err != nil {
			r.log.Debug("pool left without a full goodbye", "site", t.pool.Site(), "error", err)
		}
	})
}

// goodbyeFor bounds a Serf leave, which takes about two seconds when somebody
// listens.
const goodbyeFor = 5 * time.Second

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
	}
	t.ctx, t.cancel = context.WithCancel(r.ctx)
	pool, err := OpenPool(PoolOptions{
		Port: port, Membership: m, Name: MemberName(r.opts.Workstation, NewRun()), Advertise: addr,
		Role: RoleAgent, Tags: tags, Log: r.opts.Log,
		OnEvent:      func(PoolEvent) { r.nudge() },
		OnAck:        func(name string, _ time.Duration) { r.heardAck(t, name) },
		OnController: func(netip.AddrPort) { r.heardController() },
		OnDirect:     func(d Direct) { r.heardDirect(t, d) },
	})
	if err != nil {
		t.cancel()
		return nil, err
	}
	t.mu.Lock() // heardDirect reads it from the port's goroutine
	t.pool = pool
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
