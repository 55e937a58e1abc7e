package rehearsal

import (
	"fmt"
	"slices"
)

// delays are seconds after a fault at which people were told of it, and how often
// they never were.
type delays struct {
	seconds []float64
	never   int
}

func (d *delays) add(seconds float64) {
	if seconds < 0 {
		d.never++
		return
	}
	d.seconds = append(d.seconds, seconds)
}

// quantile is the nearest rank; negative where there is none.
func (d delays) quantile(q float64) float64 {
	if len(d.seconds) == 0 {
		return -1
	}
	sorted := slices.Sorted(slices.Values(d.seconds))
	return sorted[min(max(int(q*float64(len(sorted))+0.999999)-1, 0), len(sorted)-1)]
}

// String says the median and the worst.
func (d delays) String() string {
	if len(d.seconds)+d.never == 0 {
		return "none asked"
	}
	return fmt.Sprintf("p50 %s, max %s, never %d of %d", seconds(d.quantile(0.5)), seconds(d.quantile(1)), d.never, len(d.seconds)+d.never)
}

// String says so many of so many, and the share.
func (t Tally) String() string {
	if t.Of == 0 {
		return "none asked"
	}
	return fmt.Sprintf("%d of %d (%.1f %%)", t.Right, t.Of, 100*float64(t.Right)/float64(t.Of))
}

// sum is the score of several runs by one way of watching.
type sum struct {
	Score
	runs, passed int
	told         delays
}

// sumOf adds up what Muster made of runs.
func sumOf(sheets []Sheet) sum {
	all := sum{runs: len(sheets)}
	for _, s := range sheets {
		all.Score = all.Plus(s.Score)
		if s.Passed {
			all.passed++
		}
		for _, l := range s.Lines {
			if l.Prompt {
				all.told.add(l.Opened)
			}
		}
	}
	return all
}

// besideOf adds up what a baseline made of the same runs: it names no causes.
func besideOf(sheets []Sheet, name string) sum {
	var all sum
	for _, s := range sheets {
		b, ok := s.baseline(name)
		if !ok {
			continue
		}
		all.runs++
		all.SiteMonths += s.Score.SiteMonths
		all.Openings += b.Openings
		all.FalsePages += b.FalsePages
		if b.PerIncident > 0 {
			all.OfExpected += int(float64(b.Openings)/b.PerIncident + 0.5)
		}
		for n, l := range s.Lines {
			if l.Prompt && n < len(b.Detected) {
				all.told.add(b.Detected[n])
			}
		}
	}
	return all
}

func (s sum) openings() string {
	if s.OfExpected == 0 {
		return "none asked"
	}
	return fmt.Sprintf("%.2f", float64(s.Openings)/float64(s.OfExpected))
}

func (s sum) untrue() string {
	if s.SiteMonths == 0 {
		return fmt.Sprint(s.FalsePages)
	}
	return fmt.Sprintf("%d in %.3g site-months, %.3g each", s.FalsePages, s.SiteMonths, float64(s.FalsePages)/s.SiteMonths)
}
