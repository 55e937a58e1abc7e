package rehearsal

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// Table prints sheets for people: a line for each expectation with the baselines
// beside it, what went wrong, and the sum.
func Table(into io.Writer, sheets []Sheet) error {
	w := tabwriter.NewWriter(into, 0, 0, 2, ' ', 0)
	row := func(cells ...any) {
		for i, cell := range cells {
			if i > 0 {
				fmt.Fprint(w, "\t")
			}
			fmt.Fprint(w, cell)
		}
		fmt.Fprintln(w)
	}
	row("", "rehearsal", "expected", "at", "detected", "named", "paged", "resolved", "verdict", "grade", "serf", "prometheus")
	var sum Score
	passed := 0
	for _, s := range sheets {
		sum = sum.Plus(s.Score)
		if s.Passed {
			passed++
		}
		s.rows(row)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("cannot print the table: %w", err)
	}
	fails(into, sheets)
	_, err := fmt.Fprintf(into, "\n%d of %d passed\n", passed, len(sheets))
	sums(into, sheets, sum)
	return err
}

func (s Sheet) rows(row func(...any)) {
	mark := "ok"
	if !s.Passed {
		mark = "FAIL"
	}
	name := s.Name
	if len(s.Lines) == 0 {
		row(mark, name, "nothing", "", "", "", "", "", s.found(), "", s.pages("serf"), s.pages("prometheus"))
	}
	for n, l := range s.Lines {
		row(mark, name, l.Expected, l.Subject, seconds(l.Detected), seconds(l.Caused), seconds(l.Opened), seconds(l.Resolved),
			l.Final, l.Grade, s.detected("serf", n), s.detected("prometheus", n))
		mark, name = "", ""
	}
}

// found says what was concluded where nothing was expected.
func (s Sheet) found() string {
	switch {
	case len(s.Unexpected) > 0:
		return fmt.Sprintf("%d unexpected", len(s.Unexpected))
	case len(s.Events) > 0:
		return fmt.Sprintf("%d event(s)", len(s.Events))
	default:
		return "nothing"
	}
}

func (s Sheet) baseline(name string) (Baseless, bool) {
	for _, b := range s.Baselines {
		if b.Name == name {
			return b, true
		}
	}
	return Baseless{}, false
}

func (s Sheet) pages(name string) string {
	b, ok := s.baseline(name)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%d pages", b.FalsePages+b.Openings)
}

// detected is when another way would have told, and how often.
func (s Sheet) detected(name string, line int) string {
	b, ok := s.baseline(name)
	if !ok || line >= len(b.Detected) {
		return ""
	}
	if b.Detected[line] < 0 {
		return fmt.Sprintf("never, %d pages", b.Openings+b.FalsePages)
	}
	return fmt.Sprintf("%s, %d pages", seconds(b.Detected[line]), b.Openings+b.FalsePages)
}

func seconds(s float64) string {
	switch {
	case s < 0:
		return "-"
	case s < 100:
		return fmt.Sprintf("%.1fs", s)
	default:
		return fmt.Sprintf("%.0fm%02.0fs", float64(int(s)/60), s-float64(int(s)/60*60))
	}
}

func fails(into io.Writer, sheets []Sheet) {
	for _, s := range sheets {
		if s.Passed {
			continue
		}
		fmt.Fprintf(into, "\n%s (%s, seed %d)\n", s.Name, s.File, s.Seed)
		if s.Broken != "" {
			fmt.Fprintf(into, "  could not be played: %s\n", s.Broken)
		}
		for _, m := range s.Missed {
			fmt.Fprintf(into, "  missed: %s\n", m)
		}
		for _, u := range s.Unexpected {
			fmt.Fprintf(into, "  unexpected: %s at %s, %s, confidence %.2f\n", u.Cause, scope(u), u.Grade, u.Confidence)
		}
		for _, u := range s.Wrong {
			fmt.Fprintf(into, "  wrong and confident: %s, %.2f\n", u.Cause, u.Confidence)
		}
	}
}

func scope(j Judged) string {
	s := j.Scope
	for _, name := range []string{s.Workstation, s.Service, s.Carrier, s.Exchange, s.Circuit, s.Site} {
		if name != "" {
			return name
		}
	}
	if s.Controller {
		return "the controller"
	}
	return fmt.Sprint(s.Sites)
}

func sums(into io.Writer, sheets []Sheet, sum Score) {
	tally := func(t Tally) string {
		if t.Of == 0 {
			return "none asked"
		}
		return fmt.Sprintf("%d of %d (%.1f %%)", t.Right, t.Of, 100*float64(t.Right)/float64(t.Of))
	}
	each := 0.0
	if sum.OfExpected > 0 {
		each = float64(sum.Openings) / float64(sum.OfExpected)
	}
	fmt.Fprintf(into, "right at 15 s: %s; at 60 s: %s; at healing + 60 s: %s\n", tally(sum.At15), tally(sum.At60), tally(sum.Healed))
	fmt.Fprintf(into, "openings per incident: %.2f; false pages: %d in %.3f site-months; wrong at confidence >= 0.9: %d\n",
		each, sum.FalsePages, sum.SiteMonths, sum.Confident)
	for _, name := range []string{"serf", "prometheus"} {
		openings, untrue, incidents := 0, 0, 0
		for _, s := range sheets {
			b, ok := s.baseline(name)
			if !ok {
				continue
			}
			openings, untrue = openings+b.Openings, untrue+b.FalsePages
			if b.PerIncident > 0 {
				incidents += int(float64(b.Openings)/b.PerIncident + 0.5)
			}
		}
		if incidents > 0 {
			fmt.Fprintf(into, "beside it %s: %.2f openings per incident, %d false pages\n", name, float64(openings)/float64(incidents), untrue)
		}
	}
}
