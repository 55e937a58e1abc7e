package readiness

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"muster/inventory"
)

// String says the need in words.
func (n Need) String() string {
	var parts []string
	if n.MinPercent > 0 {
		parts = append(parts, number(n.MinPercent)+" %")
	}
	if n.MinCount > 0 {
		parts = append(parts, strconv.Itoa(n.MinCount))
	}
	if n.MinWorkstations > 0 {
		parts = append(parts, plural(n.MinWorkstations, "workstation")+", or all where there are fewer")
	}
	if len(parts) == 0 {
		return "all"
	}
	if n == (Need{MinPercent: 100}) {
		return "all"
	}
	return "at least " + strings.Join(parts, " and ")
}

// benches counts workstations by group, such as those that reach a service.
type benches struct {
	groups map[string]map[string]bench
}

// bench is the best that one workstation says in one group.
type bench uint8

const (
	benchFails bench = iota
	benchMay
	benchPasses
)

func (b *benches) add(r row, standing inventory.Standing, rule UnknownRule) {
	group, workstation := r.bench()
	if workstation == "" {
		return
	}
	says := benchFails
	switch standing {
	case inventory.StandingPass, inventory.StandingWaived:
		says = benchPasses
	case inventory.StandingStale:
		says = benchMay
	case inventory.StandingUnknown:
		if rule == UnknownExclude {
			return
		}
		if rule == UnknownHold {
			says = benchMay
		}
	case inventory.StandingFail:
	}
	if b.groups == nil {
		b.groups = map[string]map[string]bench{}
	}
	if b.groups[group] == nil {
		b.groups[group] = map[string]bench{}
	}
	b.groups[group][workstation] = max(b.groups[group][workstation], says)
}

// short is the first group, by name, that has fewer workstations than need says;
// with hope those that may yet pass count as well.
func (b *benches) short(need int, hope bool) (group string, has, want int, short bool) {
	for name, workstations := range b.groups {
		n := 0
		for _, says := range workstations {
			if says == benchPasses || hope && says == benchMay {
				n++
			}
		}
		if least := min(need, len(workstations)); n < least && (!short || name < group) {
			group, has, want, short = name, n, least, true
		}
	}
	return group, has, want, short
}

// decide gives a criterion its verdict: ready where the need is met whatever
// becomes of the rows that nobody is sure of, blocked where it is not met even if
// all of those pass, and undecided between.
func (c *Criterion) decide(s *sheet) {
	r := &s.result
	counted, sure, open := r.InScope, r.Pass+r.Waived, r.Stale
	switch c.Unknown {
	case UnknownExclude:
		counted -= r.Unknown
	case UnknownHold:
		open += r.Unknown
	case UnknownFail:
	}
	if counted > 0 {
		r.Percent = math.Round(float64(sure)*10000/float64(counted)) / 100
	}
	switch {
	case s.whole != nil:
		r.Verdict = inventory.VerdictReady
		r.Reason = fmt.Sprintf("waived until %s, answered for by %s: %s", s.whole.Until, s.whole.Owner, s.whole.Reason)
	case r.InScope == 0:
		r.Verdict, r.Reason = inventory.VerdictUndecided, c.emptiness()
	case counted == 0:
		r.Verdict, r.Reason = inventory.VerdictUndecided, fmt.Sprintf("all %d in scope are unknown, and unknown ones are left out", r.InScope)
	default:
		c.weigh(s, counted, sure, open)
	}
}

func (c *Criterion) weigh(s *sheet, counted, sure, open int) {
	r := &s.result
	missing := c.missing(&s.benches, counted, sure, false)
	if missing == "" {
		r.Verdict = inventory.VerdictReady
		return
	}
	if c.missing(&s.benches, counted, sure+open, true) != "" {
		r.Verdict = inventory.VerdictBlocked
	} else {
		r.Verdict = inventory.VerdictUndecided
	}
	r.Reason = missing + doubt(r)
}

// missing says what the need lacks; empty: nothing.
func (c *Criterion) missing(b *benches, counted, passing int, hope bool) string {
	n := c.Need
	// In whole rows: a share of 95 % of 40 is 38, and 37.99… of rounding is not fewer.
	if least := int(math.Ceil(n.MinPercent*float64(counted)/100 - 1e-9)); passing < least {
		return fmt.Sprintf("%d of %d pass, needs %d (%s %%)", passing, counted, least, number(n.MinPercent))
	}
	if passing < n.MinCount {
		return fmt.Sprintf("%d pass, needs %d", passing, n.MinCount)
	}
	if n.MinWorkstations == 0 {
		return ""
	}
	if len(b.groups) == 0 {
		return "no workstation is behind what is in scope"
	}
	if group, has, want, short := b.short(n.MinWorkstations, hope); short {
		if group != "" {
			group = " for " + group
		}
		return fmt.Sprintf("%s pass%s, needs %d", plural(has, "workstation"), group, want)
	}
	return ""
}

func doubt(r *inventory.CriterionResult) string {
	var parts []string
	if r.Unknown > 0 {
		parts = append(parts, fmt.Sprintf("%d unknown", r.Unknown))
	}
	if r.Stale > 0 {
		parts = append(parts, fmt.Sprintf("%d stale", r.Stale))
	}
	if len(parts) == 0 {
		return ""
	}
	return "; " + strings.Join(parts, ", ")
}

func (c *Criterion) emptiness() string {
	if c.Where == "" {
		return fmt.Sprintf("nothing is in scope: there are no %s", c.Over)
	}
	return fmt.Sprintf("nothing is in scope: no row of %s is one where %s", c.Over, c.Where)
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
