package readiness

import (
	"fmt"
	"strings"
	"time"

	"muster/inventory"
)

// Explain says an evaluation to a person, a line each: the verdict, each
// criterion with its five counts, and under each blocker what was measured, when,
// against what, whose it is and what would clear it. Where the facts are given it
// also says what the site holds; nil: they are not at hand. Instants are in the
// site's zone.
func (g *Gate) Explain(e inventory.Evaluation, f *Facts) []string {
	zone := time.UTC
	if f != nil && f.Zone != nil {
		zone = f.Zone
	}
	at := func(t time.Time) string { return t.In(zone).Format("Mon 2006-01-02 15:04 MST") }
	lines := []string{fmt.Sprintf("%s: %s is %s as of %s", e.Site, titled(e.Gate, g.Title), e.Verdict, at(e.AsOf))}
	if e.GateVersion != g.Version {
		lines = append(lines, fmt.Sprintf("  judged by version %s of the gate; the one at hand is %s", e.GateVersion, g.Version))
	}
	for i := range e.Criteria {
		r := &e.Criteria[i]
		lines = append(lines, fmt.Sprintf("  %s: %s: %s", titled(r.ID, r.Title), r.Verdict, g.scopeText(r, f)))
		lines = append(lines, g.terms(r)...)
		if r.Reason != "" {
			lines = append(lines, "    "+r.Reason)
		}
		if !r.AsOf.IsZero() {
			lines = append(lines, "    the oldest measurement that counts is of "+at(r.AsOf))
		}
		for _, b := range e.Blockers {
			if b.Criterion == r.ID {
				lines = append(lines, blockerLines(b, at)...)
			}
		}
	}
	for _, b := range e.Blockers {
		if b.Criterion == CriterionSignOff {
			lines = append(lines, blockerLines(b, at)...)
		}
	}
	if e.MoreBlockers > 0 {
		lines = append(lines, fmt.Sprintf("  and %s more", plural(e.MoreBlockers, "blocker")))
	}
	return lines
}

func titled(id, title string) string {
	if title == "" {
		return id
	}
	return id + " (" + title + ")"
}

func (g *Gate) scopeText(r *inventory.CriterionResult, f *Facts) string {
	counts := fmt.Sprintf("%d in scope: %d pass, %d fail, %d unknown, %d stale, %d waived", r.InScope, r.Pass, r.Fail, r.Unknown, r.Stale, r.Waived)
	if f == nil {
		return counts
	}
	if rows := f.rowsOf(Over(r.Over)); rows != r.InScope {
		counts += fmt.Sprintf(" (of %d %s)", rows, r.Over)
	}
	return counts
}

func (g *Gate) terms(r *inventory.CriterionResult) []string {
	c := g.criterion(r.ID)
	if c == nil {
		return nil
	}
	text := "    needs " + c.Need.String() + ": " + c.Pass
	if c.Where != "" {
		text += "; counts those where " + c.Where
	}
	if c.Fresh.Set() {
		text += "; measured within " + c.Fresh.String() + " of open hours"
	}
	return []string{text}
}

func blockerLines(b inventory.Blocker, at func(time.Time) string) []string {
	lines := []string{fmt.Sprintf("    - %s %s: %s: %s", b.Subject.Noun, b.Subject.Key, b.Standing, b.Reason)}
	var about []string
	if !b.At.IsZero() {
		about = append(about, "measured "+at(b.At))
	}
	if !b.Since.IsZero() {
		about = append(about, "blocks since "+at(b.Since))
	}
	if b.Owner != "" {
		about = append(about, "owner "+b.Owner)
	}
	if b.Due.Set() {
		about = append(about, "due "+string(b.Due))
	}
	if len(about) > 0 {
		lines = append(lines, "      "+strings.Join(about, ", "))
	}
	if b.Clears != "" {
		lines = append(lines, "      would clear it: "+b.Clears)
	}
	if b.Note != "" {
		lines = append(lines, "      note: "+b.Note)
	}
	return lines
}
