package readiness

import (
	"fmt"
	"math"
	"slices"
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
		parts = append(parts, plural(n.MinWorkstations, "workstation")+" (or all, where there are fewer)")
	}
	if len(parts) == 0 {
		return "all"
	}
	if n == (Need{MinPercent: 100}) {
		return "all"
	}
	return "at least " + strings.Join(parts, " and ")
}

// benches counts workstations by group, such as those that reach a service. It
// remembers no more of them than are needed: with as many as that, the rest do
// not matter.
type benches struct {
	need   int
	groups []benchGroup
}

// benchGroup holds distinct workstations: those of which a row passes, those of
// which one passes or may, and all.
type benchGroup struct {
	name            string
	pass, hope, all []string
}

func (b *benches) add(r row, standing inventory.Standing, rule UnknownRule) {
	name, workstation := r.bench()
	if workstation == "" || standing == inventory.StandingUnknown && rule == UnknownExclude {
		return
	}
	i := slices.IndexFunc(b.groups, func(g benchGroup) bool { return g.name == name })
	if i < 0 {
		i = len(b.groups)
		b.groups = append(b.groups, benchGroup{name: name})
	}
	g := &b.groups[i]
	if len(g.pass) >= b.need {
		return
	}
	g.all = b.note(g.all, workstation)
	switch standing {
	case inventory.StandingPass, inventory.StandingWaived:
		g.pass, g.hope = b.note(g.pass, workstation), b.note(g.hope, workstation)
	case inventory.StandingStale:
		g.hope = b.note(g.hope, workstation)
	case inventory.StandingUnknown:
		if rule == UnknownHold {
			g.hope = b.note(g.hope, workstation)
		}
	case inventory.StandingFail:
	}
}

func (b *benches) note(seen []string, workstation string) []string {
	if len(seen) >= b.need || slices.Contains(seen, workstation) {
		return seen
	}
	return append(seen, workstation)
}

// short is the first group, by name, that has fewer workstations than needed, or
// than there are; with hope those that may yet pass count as well.
func (b *benches) short(hope bool) (group string, has, want int, short bool) {
	for _, g := range b.groups {
		n := len(g.pass)
		if hope {
			n = len(g.hope)
		}
		if n < len(g.all) && (!short || g.name < group) {
			group, has, want, short = g.name, n, len(g.all), true
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
	if group, has, want, short := b.short(hope); short {
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
