package rehearsal

import (
	"slices"
	"time"

	"muster/inventory"
)

// score notes whether the verdict was right at 15 s, at 60 s and 60 s after
// healing, where the line says that it can be known by then.
func (j *judge) score(e Expectation, t truth, s *story) {
	at := func(moment time.Duration) bool {
		v, ok := lastVerdict(s.last.Verdicts, j.r.Start.Add(moment))
		return ok && t.right(v.Cause, e.Cause, moment)
	}
	j.tally(e, t, at, func() bool {
		v, ok := lastVerdict(s.last.Verdicts, j.r.Start.Add(t.heal+verdictGrace))
		return ok && v.Cause == e.Cause
	})
}

func (j *judge) scoreMissing(e Expectation, t truth) {
	j.tally(e, t, func(time.Duration) bool { return false }, func() bool { return false })
}

func (j *judge) tally(e Expectation, t truth, at func(time.Duration) bool, healed func() bool) {
	score := &j.sheet.Score
	if known := e.CauseWithin; known > 0 {
		if known <= 15*time.Second {
			score.At15.count(at(t.from + 15*time.Second))
		}
		if known <= time.Minute && (t.heal < 0 || t.heal >= t.from+time.Minute) {
			score.At60.count(at(t.from + time.Minute))
		}
	}
	if t.heal >= 0 && t.heal+verdictGrace <= j.r.For {
		score.Healed.count(healed())
	}
}

// openBy is the age at which a fault that goes on has been told to people, by the
// budget of docs/design.md.
const openBy = 40 * time.Second

// prompt reports whether people must be told at once: of nothing that one machine
// has alone, that heals before, or that takes minutes to be known. Of a link that
// comes and goes they are told when it has gone again.
func (e Expectation) prompt(t truth) bool {
	flaps := t.episode.Fault.Do == FlapLink
	return !slices.Contains(t.live, inventory.CauseWorkstationSilent) && !e.Cause.Presence() && e.CauseWithin > 0 && e.CauseWithin <= time.Minute &&
		(t.heal < 0 || t.heal >= t.from+openBy) && (!flaps || t.episode.Fault.Every >= 2*openBy)
}
