package incident

import (
	"slices"
	"time"

	"muster/inventory"
)

const (
	maxSamples    = 128 // of one minute: a sweep makes 40
	maxMinutes    = 30  // that are kept
	lateMinute    = 10 * time.Second
	leastSamples  = 5 // for a median that means something
	openMinutes   = 2
	stillComplete = time.Minute
)

// sample is one question of the sweep; rtt is zero where no answer came and the
// machine turned out to be alive.
type sample struct {
	at  time.Time
	rtt time.Duration
	who *machine // nil where it was no machine
}

// minute is one minute under way.
type minute struct {
	start   time.Time
	samples []sample // by at, each at once
}

// linkMinute is one minute of a link.
type linkMinute struct {
	At     time.Time     `json:"at"`
	N      int           `json:"n"` // questions
	RTT    time.Duration `json:"rtt"`
	Jitter time.Duration `json:"jitter"`
	Loss   float64       `json:"loss"`
	Given  bool          `json:"given,omitempty"` // measured elsewhere

	by map[*machine]losses // who lost how many; empty where it was measured elsewhere or read again
}

// losses counts questions and those that were lost.
type losses struct{ asked, lost int }

// quality is how a site's link is, minute by minute. Only the sweep's questions
// count for loss: a burst follows a miss and would count it again.
type quality struct {
	open   []minute     // at most two, oldest first
	closed []linkMinute // by At, at most maxMinutes
	judged time.Time    // the newest closed minute that was judged
}

func (q *quality) answered(m *machine, at time.Time, rtt time.Duration) {
	q.add(sample{at, max(rtt, 1), m})
}
func (q *quality) lost(m *machine, at time.Time) { q.add(sample{at: at, who: m}) }

func (q *quality) add(s sample) {
	start := s.at.Truncate(time.Minute)
	i := len(q.open) - 1
	for i >= 0 && q.open[i].start.After(start) {
		i--
	}
	switch {
	case i >= 0 && q.open[i].start.Equal(start):
	case i < 0 && len(q.open) == openMinutes, len(q.closed) > 0 && !start.After(q.closed[len(q.closed)-1].At):
		return // too late
	default:
		if len(q.open) == openMinutes {
			q.close(0)
			i--
		}
		i++
		q.open = slices.Insert(q.open, i, minute{start: start})
	}
	m := &q.open[i]
	if len(m.samples) >= maxSamples {
		return
	}
	if n := len(m.samples); n == 0 || m.samples[n-1].at.Before(s.at) {
		m.samples = append(m.samples, s)
		return
	}
	at, found := slices.BinarySearchFunc(m.samples, s.at, func(x sample, t time.Time) int { return x.at.Compare(t) })
	if !found {
		m.samples = slices.Insert(m.samples, at, s)
	}
}

// close ends open minute i.
func (q *quality) close(i int) {
	m := q.open[i]
	q.open = slices.Delete(q.open, i, i+1)
	if sum, ok := m.sum(); ok {
		q.keep(sum)
	}
}

// due closes the minutes that are over and returns those that are new.
func (q *quality) due(now time.Time) (fresh []linkMinute) {
	for len(q.open) > 0 && now.Sub(q.open[0].start) >= stillComplete+lateMinute {
		q.close(0)
	}
	for _, m := range q.closed {
		if m.At.After(q.judged) {
			fresh = append(fresh, m)
		}
	}
	if len(fresh) > 0 {
		q.judged = fresh[len(fresh)-1].At
	}
	return fresh
}

// keep takes up a minute; one measured elsewhere replaces our own.
func (q *quality) keep(m linkMinute) {
	i, found := slices.BinarySearchFunc(q.closed, m.At, func(x linkMinute, t time.Time) int { return x.At.Compare(t) })
	switch {
	case found && (q.closed[i].Given || !m.Given):
		return
	case found:
		q.closed[i] = m
		return
	}
	q.closed = slices.Insert(q.closed, i, m)
	if len(q.closed) > maxMinutes {
		q.closed = slices.Delete(q.closed, 0, len(q.closed)-maxMinutes)
	}
}

// measured takes up a minute that was measured elsewhere.
func (q *quality) measured(ev *inventory.Evidence) {
	if ev.Loss < 0 || ev.Loss > 1 || ev.Loss != ev.Loss || ev.RTT < 0 || ev.Jitter < 0 {
		return
	}
	q.keep(linkMinute{
		At: ev.At.Truncate(time.Minute), N: 40, RTT: ev.RTT, Jitter: ev.Jitter, Loss: ev.Loss, Given: true,
	})
}

// sum makes the minute's figures: the median round trip, 1.4826 times the median
// absolute deviation from it as jitter, and the share lost.
func (m minute) sum() (linkMinute, bool) {
	if len(m.samples) < leastSamples {
		return linkMinute{}, false
	}
	rtts := make([]time.Duration, 0, len(m.samples))
	for _, s := range m.samples {
		if s.rtt > 0 {
			rtts = append(rtts, s.rtt)
		}
	}
	sum := linkMinute{At: m.start, N: len(m.samples), Loss: float64(len(m.samples)-len(rtts)) / float64(len(m.samples))}
	sum.by = m.by()
	if len(rtts) < leastSamples {
		return sum, len(rtts) > 0 // mostly lost: nothing is known of the round trip
	}
	sum.RTT, sum.Jitter = medianAndSpread(rtts)
	return sum, true
}

// by counts the questions of each machine.
func (m minute) by() map[*machine]losses {
	by := make(map[*machine]losses)
	for _, s := range m.samples {
		c := by[s.who]
		c.asked++
		if s.rtt == 0 {
			c.lost++
		}
		by[s.who] = c
	}
	return by
}

// loss is the share lost over the last few minutes, and of how many questions.
func (q *quality) loss(minutes int) (ratio float64, asked int) {
	lost := 0.0
	for _, m := range q.closed[max(0, len(q.closed)-minutes):] {
		asked += m.N
		lost += m.Loss * float64(m.N)
	}
	if asked == 0 {
		return 0, 0
	}
	return lost / float64(asked), asked
}

// medianAndSpread sorts xs. The spread is the standard deviation where chance is
// normal (1.4826 MAD), and does not follow outliers.
func medianAndSpread(xs []time.Duration) (median, spread time.Duration) {
	if len(xs) == 0 {
		return 0, 0
	}
	slices.Sort(xs)
	median = xs[len(xs)/2]
	off := make([]time.Duration, len(xs))
	for i, x := range xs {
		off[i] = (x - median).Abs()
	}
	slices.Sort(off)
	return median, time.Duration(1.4826 * float64(off[len(off)/2]))
}
