package mesh

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"
)

// discover asks around if the pool is short of neighbours and it is time to. It
// runs beside the loop, one round at a time, and ends with the tenure.
func (r *Resident) discover(t *tenure, seen sight) {
	remembered := len(t.membershipOf(r).Neighbours)
	schedule, due := t.schedule.step(time.Now(), len(seen.neighbours), remembered, seen.controllerAlive)
	t.schedule = schedule
	if !due {
		return
	}
	q := newQuestion(r.ownAddr())
	if !t.beginAsking(&q) {
		return
	}
	around := neighbourhood(q.asker.Addr(), rand.Shuffle)
	r.background.Go(func() {
		ctx, cancel := context.WithCancel(t.ctx)
		defer cancel()
		defer t.endAsking(ctx)
		askAround(ctx, q, around, func(to netip.AddrPort, body []byte) {
			_ = t.pool.SendDirect(to, DirectProbe, body) // most go nowhere
		}, t.enough)
	})
}

func (t *tenure) beginAsking(q *question) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.asked != nil {
		return false
	}
	t.asked, t.found = q, nil
	return true
}

// endAsking takes answers for a little longer.
func (t *tenure) endAsking(ctx context.Context) {
	_ = pause(ctx, time.Second)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asked = nil
}

func (t *tenure) enough() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.found) >= discoveryEnough
}

// takeFound returns who answered; they are tried once, and then belong to the
// pool or not.
func (t *tenure) takeFound() []netip.AddrPort {
	t.mu.Lock()
	defer t.mu.Unlock()
	found := t.found
	if t.asked == nil {
		t.found = nil
	}
	return slices.Clone(found)
}

// heardDirect answers a neighbour's question and takes answers to the own one.
// It is called by the port's reader and must not block.
func (r *Resident) heardDirect(t *tenure, d Direct) {
	switch d.Kind {
	case DirectProbe:
		t.answer(d.Body, r.ownAddr())
	case DirectAnswer:
		if t.note(d) {
			r.nudge()
		}
	case DirectUnheard:
		r.heardUnheard(t, d)
	case DirectLeave: // for controllers
	case DirectPing, DirectPong: // the pool's own
	}
}

func (t *tenure) answer(body []byte, self netip.AddrPort) {
	q, err := decodeQuestion(body)
	t.mu.Lock()
	pool := t.pool
	t.mu.Unlock()
	if err != nil || pool == nil || q.asker == self || !t.answers.allow(time.Now()) {
		return
	}
	_ = pool.SendDirect(q.asker, DirectAnswer, body) // best effort
}

// note takes an answer that carries the challenge of the question being asked.
func (t *tenure) note(d Direct) bool {
	q, err := decodeQuestion(d.Body)
	if err != nil {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.asked == nil || q != *t.asked || len(t.found) >= discoveryEnough || slices.Contains(t.found, d.From) {
		return false
	}
	t.found = append(t.found, d.From)
	return true
}
