package rehearsal

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"muster/inventory"
)

// sureFrom is the confidence from which a wrong verdict is held against the engine.
const sureFrom = 0.9

// before is how much earlier than its From an expected incident may be detected:
// the clock of a step and of an observation part by some milliseconds.
const before = time.Second

// Unplayed is the sheet of a file that could not be played.
func Unplayed(file string, why error) Sheet {
	return Judge(Rehearsal{Name: file, File: file, Notifications: Notifications{-1, -1}}, Seen{Broken: []string{why.Error()}})
}

// Judge holds what was seen against what must be concluded.
func Judge(r Rehearsal, seen Seen) Sheet {
	j := &judge{r: r, script: r.Script(), stories: seen.stories(), sheet: Sheet{
		Name: r.Name, File: r.File, Seed: r.Seed, Size: r.Size, Seconds: seen.Took.Seconds(),
		Incidents: []Judged{}, Events: []Judged{}, Missed: []string{}, Unexpected: []Judged{}, Wrong: []Wrong{}, Lines: []Line{},
	}}
	for _, e := range r.Expect {
		j.expect(e)
	}
	j.rest()
	j.never()
	j.notifications()
	j.sheet.Score.SiteMonths = float64(len(r.Estate.Sites)) * r.For.Hours() / (30 * 24)
	j.sheet.Score.Confident = len(j.sheet.Wrong)
	j.sheet.Baselines = baselines(r, j.script, seen)
	j.sheet.Broken = strings.Join(seen.Broken, "; ")
	j.sheet.Passed = j.sheet.Broken == "" && len(j.sheet.Missed) == 0 && len(j.sheet.Wrong) == 0 && (r.AllowOthers || len(j.sheet.Unexpected) == 0)
	return j.sheet
}

type judge struct {
	r       Rehearsal
	script  Script
	stories []*story
	sheet   Sheet
}

func (j *judge) missed(line int, format string, args ...any) {
	j.sheet.Missed = append(j.sheet.Missed, fmt.Sprintf("line %d: ", line)+fmt.Sprintf(format, args...))
}

// since is fleet time since the start.
func (j *judge) since(at time.Time) time.Duration {
	if at.IsZero() {
		return -1
	}
	return at.Sub(j.r.Start)
}

// expect finds the incident of one line and judges it.
func (j *judge) expect(e Expectation) {
	t := j.r.truthOf(e, j.script)
	line := Line{Line: e.Line, Expected: e.Cause, Subject: e.Subject.String(), Detected: -1, Caused: -1, Opened: -1, Resolved: -1, Prompt: e.prompt(t)}
	s := j.find(e, t)
	if s == nil {
		line.Why = []string{"nothing of the kind was concluded"}
		j.scoreMissing(e, t)
	} else {
		s.matched = true
		j.judge(e, t, s, &line)
		j.score(e, t, s)
	}
	line.Met = len(line.Why) == 0
	for _, why := range line.Why {
		j.missed(e.Line, "%s %s: %s", e.Cause, e.Subject, why)
	}
	j.sheet.Lines = append(j.sheet.Lines, line)
}

// find looks for the incident of a line. One that ends right goes before one that
// was right for a while, and that before one that healed while it was pending.
func (j *judge) find(e Expectation, t truth) *story {
	var found *story
	best := 0
	for _, s := range j.stories {
		if s.matched || s.folded() || !s.about(e.Subject) || j.since(s.detected()) < t.from-before || s.presence && !e.Cause.Presence() {
			continue
		}
		fit := 0
		switch {
		case s.last.Cause == e.Cause:
			fit = 4
		case slices.ContainsFunc(s.last.Verdicts, func(v inventory.Verdict) bool {
			return v.Cause == e.Cause || slices.Contains(t.live, v.Cause)
		}):
			fit = 3
		}
		if s.event() && fit > 0 {
			fit -= 2
		}
		if fit > best {
			found, best = s, fit
		}
	}
	return found
}

// judge compares an incident with its line.
func (j *judge) judge(e Expectation, t truth, s *story, line *Line) {
	i := s.last
	say := func(format string, args ...any) { line.Why = append(line.Why, fmt.Sprintf(format, args...)) }
	line.Final, line.Grade = i.Cause, i.Grade

	detected := j.since(s.detected()) - t.from
	line.Detected = detected.Seconds()
	if e.DetectedWithin > 0 && detected > e.DetectedWithin {
		say("detected after %s, want within %s", round(detected), e.DetectedWithin)
	}
	caused, named := j.caused(e, t, i.Verdicts)
	if named {
		line.Caused = (caused - t.from).Seconds()
	}
	switch {
	case e.CauseWithin > 0 && !named:
		say("never named right")
	case e.CauseWithin > 0 && caused-t.from > e.CauseWithin:
		say("named right after %s, want within %s", round(caused-t.from), e.CauseWithin)
	}
	if len(s.opened) > 0 {
		line.Opened = (j.since(s.opened[0]) - t.from).Seconds()
	}
	j.judgeEnd(e, t, s, line, say)
	for _, v := range i.Verdicts {
		if v.Confidence >= sureFrom && !t.right(v.Cause, e.Cause, j.since(v.At)) {
			j.sheet.Wrong = append(j.sheet.Wrong, Wrong{v.Cause, i.Scope, v.At, v.Confidence})
		}
	}
}

