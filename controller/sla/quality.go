package sla

import (
	"slices"
	"time"

	"muster/inventory"
)

// Minute is one minute of a link's measurements.
type Minute struct {
	At        time.Time `json:"at"`
	RTTMillis float64   `json:"rtt_ms"` // median; zero where nothing answered
	LossRatio float64   `json:"loss_ratio"`
}

// answered reports whether anything came back: a link that is down is an outage,
// not loss.
func (m Minute) answered() bool { return m.LossRatio < 1 }

// Quality sums measurements up, of minutes in which something answered.
type Quality struct {
	Minutes      int     `json:"minutes"` // with an answer
	LossRatio    float64 `json:"loss_ratio"`
	MedianMillis float64 `json:"median_ms"`
	P95Millis    float64 `json:"p95_ms"`
	WorstMillis  float64 `json:"worst_ms"`
}

// QualityOf sums up the minutes within the period.
func QualityOf(minutes []Minute, period inventory.Span) Quality {
	var q Quality
	var rtts []float64
	lost := 0.0
	for _, m := range minutes {
		if !period.Holds(m.At) || !m.answered() {
			continue
		}
		q.Minutes++
		lost += m.LossRatio
		if m.RTTMillis > 0 {
			rtts = append(rtts, m.RTTMillis)
		}
	}
	if q.Minutes > 0 {
		q.LossRatio = lost / float64(q.Minutes)
	}
	if len(rtts) == 0 {
		return q
	}
	slices.Sort(rtts)
	q.MedianMillis, q.P95Millis, q.WorstMillis = rank(rtts, 0.5), rank(rtts, 0.95), rtts[len(rtts)-1]
	return q
}

// rank is the smallest value that at least the share of all do not pass.
func rank(sorted []float64, share float64) float64 {
	n := int(share*float64(len(sorted))+0.999999) - 1
	return sorted[min(max(n, 0), len(sorted)-1)]
}

// ObservedIn is when the link was seen to work: the minutes with an answer. What
// was down, or what nobody looked at, is told apart by outages.
func ObservedIn(minutes []Minute) []inventory.Span {
	spans := make([]inventory.Span, 0, 16)
	for _, m := range minutes {
		if !m.answered() {
			continue
		}
		next := inventory.Span{From: m.At, To: m.At.Add(time.Minute)}
		if last := len(spans) - 1; last >= 0 && spans[last].To.Equal(next.From) {
			spans[last].To = next.To
			continue
		}
		spans = append(spans, next)
	}
	return inventory.JoinSpans(spans)
}
