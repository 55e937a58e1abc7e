package incident

import (
	"cmp"
	"slices"
	"time"

	"muster/inventory"
)

// BuildBaseline makes a baseline of minutes of one link (EvidenceLink), in any
// order, repeats allowed. Zone is the site's; nil is UTC.
func BuildBaseline(minutes []inventory.Evidence, zone *time.Location) Baseline {
	if zone == nil {
		zone = time.UTC
	}
	sorted := make([]linkMinute, 0, len(minutes))
	for i := range minutes {
		ev := &minutes[i]
		if ev.Kind != inventory.EvidenceLink || ev.Loss < 0 || ev.Loss > 1 || ev.Loss != ev.Loss {
			continue
		}
		sorted = append(sorted, linkMinute{At: ev.At.In(zone), RTT: ev.RTT, Jitter: ev.Jitter, Loss: ev.Loss})
	}
	slices.SortFunc(sorted, func(a, b linkMinute) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.RTT, b.RTT), cmp.Compare(a.Jitter, b.Jitter), cmp.Compare(a.Loss, b.Loss))
	})
	sorted = slices.CompactFunc(sorted, func(a, b linkMinute) bool { return a.At.Equal(b.At) })

	var hours [HoursOfWeek][]linkMinute
	var days [24][]linkMinute
	for _, m := range sorted {
		hours[hourOfWeek(m.At)] = append(hours[hourOfWeek(m.At)], m)
		days[m.At.Hour()] = append(days[m.At.Hour()], m)
	}
	var b Baseline
	for i := range hours {
		b.Hours[i] = usual(hours[i])
	}
	for i := range days {
		b.Days[i] = usual(days[i])
	}
	return b
}

// usual sums up the minutes of one slot, which are in order.
func usual(ms []linkMinute) Usual {
	if len(ms) == 0 {
		return Usual{}
	}
	u := Usual{Minutes: len(ms)}
	rtts, jitters := make([]time.Duration, 0, len(ms)), make([]time.Duration, 0, len(ms))
	for _, m := range ms {
		if m.RTT > 0 {
			rtts, jitters = append(rtts, m.RTT), append(jitters, m.Jitter)
		}
	}
	u.RTT, u.RTTSpread = medianAndSpread(rtts)
	u.Jitter, u.JitterSpread = medianAndSpread(jitters)
	var rttHigh, jitterHigh []time.Duration
	var lossMean, lossHigh []float64
	for day := range byDay(ms) {
		var r, j []time.Duration
		sum, worst := 0.0, 0.0
		tens := make(map[int]*[2]float64)
		for _, m := range day {
			if m.RTT > 0 {
				r, j = append(r, m.RTT), append(j, m.Jitter)
			}
			sum += m.Loss
			ten := tens[m.At.Minute()/10]
			if ten == nil {
				ten = new([2]float64)
				tens[m.At.Minute()/10] = ten
			}
			ten[0], ten[1] = ten[0]+m.Loss, ten[1]+1
		}
		for _, ten := range tens {
			worst = max(worst, ten[0]/ten[1])
		}
		rttHigh, jitterHigh = append(rttHigh, quantile(r, 0.9)), append(jitterHigh, quantile(j, 0.9))
		lossHigh, lossMean = append(lossHigh, worst), append(lossMean, sum/float64(len(day)))
	}
	u.RTTHigh, u.JitterHigh = quantile(rttHigh, 0.5), quantile(jitterHigh, 0.5)
	u.Loss, u.LossHigh = quantile(lossMean, 0.5), quantile(lossHigh, 0.5)
	return u
}

// byDay walks over minutes in order, one day at a time.
func byDay(ms []linkMinute) func(yield func([]linkMinute) bool) {
	return func(yield func([]linkMinute) bool) {
		from := 0
		for i := 1; i <= len(ms); i++ {
			if i < len(ms) && ms[i].At.YearDay() == ms[from].At.YearDay() && ms[i].At.Year() == ms[from].At.Year() {
				continue
			}
			if !yield(ms[from:i]) {
				return
			}
			from = i
		}
	}
}

// quantile sorts xs; zero where there is none.
func quantile[T cmp.Ordered](xs []T, q float64) T {
	if len(xs) == 0 {
		var zero T
		return zero
	}
	slices.Sort(xs)
	return xs[min(len(xs)-1, int(q*float64(len(xs))))]
}