// judgeEnd compares how it ended: cause, grade and when.
func (j *judge) judgeEnd(e Expectation, t truth, s *story, line *Line, say func(string, ...any)) {
	i := s.last
	healed := t.heal >= 0 && t.heal <= j.r.For
	switch {
	case i.Cause == e.Cause:
	case (!healed || s.event()) && slices.Contains(t.live, i.Cause): // nothing can tell them apart
	default:
		say("the final verdict is %s", i.Cause)
	}
	if e.BeforeHealing != "" && healed {
		if last, ok := lastVerdict(i.Verdicts, j.r.Start.Add(t.heal)); !ok || last.Cause != e.BeforeHealing && last.Cause != e.Cause {
			say("before healing the verdict was %s, want %s", last.Cause, e.BeforeHealing)
		}
	}
	if e.FinalGrade != "" && rank(i.Grade) < rank(e.FinalGrade) {
		say("the final grade is %s, want %s", i.Grade, e.FinalGrade)
	}
	resolved := s.resolvedAt
	if !resolved.IsZero() && healed {
		line.Resolved = (j.since(resolved) - t.heal).Seconds()
	}
	if e.ResolvedWithin <= 0 {
		return
	}
	switch {
	case !healed:
		say("resolved_within counts from the healing, and nothing heals it")
	case resolved.IsZero():
		say("not resolved")
	case j.since(resolved)-t.heal > e.ResolvedWithin:
		say("resolved %s after healing, want within %s", round(j.since(resolved)-t.heal), e.ResolvedWithin)
	}
}

// caused is when the first right verdict was shown.
func (j *judge) caused(e Expectation, t truth, verdicts []inventory.Verdict) (time.Duration, bool) {
	for _, v := range verdicts {
		if at := j.since(v.At); t.right(v.Cause, e.Cause, at) {
			return at, true
		}
	}
	return 0, false
}

// lastVerdict is the one in force at a moment.
func lastVerdict(verdicts []inventory.Verdict, at time.Time) (last inventory.Verdict, ok bool) {
	for _, v := range verdicts {
		if !v.At.After(at) {
			last, ok = v, true
		}
	}
	return last, ok
}

func rank(g inventory.Grade) int {
	return slices.Index([]inventory.Grade{inventory.GradeInferred, inventory.GradeCorroborated, inventory.GradeProven}, g)
}

// rest sorts what no line names.
func (j *judge) rest() {
	for _, s := range j.stories {
		switch {
		case s.presence && !s.matched:
			j.sheet.Presence = append(j.sheet.Presence, s.judged())
		case s.event() && !s.presence:
			j.sheet.Events = append(j.sheet.Events, s.judged())
		case s.folded():
			j.sheet.Folded = append(j.sheet.Folded, s.judged())
		case s.matched:
			j.sheet.Incidents = append(j.sheet.Incidents, s.judged())
			j.sheet.Score.OfExpected++
			j.sheet.Score.Openings += len(s.opened)
		default:
			one := s.judged()
			j.sheet.Incidents = append(j.sheet.Incidents, one)
			j.sheet.Unexpected = append(j.sheet.Unexpected, one)
			if j.r.AllowOthers {
				continue
			}
			j.sheet.Score.FalsePages += len(s.opened)
			for _, v := range s.last.Verdicts {
				if v.Confidence >= sureFrom {
					j.sheet.Wrong = append(j.sheet.Wrong, Wrong{v.Cause, s.last.Scope, v.At, v.Confidence})
				}
			}
		}
	}
}

// never looks through every verdict that was ever shown.
func (j *judge) never() {
	for _, n := range j.r.Never {
		for _, s := range j.stories {
			shown := s.last.Verdicts
			for _, c := range s.steps {
				shown = append(slices.Clip(shown), inventory.Verdict{At: c.At, Cause: c.Incident.Cause})
			}
			i := slices.IndexFunc(shown, func(v inventory.Verdict) bool { return v.Cause == n.Cause })
			if i >= 0 && s.about(n.Subject) {
				j.missed(n.Line, "%s was shown at %s, and never may be", n.Cause, round(j.since(shown[i].At)))
				break
			}
		}
	}
}

func (j *judge) notifications() {
	for _, s := range j.stories {
		j.sheet.Openings += len(s.opened)
	}
	want := j.r.Notifications
	if want.AtMost >= 0 && j.sheet.Openings > want.AtMost {
		j.sheet.Missed = append(j.sheet.Missed, fmt.Sprintf("%d openings were notified, want at most %d", j.sheet.Openings, want.AtMost))
	}
	if j.sheet.Openings < want.AtLeast {
		j.sheet.Missed = append(j.sheet.Missed, fmt.Sprintf("%d openings were notified, want at least %d", j.sheet.Openings, want.AtLeast))
	}
}

func round(d time.Duration) time.Duration { return d.Round(100 * time.Millisecond) }

// String names the subject in a word.
func (s Subject) String() string {
	for _, name := range []string{s.Workstation, s.Service, s.Carrier, s.Exchange, s.Site} {
		if name != "" {
			return name
		}
	}
	return "anywhere"
}
