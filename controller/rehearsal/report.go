package rehearsal

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Report writes the score of a batch as Markdown: all runs together beside both
// baselines, then by the size of the sites, then each rehearsal over its runs.
func Report(into io.Writer, sheets []Sheet) error {
	p := &pen{into: into}
	reportScore(p, sheets)
	reportSizes(p, sheets)
	reportFiles(p, sheets)
	return p.err
}

// pen writes rows until the first error.
type pen struct {
	into io.Writer
	err  error
}

func (p *pen) say(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.into, format+"\n", args...)
	}
}

func (p *pen) row(cells ...any) {
	var b strings.Builder
	for _, cell := range cells {
		fmt.Fprintf(&b, "| %v ", cell)
	}
	p.say("%s|", b.String())
}

func (p *pen) head(cells ...any) {
	p.row(cells...)
	p.say("|%s", strings.Repeat("---|", len(cells)))
}

func reportScore(p *pen, sheets []Sheet) {
	all, serf, scraped := sumOf(sheets), besideOf(sheets, "serf"), besideOf(sheets, "prometheus")
	p.say("%s\n", runsSay(sheets, all))
	p.head("what", "Muster", "raw Serf", "Prometheus-style")
	p.row("right at 15 s", all.At15, "-", "-")
	p.row("right at 60 s", all.At60, "-", "-")
	p.row("right at healing + 60 s", all.Healed, "-", "-")
	p.row("wrong at confidence ≥ 0.9", all.Confident, "-", "-")
	p.row("told after the fault", all.told, serf.told, scraped.told)
	p.row("openings per incident", all.openings(), serf.openings(), scraped.openings())
	p.row("false pages", all.untrue(), serf.untrue(), scraped.untrue())
	p.say("")
}

// runsSay says what was played.
func runsSay(sheets []Sheet, all sum) string {
	var seeds []uint64
	files := map[string]bool{}
	for _, s := range sheets {
		files[s.Name] = true
		if !slices.Contains(seeds, s.Seed) {
			seeds = append(seeds, s.Seed)
		}
	}
	slices.Sort(seeds)
	words := make([]string, len(seeds))
	for i, seed := range seeds {
		words[i] = fmt.Sprint(seed)
	}
	return fmt.Sprintf("%d runs of %d rehearsals with the seeds %s: %d passed.", all.runs, len(files), strings.Join(words, ", "), all.passed)
}

func reportSizes(p *pen, sheets []Sheet) {
	bySize := map[int][]Sheet{}
	var sizes []int
	for _, s := range sheets {
		if bySize[s.Size] == nil {
			sizes = append(sizes, s.Size)
		}
		bySize[s.Size] = append(bySize[s.Size], s)
	}
	if slices.Sort(sizes); len(sizes) < 2 {
		return
	}
	p.head("workstations a site", "passed", "right at 15 s", "at 60 s", "at healing + 60 s", "openings per incident", "told after the fault")
	for _, size := range sizes {
		all := sumOf(bySize[size])
		word := fmt.Sprint(size)
		if size == 0 {
			word = "as the file is"
		}
		p.row(word, fmt.Sprintf("%d of %d", all.passed, all.runs), all.At15, all.At60, all.Healed, all.openings(), all.told)
	}
	p.say("")
}

// fileLine is one expectation of one rehearsal over all its runs.
type fileLine struct {
	expected               string
	named, opened          delays
	resolved               delays
	serf, scraped          delays
	serfPages, scrapePages int
	runs                   int
}

func reportFiles(p *pen, sheets []Sheet) {
	byName := map[string][]Sheet{}
	var names []string
	for _, s := range sheets {
		if byName[s.Name] == nil {
			names = append(names, s.Name)
		}
		byName[s.Name] = append(byName[s.Name], s)
	}
	p.head("rehearsal", "passed", "expected", "named p50 / max", "told p50 / max", "resolved p50 / max", "Serf told p50, pages", "Prometheus told p50, pages")
	for _, name := range names {
		passed := 0
		for _, s := range byName[name] {
			if s.Passed {
				passed++
			}
		}
		first := []any{name, fmt.Sprintf("%d of %d", passed, len(byName[name]))}
		for _, l := range linesOf(byName[name]) {
			p.row(append(first, l.expected, l.named.pair(), l.opened.pair(), l.resolved.pair(),
				besideSays(l.serf, l.serfPages, l.runs), besideSays(l.scraped, l.scrapePages, l.runs))...)
			first = []any{"", ""}
		}
	}
}

// linesOf gathers the runs of one rehearsal by what each line expects.
func linesOf(sheets []Sheet) []*fileLine {
	byWord := map[string]*fileLine{}
	var order []*fileLine
	of := func(word string) *fileLine {
		if byWord[word] == nil {
			byWord[word] = &fileLine{expected: word}
			order = append(order, byWord[word])
		}
		byWord[word].runs++
		return byWord[word]
	}
	for _, s := range sheets {
		if len(s.Lines) == 0 {
			of("nothing").beside(s, -1)
		}
		for n, one := range s.Lines {
			l := of(fmt.Sprintf("%s %s", one.Expected, one.Subject))
			l.named.add(one.Caused)
			l.opened.add(one.Opened)
			l.resolved.add(one.Resolved)
			l.beside(s, n)
		}
	}
	return order
}

// beside adds what the baselines say of a line; below zero of the run alone.
func (l *fileLine) beside(s Sheet, line int) {
	for _, one := range []struct {
		name  string
		told  *delays
		pages *int
	}{{"serf", &l.serf, &l.serfPages}, {"prometheus", &l.scraped, &l.scrapePages}} {
		b, ok := s.baseline(one.name)
		if !ok {
			continue
		}
		*one.pages += b.Openings + b.FalsePages
		if line >= 0 && line < len(b.Detected) {
			one.told.add(b.Detected[line])
		}
	}
}

func (d delays) pair() string {
	if len(d.seconds) == 0 {
		return "-"
	}
	return fmt.Sprintf("%s / %s", seconds(d.quantile(0.5)), seconds(d.quantile(1)))
}

// besideSays is when another way told and how many pages it made a run.
func besideSays(told delays, pages, runs int) string {
	word := "-"
	if len(told.seconds) > 0 {
		word = seconds(told.quantile(0.5))
	} else if told.never > 0 {
		word = "never"
	}
	return fmt.Sprintf("%s, %.1f", word, float64(pages)/float64(max(runs, 1)))
}
