package readiness

import (
	"math"
	"slices"
	"time"

	"cel.dev/cel-go/common/types"

	"muster/inventory"
)

// mark is what a predicate said of one row. Standing comes of it with the
// moment and the waivers, so that marks outlive both.
type mark struct {
	at   int64 // nanoseconds of Unix time; noTime: declared
	says said
}

type said uint8

const (
	outOfScope said = iota
	passed
	failed
	unsure
)

const noTime = math.MinInt64

// rowsOf is how many rows the facts have for an over.
func (f *Facts) rowsOf(over Over) int {
	switch over {
	case OverPositions:
		return len(f.Positions)
	case OverWorkstations:
		return len(f.Workstations)
	case OverAssets:
		return len(f.Assets)
	case OverAccess:
		return len(f.Access)
	case OverStaff:
		return len(f.Staff)
	case OverLinks:
		return len(f.Links)
	case OverMilestones:
		return len(f.Milestones)
	case OverSoftware:
		return len(f.Software)
	case OverSite:
		return 1
	case OverSites:
		return len(f.Sites)
	default:
		return 0
	}
}

func (f *Facts) row(over Over, i int) row {
	switch over {
	case OverPositions:
		return &f.Positions[i]
	case OverWorkstations:
		return &f.Workstations[i]
	case OverAssets:
		return &f.Assets[i]
	case OverAccess:
		return &f.Access[i]
	case OverStaff:
		return &f.Staff[i]
	case OverLinks:
		return &f.Links[i]
	case OverMilestones:
		return &f.Milestones[i]
	case OverSoftware:
		return &f.Software[i]
	case OverSite:
		return &f.SiteRow
	case OverSites:
		return &f.Sites[i]
	default:
		return nil
	}
}

// marks judges every row of every criterion.
func (g *Gate) marks(f *Facts) [][]mark {
	all := make([][]mark, len(g.Criteria))
	for i := range g.Criteria {
		c := &g.Criteria[i]
		all[i] = make([]mark, f.rowsOf(c.Over))
		v := &vars{word: c.Over.Word()}
		for j := range all[i] {
			all[i][j] = c.mark(v, f.row(c.Over, j))
		}
	}
	return all
}

// mark judges one row. A row of which nobody can say whether it is in scope is
// in scope, and unsure: it is never dropped in silence.
func (c *Criterion) mark(v *vars, r row) mark {
	v.row = r
	m := mark{at: c.measured(r), says: unsure}
	if c.where != nil {
		switch run(c.where.prog, v) {
		case types.True:
		case types.False:
			return mark{at: noTime, says: outOfScope}
		default:
			return m
		}
	}
	switch run(c.pass.prog, v) {
	case types.True:
		m.says = passed
	case types.False:
		m.says = failed
	}
	return m
}

// measured is when what the criterion reads of the row was measured.
func (c *Criterion) measured(r row) int64 {
	at := r.at()
	if p, ok := r.(*PositionRow); ok && c.through && p.Workstation != nil && (at.IsZero() || p.Workstation.At.Before(at)) {
		at = p.Workstation.At
	}
	if at.IsZero() {
		return noTime
	}
	return at.UnixNano()
}

// standing of a mark once it is aged and waived.
func (c *Criterion) standing(m mark, cut int64, waived bool) inventory.Standing {
	var s inventory.Standing
	switch {
	case m.says == unsure:
		s = inventory.StandingUnknown
	case m.at != noTime && m.at < cut:
		s = inventory.StandingStale
	case m.says == passed:
		return inventory.StandingPass
	default:
		s = inventory.StandingFail
	}
	if waived {
		return inventory.StandingWaived
	}
	return s
}

// sheet is one criterion at one site, counted.
type sheet struct {
	result  inventory.CriterionResult
	benches benches
	cut     int64
	whole   *inventory.Waiver   // of the whole criterion
	some    map[string]struct{} // keys of rows that are waived
}

