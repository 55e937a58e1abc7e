package runner

import (
	"context"
	"time"

	"muster/inventory"
)

const (
	// lagEvery is how often this process looks whether its own ticks are late.
	lagEvery = 250 * time.Millisecond
	// lagWorth is a lag that is told of; less is the scheduler's usual work.
	lagWorth = 100 * time.Millisecond
	// lagAtLeastEvery is how often the lag is told of though it is small.
	lagAtLeastEvery = 5 * time.Second
)

// watchLag looks at this process's own lag until ctx ends. It stands beside the
// loop: that waits for the disk, and a slow disk is no starved process.
func (r *Runner) watchLag(ctx context.Context) {
	ticker := time.NewTicker(lagEvery)
	defer ticker.Stop()
	var gauge lateness
	for {
		select {
		case <-ctx.Done():
			return
		case tick := <-ticker.C:
			lag := gauge.measure(tick, time.Since(tick))
			if r.o.Lag != nil {
				lag = r.o.Lag()
			}
			r.metrics.lag.Set(lag.Seconds())
			if now := r.o.Now(); gauge.worth(lag, now) {
				r.learn(inventory.Evidence{At: now, Kind: inventory.EvidenceLag, Lag: max(lag, 0)})
			}
		}
	}
}

// lateness is the gauge of this process's own lag. A controller that is starved
// takes its own silence for that of the sites.
type lateness struct {
	before time.Time // the tick before
	toldAt time.Time
	lagged bool
}

// measure is by how much a tick was late. One that nobody fetched is dropped: then
// its gap to the one before says how long this process stood still, and its age
// how long it waited.
func (l *lateness) measure(tick time.Time, age time.Duration) time.Duration {
	lag := age
	if !l.before.IsZero() {
		lag = max(lag, tick.Sub(l.before)-lagEvery)
	}
	l.before = tick
	return lag
}

// worth reports whether a lag is to be told of: a large one, the first small one
// after it, and otherwise one now and then.
func (l *lateness) worth(lag time.Duration, now time.Time) bool {
	large := lag >= lagWorth
	if !large && !l.lagged && now.Sub(l.toldAt) < lagAtLeastEvery {
		return false
	}
	l.toldAt, l.lagged = now, large
	return true
}
