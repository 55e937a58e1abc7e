package forecast

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"muster/controller/readiness/calendar"
)

// programme is a synthetic one with a known law: what a working day brings.
type programme struct {
	name string
	mean float64
	day  func(r *rand.Rand) int
}

func programmes() []programme {
	return []programme{
		{"poisson of 8", 8, func(r *rand.Rand) int { return poisson(r, 8) }},
		{"poisson of 2", 2, func(r *rand.Rand) int { return poisson(r, 2) }},
		{"overdispersed", 6, func(r *rand.Rand) int { return poisson(r, 3*(exponential(r)+exponential(r))) }},
		{"one day in four is lost", 6.75, func(r *rand.Rand) int {
			if r.IntN(4) == 0 {
				return 0
			}
			return poisson(r, 9)
		}},
		{"three to nine alike", 6, func(r *rand.Rand) int { return 3 + r.IntN(7) }},
	}
}

func poisson(r *rand.Rand, mean float64) int {
	limit, n, product := math.Exp(-mean), 0, r.Float64()
	for product > limit {
		product *= r.Float64()
		n++
	}
	return n
}

func exponential(r *rand.Rand) float64 { return -math.Log(1 - r.Float64()) }

// holds plays programmes of a law, each with history days behind it and about
// ahead days before it, and returns the share in which the P85 held.
func holds(p programme, history, ahead, runs, trials int) float64 {
	cal := calendar.Elsewhere(nil, nil)
	past := cal.Since("2027-01-04", "2030-12-31")[:history]
	today, _ := cal.Add(past[history-1], 1)
	left := int(p.mean * float64(ahead))
	s := newSchedule(Plan{Crews: 1, Left: left}, cal, today)
	kept := 0
	for run := range runs {
		r := rand.New(rand.NewPCG(uint64(run), 7))
		var done []DayCount
		for _, day := range past {
			done = append(done, DayCount{Day: day, Count: p.day(r)})
		}
		work := newLaw(done, past[0], today, cal, "")
		out := s.play(work, law{}, Options{Seed: uint64(run), Trials: trials})
		p85 := s.odds(out.all, left, "", trials, work.refused).P85
		sum, day := 0, 0
		for ; ; day++ {
			if sum += p.day(r); sum >= left {
				break
			}
		}
		if s.days[day] <= p85 {
			kept++
		}
	}
	return float64(kept) / float64(runs)
}

func TestTheP85HoldsInEightyFiveOfAHundredProgrammes(t *testing.T) {
	const runs, trials = 1000, 150
	for _, p := range programmes() {
		for _, c := range []struct{ history, ahead int }{{10, 40}, {20, 20}, {120, 40}} {
			t.Run(fmt.Sprintf("%s, %d days of history", p.name, c.history), func(t *testing.T) {
				share := holds(p, c.history, c.ahead, runs, trials)
				t.Logf("it held in %.1f %% of %d", 100*share, runs)
				if share < 0.82 || share > 0.88 {
					t.Errorf("a P85 held in %.1f %% of %d runs, want 85 ± 3", 100*share, runs)
				}
			})
		}
	}
}

// days that follow on one another: a good week, a bad week.
func TestTheP85StaysWideWhereGoodDaysComeInRows(t *testing.T) {
	mood := 0.0
	p := programme{"moods", 8, func(r *rand.Rand) int {
		n := math.Sqrt(-2*math.Log(1-r.Float64())) * math.Cos(2*math.Pi*r.Float64())
		mood = 0.5*mood + math.Sqrt(0.75)*n
		return poisson(r, 8*math.Exp(0.5*mood-0.125))
	}}
	share := holds(p, 60, 40, 1000, 150)
	t.Logf("it held in %.1f %%", 100*share)
	if share < 0.78 {
		t.Errorf("a P85 held in %.1f %%: it is far too sure", 100*share)
	}
}
