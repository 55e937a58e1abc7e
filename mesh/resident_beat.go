package mesh

import "time"

// A pool's gossip wakes the process once a second, and a wake-up costs more than
// most of what is done in it. So what comes round anyway, and need not come to the
// millisecond, comes with the gossip.

// OnBeat moves a moment to the nearest one at which the pool gossips, which is at
// most half a second away. In no pool it leaves it where it is.
func (r *Resident) OnBeat(at time.Time) time.Time {
	if t := r.current(); t != nil {
		return t.onBeat(at)
	}
	return at
}

// onBeat counts from the moment when the pool was opened: memberlist's tickers
// began just before.
func (t *tenure) onBeat(at time.Time) time.Time {
	return t.began.Add(at.Sub(t.began).Round(gossipEvery))
}
