package mesh

import (
	"math/rand/v2"
	"time"
)

// reconnectEvery is between two tries to reach somebody who failed.
const reconnectEvery = 3 * time.Second

// reconnect tries a failed member again, as Serf would by itself: Serf asks every
// three seconds of a pool's life whether anybody has failed, and each time wakes
// the process for nothing.
func (r *Resident) reconnect(t *tenure, seen sight) time.Duration {
	if len(seen.failed) == 0 {
		t.reconnectAt = time.Time{}
		return lookEvery
	}
	if t.reconnectAt.IsZero() {
		t.reconnectAt = t.onBeat(time.Now().Add(reconnectEvery))
	}
	if wait := time.Until(t.reconnectAt); wait > 0 {
		return wait
	}
	t.reconnectAt = t.onBeat(time.Now().Add(reconnectEvery))
	if reconnectNow(len(seen.failed), seen.alive, rand.Float64()) {
		t.pool.reconnect(seen.failed[rand.IntN(len(seen.failed))])
	}
	return time.Until(t.reconnectAt)
}

// reconnectNow is Serf's rule: all those alive together try each failed member
// about once in a period. chance is uniform in [0, 1).
func reconnectNow(failed, alive int, chance float64) bool {
	return chance <= float64(failed)/float64(max(alive, 1))
}

// reconnect makes a full exchange with a member that failed, in the background;
// if it is back it is alive again. Joins do not wait for it: it may take the TCP
// timeout.
func (p *Pool) reconnect(m Member) {
	p.start(func() {
		_, _ = p.serf.Memberlist().Join([]string{m.Name + "/" + m.Addr.String()}) // most are still away
	})
}
