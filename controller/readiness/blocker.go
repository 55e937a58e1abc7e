package readiness

import (
	"fmt"
	"strings"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"muster/inventory"
)

// Bounds of the list of blockers: people read the first ones, MoreBlockers counts
// the rest.
const (
	MaxBlockers            = 100
	MaxBlockersOfCriterion = 25
)

// blockers collects what keeps a gate from being ready.
type blockers struct {
	gate       *Gate
	facts      *Facts
	clock      *clock
	settled    Settled
	evaluation *inventory.Evaluation
	before     map[string]time.Time
}

// of lists the rows that keep a criterion from being ready: what failed, then
// what is unknown, then what is stale; and the criterion itself, where rows alone
// do not say why.
func (b *blockers) of(c *Criterion, marks []mark, s *sheet) {
	listed := 0
	list := func(want inventory.Standing, left int) {
		for i, m := range marks {
			if left == 0 || m.says == outOfScope || c.standing(m, s.cut, s.waived(b.facts, c.Over, i)) != want {
				continue
			}
			if listed >= MaxBlockersOfCriterion || len(b.evaluation.Blockers) >= MaxBlockers {
				break // the rest was counted already
			}
			listed++
			left--
			b.add(b.row(c, b.facts.row(c.Over, i), m, want))
		}
		b.evaluation.MoreBlockers += left
	}
	r := &s.result
	rows := r.Fail + r.Stale
	if c.Unknown != UnknownExclude {
		rows += r.Unknown
	}
	if rows == 0 {
		b.add(b.whole(c, r))
		return
	}
	if r.Fail > 0 {
		list(inventory.StandingFail, r.Fail)
	}
	if r.Unknown > 0 && c.Unknown != UnknownExclude {
		list(inventory.StandingUnknown, r.Unknown)
	}
	if r.Stale > 0 {
		list(inventory.StandingStale, r.Stale)
	}
}

func (b *blockers) whole(c *Criterion, r *inventory.CriterionResult) inventory.Blocker {
	standing := inventory.StandingUnknown
	if r.Verdict == inventory.VerdictBlocked {
		standing = inventory.StandingFail
	}
	clears := "as many as the criterion needs: " + c.Need.String()
	if r.InScope == 0 {
		clears = "something in scope, or a waiver by somebody who answers for there being nothing"
	}
	return inventory.Blocker{
		ID: b.id(c.ID, ""), Criterion: c.ID, Subject: inventory.Subject{Noun: inventory.NounReadiness, Key: b.facts.key()},
		Standing: standing, Reason: r.Reason, Clears: clears, Owner: c.Owner,
	}
}

func (b *blockers) row(c *Criterion, r row, m mark, standing inventory.Standing) inventory.Blocker {
	blocker := inventory.Blocker{
		ID: b.id(c.ID, r.key()), Criterion: c.ID, Subject: r.subject(), Standing: standing, Owner: c.Owner,
	}
	if m.at != noTime {
		blocker.At = time.Unix(0, m.at).UTC()
	}
	blocker.Reason, blocker.Clears = c.reason(r, m, standing, b.clock)
	return blocker
}

func (b *blockers) id(criterion, key string) string {
	id := b.facts.key() + "/" + b.gate.Name + "/" + criterion
	if key != "" {
		id += "/" + key
	}
	return id
}

// add fills in what people settled and since when it is there.
func (b *blockers) add(blocker inventory.Blocker) {
	if len(b.evaluation.Blockers) >= MaxBlockers {
		b.evaluation.MoreBlockers++
		return
	}
	blocker.Site, blocker.Gate = b.facts.key(), b.gate.Name
	blocker.Since = b.clock.now.UTC()
	if b.before == nil {
		b.before = map[string]time.Time{}
		if b.settled.Before != nil {
			for _, was := range b.settled.Before.Blockers {
				b.before[was.ID] = was.Since
			}
		}
	}
	if since, ok := b.before[blocker.ID]; ok && !since.IsZero() {
		blocker.Since = since
	}
	if care, ok := b.settled.Care[blocker.ID]; ok {
		if care.Owner != "" {
			blocker.Owner = care.Owner
		}
		if !care.Since.IsZero() && care.Since.Before(blocker.Since) {
			blocker.Since = care.Since.UTC()
		}
		blocker.Due, blocker.Note = care.Due, care.Note
	}
	b.evaluation.Blockers = append(b.evaluation.Blockers, blocker)
}

