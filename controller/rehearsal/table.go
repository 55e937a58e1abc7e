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
	for _, s := range sheets {
		s.rows(row)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("cannot print the table: %w", err)
	}
	fails(into, sheets)
	fmt.Fprintln(into)
	return Summary(into, sheets)
}

// Summary prints how many passed, and the score of all together.
func Summary(into io.Writer, sheets []Sheet) error {
	_, err := fmt.Fprintf(into, "%d of %d passed\n", sumOf(sheets).passed, len(sheets))
	sums(into, sheets)
	return err
}

func (s Sheet) rows(row func(...any)) {
	mark := "ok"
	if !s.Passed {
		mark = "FAIL"
	}
	name := s.Name
	if s.Size > 0 {
		name = fmt.Sprintf("%s, at %d", name, s.Size)
	}
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
		fmt.Fprintf(into, "\n%s (%s, seed %d%s)\n", s.Name, s.File, s.Seed, atSize(s.Size))
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

func atSize(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", size %d", n)
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

func sums(into io.Writer, sheets []Sheet) {
	all := sumOf(sheets)
	fmt.Fprintf(into, "right at 15 s: %s; at 60 s: %s; at healing + 60 s: %s\n", all.At15, all.At60, all.Healed)
	fmt.Fprintf(into, "openings per incident: %s; false pages: %s; wrong at confidence >= 0.9: %d\n", all.openings(), all.untrue(), all.Confident)
	fmt.Fprintf(into, "told after the fault: %s\n", all.told)
	for _, name := range []string{"serf", "prometheus"} {
		if b := besideOf(sheets, name); b.runs > 0 {
			fmt.Fprintf(into, "beside it %s: %s openings per incident; false pages: %s; told after the fault: %s\n", name, b.openings(), b.untrue(), b.told)
		}
	}
}