// count makes a sheet of a criterion's marks.
func (c *Criterion) count(f *Facts, marks []mark, k *clock, waivers []inventory.Waiver) sheet {
	s := sheet{
		cut:    noTime,
		result: inventory.CriterionResult{ID: c.ID, Title: c.Title, Over: string(c.Over), Need: c.Need.String()},
	}
	if c.Fresh.Set() {
		s.cut = k.cutoff(c.Fresh).UnixNano()
	}
	s.benches.need = c.Need.MinWorkstations
	s.waive(c, waivers)
	oldest := int64(math.MaxInt64)
	for i, m := range marks {
		if m.says == outOfScope {
			continue
		}
		standing := c.standing(m, s.cut, s.waived(f, c.Over, i))
		s.add(standing)
		if m.at != noTime && m.at >= s.cut && m.says != unsure {
			oldest = min(oldest, m.at)
		}
		if c.Need.MinWorkstations > 0 {
			s.benches.add(f.row(c.Over, i), standing, c.Unknown)
		}
	}
	if oldest != math.MaxInt64 {
		s.result.AsOf = time.Unix(0, oldest).UTC()
	}
	c.decide(&s)
	return s
}

func (s *sheet) add(standing inventory.Standing) {
	s.result.InScope++
	switch standing {
	case inventory.StandingPass:
		s.result.Pass++
	case inventory.StandingFail:
		s.result.Fail++
	case inventory.StandingUnknown:
		s.result.Unknown++
	case inventory.StandingStale:
		s.result.Stale++
	case inventory.StandingWaived:
		s.result.Waived++
	}
}

func (s *sheet) waive(c *Criterion, waivers []inventory.Waiver) {
	for i := range waivers {
		w := &waivers[i]
		switch {
		case w.Criterion != c.ID:
		case w.Subject == "":
			s.whole = w
		default:
			if s.some == nil {
				s.some = map[string]struct{}{}
			}
			s.some[w.Subject] = struct{}{}
		}
	}
}

func (s *sheet) waived(f *Facts, over Over, i int) bool {
	if s.whole != nil {
		return true
	}
	if len(s.some) == 0 {
		return false
	}
	_, ok := s.some[f.row(over, i).key()]
	return ok
}

// judge puts the criteria together.
func (g *Gate) judge(f *Facts, marks [][]mark, k *clock, s Settled) inventory.Evaluation {
	e := inventory.Evaluation{
		Site: f.key(), Gate: g.Name, GateVersion: g.Version, At: k.now.UTC(), AsOf: k.asOf,
		Verdict: inventory.VerdictReady, Criteria: make([]inventory.CriterionResult, len(g.Criteria)), Blockers: []inventory.Blocker{},
	}
	waivers := holding(s.Waivers, e.Site, g.Name, k)
	b := blockers{gate: g, facts: f, clock: k, settled: s, evaluation: &e}
	for i := range g.Criteria {
		c := &g.Criteria[i]
		sheet := c.count(f, marks[i], k, waivers)
		e.Criteria[i] = sheet.result
		e.Verdict = worse(e.Verdict, sheet.result.Verdict)
		if sheet.result.Verdict != inventory.VerdictReady {
			b.of(c, marks[i], &sheet)
		}
	}
	if b.conditions() {
		e.Verdict = inventory.VerdictBlocked
	}
	return e
}

func (f *Facts) key() string {
	if f.Key != "" {
		return f.Key
	}
	return f.Site.Code
}

// worse of two verdicts: blocked, then undecided, then ready.
func worse(a, b inventory.ReadyVerdict) inventory.ReadyVerdict {
	order := []inventory.ReadyVerdict{inventory.VerdictReady, inventory.VerdictUndecided, inventory.VerdictBlocked}
	if slices.Index(order, b) > slices.Index(order, a) {
		return b
	}
	return a
}

// holding are the waivers that hold at the site and gate today.
func holding(waivers []inventory.Waiver, site, gate string, k *clock) []inventory.Waiver {
	var hold []inventory.Waiver
	for _, w := range waivers {
		if w.Site == site && w.Gate == gate && WaiverHolds(w, k.today, k.now) {
			hold = append(hold, w)
		}
	}
	return hold
}