// conditions adds those that a signer asked for and nobody has met.
func (b *blockers) conditions() bool {
	s := b.settled.SignOff
	if s == nil || s.State != inventory.SignOffConditions || s.Site != b.facts.key() || s.Gate != b.gate.Name {
		return false
	}
	open := false
	for i, condition := range s.Conditions {
		if !condition.MetAt.IsZero() {
			continue
		}
		open = true
		b.add(inventory.Blocker{
			ID: b.id(CriterionSignOff, fmt.Sprint(i+1)), Criterion: CriterionSignOff,
			Subject: inventory.Subject{Noun: inventory.NounSignOff, Key: s.Site + "/" + s.Gate}, Standing: inventory.StandingFail,
			Reason: condition.Text + ", asked for by " + s.By, At: s.At, Clears: "saying that the condition is met",
			Owner: condition.Owner, Due: condition.Due,
		})
	}
	return open
}

// CriterionSignOff stands for a sign-off's conditions among the criteria of
// blockers.
const CriterionSignOff = "sign-off"

// reason says what was measured against what, and what would clear it.
func (c *Criterion) reason(r row, m mark, standing inventory.Standing, k *clock) (reason, clears string) {
	v := &vars{word: c.Over.Word(), row: r}
	switch standing {
	case inventory.StandingFail:
		reason, clears = c.failure(v)
	case inventory.StandingUnknown:
		reason, clears = c.doubt(v), "a measurement of what is unknown"
	default:
		then := "passed"
		if m.says == failed {
			then = "failed"
		}
		at := time.Unix(0, m.at).In(k.opening.zone).Format("2006-01-02 15:04 MST")
		reason = fmt.Sprintf("last measured %s, longer ago than %s of the site's open hours; it %s then", at, c.Fresh, then)
		clears = "a new measurement"
	}
	if c.clears != nil {
		clears = c.clears.fill(r)
	}
	return reason, clears
}

func (c *Criterion) failure(v *vars) (reason, clears string) {
	var measured, wanted, comparisons []string
	for i := range c.pass.terms {
		t := &c.pass.terms[i]
		if run(t.prog, v) != types.False {
			continue
		}
		measured = append(measured, t.measured(v.row)...)
		wanted = append(wanted, t.text)
		if len(t.reads) != 1 || t.reads[0].path != t.text { // of a bare field its value says it all
			comparisons = append(comparisons, t.text)
		}
	}
	clears = strings.Join(wanted, " and ")
	reason = strings.Join(measured, ", ")
	if len(comparisons) > 0 {
		reason += ", wanted " + strings.Join(comparisons, " and ")
	}
	return reason, clears
}

// measured lists the values that the term read.
func (t *term) measured(row any) []string {
	var all []string
	for _, r := range t.reads {
		val, of := follow(row, r.steps)
		text := r.path + " is " + plain(val)
		if why := r.why(of); why != "" {
			text += " (" + why + ")"
		}
		all = append(all, text)
	}
	return all
}

// doubt says why nobody can tell whether the row passes, or whether it counts.
func (c *Criterion) doubt(v *vars) string {
	if c.where != nil {
		if val := run(c.where.prog, v); val != types.True {
			return "whether it is in scope is not known: " + reasonOf(val)
		}
	}
	return reasonOf(run(c.pass.prog, v))
}

// reasonOf is what an unknown carries: the reasons of the facts behind it.
func reasonOf(val ref.Val) string {
	u, ok := val.(*types.Unknown)
	if !ok {
		if err, isErr := val.(*types.Err); isErr {
			return "it cannot be judged: " + err.Error()
		}
		return "it cannot be judged"
	}
	var reasons []string
	for _, id := range u.IDs() {
		trails, _ := u.GetAttributeTrails(id)
		for _, trail := range trails {
			reasons = append(reasons, trail.Variable())
		}
	}
	return strings.Join(reasons, "; ")
}

// plain is a CEL value for a person.
func plain(val ref.Val) string {
	switch v := val.(type) {
	case types.String:
		if v == "" {
			return "empty"
		}
		return "'" + string(v) + "'"
	case types.Double:
		return number(float64(v))
	case types.Bool, types.Int, types.Uint:
		return fmt.Sprint(v.Value())
	case *types.Unknown:
		return "unknown (" + reasonOf(v) + ")"
	case interface{ Value() any }:
		if list, ok := v.Value().([]string); ok {
			if len(list) == 0 {
				return "none"
			}
			return strings.Join(list, ", ")
		}
		return fmt.Sprint(v.Value())
	default:
		return fmt.Sprint(val)
	}
}
