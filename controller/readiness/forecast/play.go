package forecast

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"muster/controller/readiness/calendar"
	"muster/inventory"
)

// schedule is the plan laid over the working days to come.
type schedule struct {
	today   inventory.Date
	days    []inventory.Date // the first is the first working day after today
	crews   []float64        // at work on each day
	lots    []lot            // waves, then what is in none
	held    [][]int32        // by lot: for each trial the last day before it may begin, of gates
	assumes []string
}

// lot is a number of positions that are worked off together.
type lot struct {
	left   float64
	opens  int     // index of its first day
	crews  float64 // at most; 0: no limit
	wave   int     // its index in the plan; -1: in no wave
	code   string
	finish []int32
}

func newSchedule(p Plan, cal *calendar.Calendar, today inventory.Date) *schedule {
	s := &schedule{today: today, days: cal.Days(today, horizon)}
	s.crews = make([]float64, len(s.days))
	for i, day := range s.days {
		crews, since := p.Crews, inventory.Date("")
		for _, later := range p.Later {
			if later.From <= day && later.From >= since {
				crews, since = later.Crews, later.From
			}
		}
		s.crews[i] = float64(max(crews, 0))
	}
	loose := p.Left
	var waiting []lot
	for i, w := range p.Waves {
		l := lot{left: float64(max(w.Left, 0)), crews: float64(max(w.Crews, 0)), wave: i, code: w.Code, opens: s.index(w.NotBefore)}
		loose -= max(w.Left, 0)
		if w.OnHold != "" && !w.NotBefore.Set() && w.Left > 0 {
			s.assumes = append(s.assumes, fmt.Sprintf("wave %s is on hold (%s): it is taken to move once the others are done", w.Code, w.OnHold))
			waiting = append(waiting, l)
			continue
		}
		s.lots = append(s.lots, l)
	}
	s.lots = append(s.lots, waiting...)
	s.lots = append(s.lots, lot{left: float64(max(loose, 0)), wave: -1})
	s.held = make([][]int32, len(s.lots))
	return s
}

// index is the first day on or after a date.
func (s *schedule) index(day inventory.Date) int {
	if !day.Set() {
		return 0
	}
	return sort.Search(len(s.days), func(i int) bool { return s.days[i] >= day })
}

// played is on which day each trial was done; horizon is never.
type played struct {
	all   []int32
	waves [][]int32
}

// Streams of numbers, one for each purpose.
const (
	streamWork = iota
	streamGrowth
	streamGates // and one for each gate
)

// play plays every trial. Growth without rates leaves the scope as it is.
func (s *schedule) play(work, growth law, o Options) played {
	trials := o.trials()
	out := played{all: make([]int32, trials), waves: make([][]int32, len(s.lots)-1)}
	for i := range s.lots {
		s.lots[i].finish = make([]int32, trials)
		if w := s.lots[i].wave; w >= 0 {
			out.waves[w] = s.lots[i].finish
		}
	}
	left := make([]float64, len(s.lots))
	for trial := range trials {
		out.all[trial] = s.trial(trial, work, growth, o.Seed, left)
	}
	return out
}

// trial plays the programme once and returns the day on which it was done.
func (s *schedule) trial(trial int, work, growth law, seed uint64, left []float64) int32 {
	var luck, more luck
	luck.stream(seed, trial, streamWork)
	pace := work.pace(&luck)
	grows := len(growth.rates) > 0
	var growthPace float64
	if grows {
		more.stream(seed, trial, streamGrowth)
		growthPace = growth.pace(&more)
	}
	open := 0
	for i := range s.lots {
		left[i] = s.lots[i].left
		s.lots[i].finish[trial] = horizon
		if left[i] > 0 {
			open++
		}
	}
	loose := len(s.lots) - 1
	at, grown := 0, 0
	for day := range s.days {
		if grows {
			if left[loose] <= 0 {
				open++ // what comes in now is open again
			}
			grown = growth.next(&more, grown, day)
			left[loose] = max(left[loose]+growthPace*growth.rates[grown], 0)
			if left[loose] <= 0 {
				open--
			}
		}
		at = work.next(&luck, at, day)
		unit := pace * work.rates[at]
		open -= s.give(trial, day, unit, unit*s.crews[day], left)
		if open == 0 {
			return int32(day)
		}
	}
	return horizon
}

// give hands one day's work out and says how many lots it finished.
func (s *schedule) give(trial, day int, unit, work float64, left []float64) int {
	const nothing = 1e-9
	finished := 0
	for i := range s.lots {
		if work <= nothing {
			break
		}
		l := &s.lots[i]
		if left[i] <= 0 || day < l.opens || s.held[i] != nil && day <= int(s.held[i][trial]) {
			continue
		}
		share := min(work, left[i])
		if l.crews > 0 {
			share = min(share, unit*l.crews)
		}
		work -= share
		if left[i] -= share; left[i] <= nothing {
			left[i] = 0
			l.finish[trial] = int32(day)
			finished++
		}
	}
	return finished
}

// next draws the day of the history that a day to come is like. Where days
// follow on one another it is mostly the one after the last that was drawn: the
// stationary bootstrap of Politis and Romano (1994).
func (l *law) next(luck *luck, at, day int) int {
	if l.run > 1 && day > 0 && luck.below(l.run) != 0 {
		return (at + 1) % len(l.rates)
	}
	return luck.below(len(l.rates))
}

// pace is how good the usual day is in one trial, as a factor on the history.
func (l *law) pace(luck *luck) float64 {
	const widest = 3 // a factor of twenty either way
	x := luck.student(len(l.rates)-1) * l.spread
	return math.Exp(max(min(x, widest), -widest))
}

// playGate is on which day the last site passes, in each trial.
func (s *schedule) playGate(i int, g GatePlan, pace law, o Options) []int32 {
	out := make([]int32, o.trials())
	if g.Left <= 0 {
		for trial := range out {
			out[trial] = -1
		}
		return out
	}
	for trial := range out {
		var luck luck
		luck.stream(o.Seed, trial, streamGates+i)
		factor, left, at := pace.pace(&luck), float64(g.Left), 0
		out[trial] = horizon
		for day := range s.days {
			at = pace.next(&luck, at, day)
			if left -= factor * pace.rates[at]; left <= 0 {
				out[trial] = int32(day)
				break
			}
		}
	}
	return out
}

// hold keeps waves shut until a gate is through.
func (s *schedule) hold(g GatePlan, doneOn []int32) {
	for i, l := range s.lots {
		if l.wave < 0 || !slices.Contains(g.Holds, l.code) {
			continue
		}
		if s.held[i] == nil {
			s.held[i] = slices.Clone(doneOn)
			continue
		}
		for trial := range doneOn {
			s.held[i][trial] = max(s.held[i][trial], doneOn[trial])
		}
	}
}
