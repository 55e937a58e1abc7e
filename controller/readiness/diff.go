package readiness

import (
	"fmt"
	"slices"
	"strings"

	"muster/inventory"
)

// DiffGates says what changed between two versions of a gate, a line each; none:
// nothing that counts.
func DiffGates(was, is *Gate) []string {
	var lines []string
	change := func(what, a, b string) {
		if a != b {
			lines = append(lines, fmt.Sprintf("%s: %s → %s", what, or(a, "none"), or(b, "none")))
		}
	}
	change("gate", was.Name, is.Name)
	change("title", was.Title, is.Title)
	change("scope", string(was.Scope), string(is.Scope))
	change("keep_live", fmt.Sprint(was.KeepLive), fmt.Sprint(is.KeepLive))
	change("signoff", was.SignOff.text(), is.SignOff.text())
	for i := range was.Criteria {
		c := &was.Criteria[i]
		if is.criterion(c.ID) == nil {
			lines = append(lines, fmt.Sprintf("criterion %s: taken away (%s: %s)", c.ID, c.Over, c.Pass))
		}
	}
	for i := range is.Criteria {
		c := &is.Criteria[i]
		if b := was.criterion(c.ID); b != nil {
			lines = append(lines, diffCriteria(b, c)...)
			continue
		}
		lines = append(lines, fmt.Sprintf("criterion %s: new (%s: %s, needs %s)", c.ID, c.Over, c.Pass, c.Need))
	}
	if len(was.Tests) != len(is.Tests) {
		lines = append(lines, fmt.Sprintf("tests: %d → %d", len(was.Tests), len(is.Tests)))
	}
	return lines
}

func (g *Gate) criterion(id string) *Criterion {
	i := slices.IndexFunc(g.Criteria, func(c Criterion) bool { return c.ID == id })
	if i < 0 {
		return nil
	}
	return &g.Criteria[i]
}

func (r *SignOffRule) text() string {
	if r == nil {
		return ""
	}
	return fmt.Sprintf("%s, weakened after %s of failing", r.Role, r.FailFor)
}

func diffCriteria(was, is *Criterion) []string {
	var lines []string
	for _, f := range []struct{ name, was, is string }{
		{"over", string(was.Over), string(is.Over)},
		{"where", was.Where, is.Where},
		{"pass", was.Pass, is.Pass},
		{"fresh", was.Fresh.String(), is.Fresh.String()},
		{"need", was.Need.String(), is.Need.String()},
		{"unknown", string(was.Unknown), string(is.Unknown)},
		{"owner", was.Owner, is.Owner},
		{"clears", was.Clears, is.Clears},
		{"title", was.Title, is.Title},
	} {
		if f.was != f.is {
			lines = append(lines, fmt.Sprintf("criterion %s: %s: %s → %s", is.ID, f.name, or(f.was, "none"), or(f.is, "none")))
		}
	}
	return lines
}

// DiffEvaluations says what changed between two evaluations of a gate at a site
// and why: the verdict, the criteria, and the blockers that came and went.
func DiffEvaluations(was, is inventory.Evaluation) []string {
	var lines []string
	if was.Verdict != is.Verdict {
		lines = append(lines, fmt.Sprintf("verdict: %s → %s", was.Verdict, is.Verdict))
	}
	if was.GateVersion != is.GateVersion {
		lines = append(lines, fmt.Sprintf("the gate itself changed: version %s → %s", was.GateVersion, is.GateVersion))
	}
	for _, r := range is.Criteria {
		i := slices.IndexFunc(was.Criteria, func(b inventory.CriterionResult) bool { return b.ID == r.ID })
		if i < 0 {
			lines = append(lines, fmt.Sprintf("%s: new: %s", r.ID, resultText(r)))
			continue
		}
		if b := was.Criteria[i]; resultText(b) != resultText(r) {
			lines = append(lines, fmt.Sprintf("%s: %s → %s", r.ID, resultText(b), resultText(r)))
		}
	}
	for _, b := range was.Criteria {
		if !slices.ContainsFunc(is.Criteria, func(r inventory.CriterionResult) bool { return r.ID == b.ID }) {
			lines = append(lines, b.ID+": no longer judged")
		}
	}
	return append(lines, diffBlockers(was.Blockers, is.Blockers)...)
}

func resultText(r inventory.CriterionResult) string {
	return fmt.Sprintf("%s (%s of %d)", r.Verdict, countsOf(r), r.InScope)
}

func diffBlockers(was, is []inventory.Blocker) []string {
	var lines []string
	before := map[string]inventory.Blocker{}
	for _, b := range was {
		before[b.ID] = b
	}
	for _, b := range is {
		old, there := before[b.ID]
		delete(before, b.ID)
		switch {
		case !there:
			lines = append(lines, fmt.Sprintf("new blocker %s: %s: %s", short(b), b.Standing, b.Reason))
		case old.Standing != b.Standing:
			lines = append(lines, fmt.Sprintf("blocker %s: %s → %s: %s", short(b), old.Standing, b.Standing, b.Reason))
		}
	}
	for _, b := range was {
		if _, gone := before[b.ID]; gone {
			lines = append(lines, fmt.Sprintf("blocker %s is gone: it was %s: %s", short(b), b.Standing, b.Reason))
		}
	}
	return lines
}

// short is a blocker's id without its site and gate.
func short(b inventory.Blocker) string {
	return strings.TrimPrefix(b.ID, b.Site+"/"+b.Gate+"/")
}
