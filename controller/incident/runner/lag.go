package runner

import (
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

// lateness is the gauge of this process's own lag.
type lateness struct {
	before time.Time // the tick before
	toldAt time.Time
	lagged bool
}

// measureLag tells how late this process is: by how much a tick came after it was
// due, or what the options say. A controller that is starved takes its own silence
// for that of the sites.
func (r *Runner) measureLag(tick time.Time) {
	now := r.o.Now()
	var lag time.Duration
	if r.o.Lag != nil {
		lag = r.o.Lag()
	} else {
		// A tick that nobody fetched is dropped: then its gap to the one before says
		// how long this loop was held up, and its age how long it waited.
		lag = time.Since(tick)
		if !r.lateness.before.IsZero() {
			lag = max(lag, tick.Sub(r.lateness.before)-lagEvery)
		}
	}
	r.lateness.before = tick
	r.metrics.lag.Set(lag.Seconds())
	worth := lag >= lagWorth
	if !worth && !r.lateness.lagged && now.Sub(r.lateness.toldAt) < lagAtLeastEvery {
		return
	}
	r.lateness.toldAt, r.lateness.lagged = now, worth
	r.learn(inventory.Evidence{At: now, Kind: inventory.EvidenceLag, Lag: max(lag, 0)})
}
