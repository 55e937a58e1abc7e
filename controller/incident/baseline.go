package incident

import (
	"time"
)

// HoursOfWeek is how many slots a Baseline has: slot 0 is Monday 00:00 to 01:00 in
// the site's zone.
const HoursOfWeek = 7 * 24

// Usual is what one hour is usually like. Spreads are 1.4826 times the median
// absolute deviation of its minutes. The high values are the median over days of
// the hour's 90th percentile, and for loss of its worst ten minutes: what recurs on
// most days counts, one bad day does not.
type Usual struct {
	Minutes      int           `json:"n,omitempty"`
	RTT          time.Duration `json:"rtt_ns,omitempty"` // median of the minutes' medians
	RTTSpread    time.Duration `json:"rtt_spread_ns,omitempty"`
	RTTHigh      time.Duration `json:"rtt_high_ns,omitempty"`
	Jitter       time.Duration `json:"jitter_ns,omitempty"`
	JitterSpread time.Duration `json:"jitter_spread_ns,omitempty"`
	JitterHigh   time.Duration `json:"jitter_high_ns,omitempty"`
	Loss         float64       `json:"loss_ratio,omitempty"` // median over days of the hour's mean
	LossHigh     float64       `json:"loss_high_ratio,omitempty"`
}

// Baseline is what a link is usually like, by hour of the week.
type Baseline struct {
	Hours [HoursOfWeek]Usual `json:"hours"`
	// Days is the same by hour of the day over the whole week, for hours of the
	// week with too few minutes.
	Days [24]Usual `json:"days"`
}

// at is what is usual at t, which stands in the site's zone: the hour, and where t
// is near its edge the neighbour too, whichever allows more, for a backup does not
// begin to the second.
func (b *Baseline) at(t time.Time, r *Rules) (Usual, bool) {
	u, ok := b.slot(t, r)
	if !ok {
		return u, false
	}
	for _, near := range []time.Time{t.Add(-r.EdgeFor), t.Add(r.EdgeFor)} {
		if near.Hour() == t.Hour() {
			continue
		}
		if n, ok := b.slot(near, r); ok {
			u.RTTHigh, u.JitterHigh = max(u.RTTHigh, n.RTTHigh), max(u.JitterHigh, n.JitterHigh)
			u.LossHigh = max(u.LossHigh, n.LossHigh)
		}
	}
	return u, true
}

func (b *Baseline) slot(t time.Time, r *Rules) (Usual, bool) {
	if u := b.Hours[hourOfWeek(t)]; u.Minutes >= r.UsualLeast {
		return u, true
	}
	u := b.Days[t.Hour()]
	return u, u.Minutes >= r.UsualLeast
}

func hourOfWeek(t time.Time) int { return (int(t.Weekday())+6)%7*24 + t.Hour() }

// exceeds says what of a minute is beyond the usual; empty is nothing.
//
//	rtt    > usual + max(RTTLeast, RTTRatio·usual, Spreads·spread), and > HighRatio·high
//	jitter > usual + max(JitterLeast, Spreads·spread), and > HighRatio·high
func (u Usual) exceeds(m linkMinute, r *Rules) (rtt, jitter bool) {
	if m.RTT <= 0 {
		return false, false
	}
	over := max(r.RTTLeast, time.Duration(r.RTTRatio*float64(u.RTT)), time.Duration(r.Spreads*float64(u.RTTSpread)))
	rtt = m.RTT > u.RTT+over && m.RTT > time.Duration(r.HighRatio*float64(u.RTTHigh))
	over = max(r.JitterLeast, time.Duration(r.Spreads*float64(u.JitterSpread)))
	jitter = m.Jitter > u.Jitter+over && m.Jitter > time.Duration(r.HighRatio*float64(u.JitterHigh))
	return rtt, jitter
}
