package mesh

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

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
