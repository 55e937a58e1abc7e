package forecast

import (
	"fmt"
	"slices"
	"strings"

	"muster/controller/readiness/calendar"
	"muster/inventory"
)

// horizon is how many working days a trial goes on: about ten years. What is
// not done by then has no date.
const horizon = 2600

// share of trials that may stay undone at the horizon before there are no odds.
const undoneLimit = 0.05

// Run plays the rest of the programme. The first day that brings anything is
// the first working day after today; what was done today is in Plan.Done. The
// history is refused, with the reason, where it is too short or empty.
func Run(h History, p Plan, cal *calendar.Calendar, today inventory.Date, o Options) inventory.Forecast {
	cal = cal.With(p.Freezes...)
	p.Left = max(p.Left, leftInWaves(p))
	work := newLaw(h.Done, h.From, today, cal, "swap was verified")
	f := inventory.Forecast{Programme: p.Programme, Target: p.Target, Basis: basis(h, p, work, o)}
	if p.Crews <= 0 && len(work.rates) > 0 {
		p.Crews = work.crews
		f.Basis.Crews = work.crews
	}
	s := newSchedule(p, cal, today)
	f.Gates = s.gateOdds(p, cal, today, o)
	f.Basis.Assumes = s.assumes
	refused := refusal(p, work)
	played := played{waves: make([][]int32, len(p.Waves))}
	if refused == "" && p.Left > 0 {
		played = s.play(work, law{}, o)
	}
	f.Odds = s.odds(played.all, p.Left, p.Target, o.trials(), refused)
	for i, w := range p.Waves {
		f.Waves = append(f.Waves, inventory.ForecastScope{
			Code: w.Code, Name: w.Name, Done: w.Done, Left: w.Left, Target: w.GoLive,
			Odds: s.odds(played.waves[i], w.Left, w.GoLive, o.trials(), refused),
		})
	}
	f.Growing = f.Odds
	if refused == "" {
		f.Growing = s.growing(h, p, work, cal, today, f.Odds, o)
	}
	return f
}

func leftInWaves(p Plan) int {
	sum := 0
	for _, w := range p.Waves {
		sum += max(w.Left, 0)
	}
	return sum
}

func refusal(p Plan, work law) string {
	switch {
	case p.Left <= 0:
		return ""
	case work.refused != "":
		return work.refused
	case p.Crews <= 0:
		return "no crew is at work"
	default:
		return ""
	}
}

func basis(h History, p Plan, work law, o Options) inventory.ForecastBasis {
	b := inventory.ForecastBasis{
		Seed: o.Seed, Trials: o.trials(), WorkingDays: len(work.days), Crews: p.Crews, Done: p.Done, Left: p.Left, MadeAt: o.At,
	}
	if n := len(work.days); n > 0 {
		b.From, b.To = work.days[0], work.days[n-1]
	}
	for _, c := range h.Scope {
		if c.Day >= b.From && c.Day <= b.To {
			b.ScopeAdded += c.Count
		}
	}
	return b
}

// growing plays the same again while the scope goes on moving as it did.
func (s *schedule) growing(h History, p Plan, work law, cal *calendar.Calendar, today inventory.Date, steady inventory.Odds, o Options) inventory.Odds {
	still := !slices.ContainsFunc(h.Scope, func(c DayCount) bool { return c.Count != 0 })
	if still || p.Left <= 0 {
		return steady
	}
	from := h.From
	if len(work.days) > 0 {
		from = work.days[0]
	}
	growth := newLaw(perDay(h.Scope), from, today, cal, "position came in")
	if growth.refused != "" && growth.total == 0 {
		return steady // what came in and what went out are equal
	}
	return s.odds(s.play(work, growth, o).all, p.Left, p.Target, o.trials(), "")
}

// perDay forgets who counted: the scope grows by itself, not by crews.
func perDay(counts []DayCount) []DayCount {
	out := slices.Clone(counts)
	for i := range out {
		out[i].Crew = ""
	}
	return out
}

