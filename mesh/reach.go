package mesh

import (
	"slices"
	"time"

	"muster/inventory"
)

// reachFor is how far back a site's median and loss look.
const reachFor = 5 * time.Minute

// sample is one ping of the sweep.
type sample struct {
	at     time.Time
	rtt    time.Duration // zero: none came
	missed bool
}

// reachSamples bounds what is kept of five minutes: the sweeps of a large pool.
const reachSamples = int(reachFor/sweepSoonest) + 1

// reachLog is how one site answers. It holds about five minutes of sweeps; its
// owner guards it.
type reachLog struct {
	state   inventory.ReachState
	since   time.Time
	timing  timing
	samples []sample // a ring: the next one replaces that at next, if it is old
	next    int
}

func newReachLog(now time.Time) reachLog {
	return reachLog{state: inventory.ReachUnknown, since: now}
}

// turnTo changes the state and reports whether it was another one.
func (l *reachLog) turnTo(state inventory.ReachState, now time.Time) bool {
	if l.state == state {
		return false
	}
	l.state, l.since = state, now
	return true
}

// add notes one ping of the sweep.
func (l *reachLog) add(s sample) {
	if !s.missed {
		l.timing = l.timing.next(s.rtt)
	}
	if n := len(l.samples); n == 0 || n < reachSamples && s.at.Sub(l.samples[l.next].at) <= reachFor {
		l.samples = append(l.samples, s)
		return
	}
	l.samples[l.next] = s
	l.next = (l.next + 1) % len(l.samples)
}

// reach sums the last five minutes up.
func (l *reachLog) reach(now time.Time) inventory.Reach {
	var rtts []time.Duration
	asked, missed := 0, 0
	for _, s := range l.samples {
		if now.Sub(s.at) > reachFor {
			continue
		}
		asked++
		if s.missed {
			missed++
			continue
		}
		rtts = append(rtts, s.rtt)
	}
	r := inventory.Reach{
		State: l.state, Since: l.since,
		RTTMillis: inventory.Unknown[float64]("no answer in the last five minutes"),
		Loss:      inventory.Unknown[float64]("no member asked in the last five minutes"),
	}
	if asked > 0 {
		r.Loss = inventory.Known(float64(missed) / float64(asked))
	}
	if len(rtts) > 0 {
		slices.Sort(rtts)
		r.RTTMillis = inventory.Known(float64(rtts[len(rtts)/2].Microseconds()) / 1000)
	}
	return r
}
