package rehearsal

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"muster/inventory"
)

// Bounds of a file.
const (
	maxFile         = 32 << 20
	maxText         = 200
	maxSites        = 200
	maxPerSite      = 240
	maxWorkstations = 3000
	maxLines        = 1000
	maxExpect       = 500
	maxServices     = 50
	maxReferences   = 16
	maxBaselineDays = 400
	maxSizes        = 20
	maxEvidence     = 500_000
	longest         = 62 * 24 * time.Hour
)

// Parse reads a rehearsal; name is the file's, for its problems. What is wrong is
// one or more of Problem, joined: each says file and line, and a word that is not
// known says those that are.
func Parse(name string, from io.Reader) (Rehearsal, error) { return ParseAt(name, from, 0) }

// ParseAt reads a rehearsal as it is with size workstations at the sites that it is
// about, and at most so many at the others; zero leaves it as it is. Sites listed
// with a number of their own keep it.
func ParseAt(name string, from io.Reader, size int) (Rehearsal, error) {
	content, err := io.ReadAll(io.LimitReader(from, maxFile+1))
	if err != nil {
		return Rehearsal{}, fmt.Errorf("cannot read rehearsal %s: %w", name, err)
	}
	if len(content) > maxFile {
		return Rehearsal{}, fmt.Errorf("cannot read rehearsal %s: more than %d bytes", name, maxFile)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(content, &document); err != nil {
		return Rehearsal{}, fmt.Errorf("cannot read rehearsal %s: %w", name, err)
	}
	if document.Kind != yaml.DocumentNode || len(document.Content) != 1 {
		return Rehearsal{}, fmt.Errorf("cannot read rehearsal %s: it is empty", name)
	}
	out, err := parse(name, document.Content[0], 0, nil)
	if err != nil || size == 0 {
		return out, err
	}
	return parse(name, document.Content[0], size, out.about())
}

// parse reads a document at a size, which the sites that it is about are given.
func parse(name string, at *yaml.Node, size int, about []string) (Rehearsal, error) {
	r := &reading{file: name}
	p := parser{reading: r, about: about, out: Rehearsal{
		File: name, Size: size, Seed: defaultSeed, Baseline: Baseline{Days: defaultBaselineDays}, Notifications: Notifications{-1, -1},
	}}
	p.out.Start, _ = time.Parse(time.RFC3339, defaultStart)
	p.read(at)
	return p.out, r.err()
}

// parser reads one file in two turns: the estate first, since every other part
// names what is in it.
type parser struct {
	*reading
	out   Rehearsal
	about []string // sites that get the size
	later []func()
}

func (p *parser) read(at *yaml.Node) {
	var top *yaml.Node
	afterwards := func(read func(*yaml.Node)) func(*yaml.Node) {
		return func(value *yaml.Node) { p.later = append(p.later, func() { read(value) }) }
	}
	p.mapping(at, "rehearsal", field{
		"name":          func(v *yaml.Node) { p.out.Name = p.text(v, "name", maxText) },
		"seed":          func(v *yaml.Node) { p.out.Seed = uint64(p.count(v, "seed", 0, 1<<53)) },
		"start":         func(v *yaml.Node) { p.out.Start = p.instant(v, "start") },
		"for":           func(v *yaml.Node) { p.out.For = p.lasting(v, "for", time.Second, longest) },
		"sizes":         func(v *yaml.Node) { p.out.Sizes = p.sizes(v, "sizes") },
		"estate":        func(v *yaml.Node) { top = v },
		"timeline":      afterwards(func(v *yaml.Node) { p.out.Timeline = p.faults(v, "timeline", longest) }),
		"history":       afterwards(func(v *yaml.Node) { p.out.History = p.faults(v, "history", maxBaselineDays*24*time.Hour) }),
		"baseline":      p.readBaseline,
		"expect":        afterwards(p.readExpect),
		"never":         afterwards(p.readNever),
		"notifications": p.readNotifications,
		"allow_others":  func(v *yaml.Node) { p.out.AllowOthers = p.yes(v, "allow_others") },
		"evidence":      p.readEvidence,
	})
	p.readEstate(top)
	if at.Kind != yaml.MappingNode {
		return
	}
	for _, read := range p.later {
		read()
	}
	p.finish(at)
}

// finish checks what spans several parts and fills in what was left out.
func (p *parser) finish(at *yaml.Node) {
	o := &p.out
	if o.Name == "" {
		p.wrong(at, "rehearsal: it has no name")
	}
	if len(o.Evidence) > 0 && len(o.Timeline) > 0 {
		p.wrong(at, "rehearsal: evidence stands in the place of a timeline, not beside it")
	}
	last := time.Duration(0)
	for _, f := range o.Timeline {
		last = max(last, f.At)
	}
	if o.For == 0 {
		o.For = last + tail
	}
	if last > o.For {
		p.wrong(at, "rehearsal: the timeline goes on to %s, and it ends after %s", last, o.For)
	}
	days := time.Duration(o.Baseline.Days) * 24 * time.Hour
	for i, f := range o.History {
		if f.At < 0 { // before the start
			o.History[i].At = days + f.At
		}
		if o.History[i].At < 0 || o.History[i].At > days {
			p.problems = append(p.problems, Problem{p.file, f.Line, fmt.Sprintf("history: %s is not within the %d days of the baseline", f.At, o.Baseline.Days)})
		}
	}
	slices.SortStableFunc(o.Timeline, func(a, b Fault) int { return cmp.Compare(a.At, b.At) })
	slices.SortStableFunc(o.History, func(a, b Fault) int { return cmp.Compare(a.At, b.At) })
}

func (p *parser) readBaseline(at *yaml.Node) {
	p.mapping(at, "baseline", field{
		"days": func(v *yaml.Node) { p.out.Baseline.Days = p.count(v, "days", 0, maxBaselineDays) },
	})
}

func (p *parser) readNotifications(at *yaml.Node) {
	p.mapping(at, "notifications", field{
		"at_most":  func(v *yaml.Node) { p.out.Notifications.AtMost = p.count(v, "at_most", 0, 100_000) },
		"at_least": func(v *yaml.Node) { p.out.Notifications.AtLeast = p.count(v, "at_least", 0, 100_000) },
	})
}

func (p *parser) readExpect(at *yaml.Node) {
	p.items(at, "expect", maxExpect, func(v *yaml.Node) {
		e := Expectation{Line: v.Line, From: -1}
		holds := true
		fields := p.subject(&e.Subject, &holds)
		fields["cause"] = func(v *yaml.Node) { e.Cause = word(p.reading, v, "cause", inventory.Causes()) }
		fields["from"] = func(v *yaml.Node) { e.From = p.lasting(v, "from", 0, longest) }
		fields["detected_within"] = func(v *yaml.Node) { e.DetectedWithin = p.lasting(v, "detected_within", time.Millisecond, longest) }
		fields["cause_within"] = func(v *yaml.Node) { e.CauseWithin = p.lasting(v, "cause_within", time.Millisecond, longest) }
		fields["before_healing"] = func(v *yaml.Node) { e.BeforeHealing = word(p.reading, v, "before_healing", inventory.Causes()) }
		fields["final_grade"] = func(v *yaml.Node) {
			e.FinalGrade = word(p.reading, v, "final_grade", []inventory.Grade{inventory.GradeInferred, inventory.GradeCorroborated, inventory.GradeProven})
		}
		fields["resolved_within"] = func(v *yaml.Node) { e.ResolvedWithin = p.lasting(v, "resolved_within", time.Millisecond, longest) }
		known := len(p.problems)
		p.mapping(v, "expect", fields)
		if e.Cause == "" && len(p.problems) == known {
			p.wrong(v, "expect: a line without a cause expects nothing")
		}
		if holds {
			p.out.Expect = append(p.out.Expect, e)
		}
	})
}

func (p *parser) readNever(at *yaml.Node) {
	p.items(at, "never", maxExpect, func(v *yaml.Node) {
		n := Never{Line: v.Line}
		holds := true
		fields := p.subject(&n.Subject, &holds)
		fields["cause"] = func(v *yaml.Node) { n.Cause = word(p.reading, v, "cause", inventory.Causes()) }
		known := len(p.problems)
		p.mapping(v, "never", fields)
		if n.Cause == "" && len(p.problems) == known {
			p.wrong(v, "never: a line without a cause forbids nothing")
		}
		if holds {
			p.out.Never = append(p.out.Never, n)
		}
	})
}

// subject reads what an expectation is about, and whether it holds at the size
// that is read.
func (p *parser) subject(s *Subject, holds *bool) field {
	return field{
		"only_at":      func(v *yaml.Node) { *holds = *holds && slices.Contains(p.sizes(v, "only_at"), p.out.Size) },
		"not_at":       func(v *yaml.Node) { *holds = *holds && !slices.Contains(p.sizes(v, "not_at"), p.out.Size) },
		keySite:        func(v *yaml.Node) { s.Site = p.site(v) },
		keyCarrier:     func(v *yaml.Node) { s.Carrier = p.carrier(v) },
		keyExchange:    func(v *yaml.Node) { s.Exchange = p.exchange(v) },
		keyService:     func(v *yaml.Node) { s.Service = p.service(v) },
		keyWorkstation: func(v *yaml.Node) { s.Workstation = p.workstation(v) },
	}
}

// Problems takes an error of Parse apart.
func Problems(err error) []Problem {
	var problems []Problem
	switch joined := err.(type) { //nolint:errorlint // what errors.Join made has no name
	case interface{ Unwrap() []error }:
		for _, e := range joined.Unwrap() {
			if p, ok := errors.AsType[Problem](e); ok {
				problems = append(problems, p)
			}
		}
	}
	return problems
}