// odds reads the dates off the days on which the trials were done.
func (s *schedule) odds(doneOn []int32, left int, target inventory.Date, trials int, refused string) inventory.Odds {
	noTarget := inventory.Unknown[float64]("no target date")
	switch {
	case left <= 0:
		odds := inventory.Odds{P50: s.today, P85: s.today, P95: s.today, Word: "done", ByTarget: noTarget}
		if target.Set() {
			odds.ByTarget = inventory.Known(1.0)
		}
		return odds
	case refused != "":
		return inventory.Odds{Refused: refused, ByTarget: inventory.Unknown[float64](refused)}
	}
	byDay := make([]int, horizon+1) // the last: never
	for _, d := range doneOn {
		byDay[d]++
	}
	if undone := float64(byDay[horizon]) / float64(trials); undone > undoneLimit || len(s.days) == 0 {
		why := fmt.Sprintf("in %.0f %% of the trials it is not done within ten years", 100*undone)
		return inventory.Odds{Refused: why, ByTarget: inventory.Unknown[float64](why)}
	}
	odds := inventory.Odds{
		P50: s.days[quantile(byDay, trials, 50)], P85: s.days[quantile(byDay, trials, 85)], P95: s.days[quantile(byDay, trials, 95)],
		ByTarget: noTarget,
	}
	if target.Set() {
		share := s.shareBy(byDay, trials, target)
		odds.ByTarget, odds.Word = inventory.Known(share), Word(share)
	}
	return odds
}

// quantile is the day by which the share of trials that were done comes nearest
// to so many of a hundred, the later of two that are as near. Taking the first
// day that reaches the share would hold more often than it says wherever a day
// is a large step: measured, a P85 would hold in 92 of 100 short programmes.
func quantile(byDay []int, trials, percent int) int {
	want, sum := trials*percent, 0
	for d, n := range byDay {
		before := sum * 100
		if sum += n; sum*100 < want {
			continue
		}
		if over, under := sum*100-want, want-before; d > 0 && under < over && before > 0 {
			return lastBefore(byDay, d)
		}
		return d
	}
	return len(byDay) - 1
}

// lastBefore is the last day before d on which a trial was done.
func lastBefore(byDay []int, d int) int {
	for d--; d > 0 && byDay[d] == 0; d-- {
	}
	return d
}

func (s *schedule) shareBy(byDay []int, trials int, target inventory.Date) float64 {
	sum := 0
	for d, n := range byDay[:len(s.days)] {
		if s.days[d] > target {
			break
		}
		sum += n
	}
	return float64(sum) / float64(trials)
}

// gateOdds plays each gate by its own pace and keeps, for the waves that it
// holds, when each trial was through.
func (s *schedule) gateOdds(p Plan, cal *calendar.Calendar, today inventory.Date, o Options) []inventory.ForecastScope {
	var out []inventory.ForecastScope
	for i, g := range p.Gates {
		scope := inventory.ForecastScope{Code: g.Code, Name: g.Name, Done: g.Done, Left: g.Left, Target: g.Target}
		pace := newLaw(perDay(g.History), "", today, cal, "site came to pass")
		switch {
		case g.Waived:
			scope.Odds = inventory.Odds{Refused: "waived", ByTarget: inventory.Unknown[float64]("waived")}
		case g.Left > 0 && pace.refused != "":
			scope.Odds = s.odds(nil, g.Left, g.Target, o.trials(), pace.refused)
			if len(g.Holds) > 0 {
				s.assumes = append(s.assumes, fmt.Sprintf("gate %s has no forecast (%s): %s is taken not to wait for it", g.Code, pace.refused, strings.Join(g.Holds, ", ")))
			}
		default:
			doneOn := s.playGate(i, g, pace, o)
			scope.Odds = s.odds(doneOn, g.Left, g.Target, o.trials(), "")
			s.hold(g, doneOn)
		}
		out = append(out, scope)
	}
	return out
}
