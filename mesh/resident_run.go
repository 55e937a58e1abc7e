package mesh

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"
)

const (
	// Asking for the own address costs 0.2 ms, so it is not done all the time; a
	// new one counts when it is seen twice in a row, which the pool's beat may bring
	// a little closer together.
	addrEvery = 4 * time.Second
	addrDwelt = 3 * time.Second
	openEvery = 5 * time.Second // a pool that did not open is tried again
)

// run is the resident's one goroutine: it looks, acts on what is due and sleeps
// until something else is, or until the pool or an answer nudges it.
func (r *Resident) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	dwell := addrDwell{settled: r.ownAddr().Addr()}
	if dwell.settled.IsUnspecified() {
		dwell.settled = netip.Addr{}
	}
	var turnAt, addrAt time.Time
	for {
		nudged := false
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-r.nudged:
			nudged = true
		}
		if nudged || !time.Now().Before(turnAt) {
			turnAt = r.nextTurn()
		}
		wait := time.Until(turnAt)
		if r.opts.CurrentAddr != nil {
			if !time.Now().Before(addrAt) {
				dwell = r.followAddr(dwell)
				addrAt = r.OnBeat(time.Now().Add(addrEvery))
			}
			wait = min(wait, time.Until(addrAt))
		}
		timer.Reset(max(wait, 0))
	}
}

// nextTurn takes a turn and returns when to take the next one.
func (r *Resident) nextTurn() time.Time {
	wait := r.turn()
	at := time.Now().Add(wait)
	if wait >= lookEvery {
		at = r.OnBeat(at)
	}
	return at
}

// turn does what is due and returns how long nothing else is.
func (r *Resident) turn() time.Duration {
	t := r.current()
	if t == nil {
		return r.reopen()
	}
	seen := r.look(t)
	wait := min(r.rejoin(t, seen), r.settle(t, seen), r.reconnect(t, seen))
	r.discover(t, seen)
	wait = min(wait, r.buryOldName(t, seen), r.tag(t), r.noteNeighbours(t, seen))
	return max(wait, time.Millisecond)
}

// reopen opens a pool that should be open: an address that was not known, or a
// port that was just being replaced, may have kept it shut.
func (r *Resident) reopen() time.Duration {
	if r.beginTurn(r.ctx) != nil {
		return openEvery
	}
	defer r.endTurn()
	r.mu.Lock()
	wanted, t := r.wanted, r.tenure
	unknown := r.addr.Addr().IsUnspecified()
	r.mu.Unlock()
	switch {
	case wanted == nil:
		return time.Hour // Use nudges
	case t != nil || unknown:
		return openEvery
	}
	if err := r.exchange(nil, *wanted); err != nil {
		r.log.Warn("pool not opened", "error", err)
	}
	return openEvery
}

// look reads the pool.
func (r *Resident) look(t *tenure) sight {
	members := t.pool.Members()
	var s sight
	for _, m := range members {
		switch m.State {
		case StateAlive:
			s.alive++
			s.controllerAlive = s.controllerAlive || m.Controller
		case StateFailed:
			s.failed = append(s.failed, m)
		case StateLeft:
		}
	}
	for _, m := range neighboursOf(r.opts.Workstation, members) {
		s.neighbours = append(s.neighbours, m.Addr)
	}
	return s
}

// rejoin joins if no controller is alive and its time has come.
func (r *Resident) rejoin(t *tenure, seen sight) time.Duration {
	if seen.controllerAlive {
		return lookEvery
	}
	if wait := time.Until(t.joinAt); wait > 0 {
		return wait
	}
	m := t.membershipOf(r)
	if targets := joinTargets(seen, m.Controllers, m.Neighbours, t.takeFound(), rand.Shuffle); len(targets) > 0 {
		if n, err := t.pool.Join(t.ctx, targets); n > 0 {
			r.log.Debug("joined", "site", m.Site, "answered", n)
			t.settleAt, t.settles = nextSettle(), settleRounds
		} else if t.ctx.Err() == nil {
			r.log.Debug("not joined", "site", m.Site, "error", err)
		}
	}
	wait := rejoinAfter(len(seen.neighbours), rand.Float64())
	t.joinAt = time.Now().Add(wait)
	return wait
}

// settle makes a full exchange with a neighbour some time after a join.
func (r *Resident) settle(t *tenure, seen sight) time.Duration {
	if t.settleAt.IsZero() {
		return lookEvery
	}
	if wait := time.Until(t.settleAt); wait > 0 {
		return wait
	}
	t.settleAt = time.Time{}
	if t.settles--; t.settles > 0 {
		t.settleAt = nextSettle()
	}
	if len(seen.neighbours) > settleLarge && rand.N(settleShare) > 0 {
		return sayAgainAfter
	}
	if _, err := t.pool.Join(t.ctx, pick(seen.neighbours, 1, rand.Shuffle)); err != nil && t.ctx.Err() == nil && len(seen.neighbours) > 0 {
		r.log.Debug("no exchange with a neighbour", "site", t.pool.Site(), "error", err)
	}
	return sayAgainAfter
}

func nextSettle() time.Time { return time.Now().Add(settleSoonest + share(settleLatest-settleSoonest)) }

// buryOldName says for the name before a move that it left, twice. Otherwise every
// neighbour would see it fail, and fifteen failures are what a renumbered site
// must not look like.
func (r *Resident) buryOldName(t *tenure, seen sight) time.Duration {
	if t.formerly == "" || (len(seen.neighbours) == 0 && !seen.controllerAlive) {
		return lookEvery
	}
	if wait := time.Until(t.buryAt); wait > 0 {
		return wait
	}
	if err := t.pool.Depart(t.formerly); err != nil && t.ctx.Err() == nil {
		r.log.Debug("old name not seen off", "name", t.formerly, "error", err)
	}
	t.buryAt = time.Now().Add(sayAgainAfter)
	if t.buried++; t.buried == 2 {
		t.formerly = ""
		return lookEvery
	}
	return sayAgainAfter
}

// tag brings the tags up to date when they may change again. It may wait some
// seconds for the change to be gossiped.
func (r *Resident) tag(t *tenure) time.Duration {
	r.mu.Lock()
	want := r.tagsLocked()
	r.mu.Unlock()
	again := !t.retagAt.IsZero()
	due, ok := tagsDue(t.tagged, want, t.taggedAt)
	switch {
	case !ok && !again:
		return lookEvery
	case !ok || (again && t.retagAt.Before(due)):
		due = t.retagAt
	}
	if wait := time.Until(due); wait > 0 {
		return wait
	}
	t.retagAt = time.Time{}
	if want.Uplink != t.tagged.Uplink {
		t.retagAt = time.Now().Add(sayAgainAfter)
	}
	if err := t.pool.SetTags(want); err != nil && t.ctx.Err() == nil {
		r.log.Debug("tags not gossiped in time", "site", t.pool.Site(), "error", err)
	}
	t.tagged, t.taggedAt = want, time.Now() // Serf keeps tags that it could not gossip
	return sayAgainAfter
}

// noteNeighbours keeps those alive at the head of those known, and writes them
// down now and then if they changed.
func (r *Resident) noteNeighbours(t *tenure, seen sight) time.Duration {
	if len(seen.neighbours) > 0 {
		self := r.ownAddr()
		r.mu.Lock()
		t.membership.Neighbours = mergeNeighbours(seen.neighbours, t.membership.Neighbours, self)
		r.mu.Unlock()
	}
	if r.opts.Dir == "" {
		return lookEvery
	}
	if wait := time.Until(t.saveDue()); wait > 0 {
		return wait
	}
	r.save(t)
	return lookEvery
}

func (t *tenure) saveDue() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.saved == nil {
		return t.savedAt.Add(saveFirst)
	}
	return t.savedAt.Add(saveEvery)
}

// save writes the membership down if its neighbours, in whichever order, or its
// keys changed since.
func (r *Resident) save(t *tenure) {
	if r.opts.Dir == "" {
		return
	}
	m := t.membershipOf(r)
	now := slices.Clone(m.Neighbours)
	slices.SortFunc(now, netip.AddrPort.Compare)
	t.mu.Lock()
	same := t.saved != nil && slices.Equal(now, t.saved) && t.savedKeys == m.KeyVersion
	t.saved, t.savedKeys, t.savedAt = now, m.KeyVersion, time.Now()
	t.mu.Unlock()
	if same {
		return
	}
	if err := remember(r.opts.Dir, m); err != nil {
		r.log.Warn("neighbours not remembered", "error", err)
	}
}
