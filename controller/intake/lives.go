package intake

import (
	"slices"
	"time"
)

const (
	// A conflict ends when there was no evidence of two machines for this long:
	// well over conflictRetry, so that two that both come back are seen to.
	conflictHold = 3 * time.Hour
	// What a refused machine is told to wait.
	conflictRetry = time.Hour
	// How often a conflict that goes on is put on disk.
	conflictRecordEvery = time.Hour
	// Lives that are remembered for each workstation beside the present one.
	rememberedLives = 8
)

// Lives is what is known of a workstation's lives. The zero value knows none.
type Lives struct {
	current    stretch
	past       []stretch // newest first
	evidenceAt time.Time // when two machines were last seen to use the identity
	recordedAt time.Time // when that was last put on disk
}

// LifeVerdict says what a report's life means.
type LifeVerdict struct {
	Refuse bool   // two machines use one identity: take nothing from either
	Began  bool   // the conflict is new
	Record bool   // put it on disk: it is new, or was put there an hour ago
	Other  Posted // the other machine, as it was last heard
}

// Step judges a report. It is pure: it returns the new state and changes nothing
// of the old.
//
// What counts is a life that speaks again after another had begun: A, B, A. A and
// then B is a restart, and so is A, B, C, D. Where a machine stands and by which
// way it reports proves nothing, since cable and Wi-Fi take turns. Nor does a post
// that was long under way: all three must be known to have been *sent* in that
// order, see stretch.
//
// Both machines are refused from then on, since nothing here tells the original
// from the copy. The conflict ends when neither has followed the other for three
// hours.
func (l Lives) Step(p Posted) (Lives, LifeVerdict) {
	if p.Boot == unknownBoot {
		p.Boot = ""
	}
	conflict := l.inConflict(p.ReceivedAt)
	verdict := LifeVerdict{Refuse: conflict}
	if l.current.posts == 0 || l.current.same(p.Life) {
		l.current = l.current.hear(p)
		return l, verdict
	}
	again := l.returns(p.Life)
	if again < 0 {
		other, current := l.current, stretch{}.hear(p)
		if other.precededBy(p) {
			other, current = current, other
		}
		l.past, l.current = forget(slices.Insert(slices.Clone(l.past), 0, other)), current
		return l, verdict
	}
	late, back := l.past[again].late(l.current, p), l.past[again].again(p)
	l.past = slices.Clone(l.past)
	if l.past[again].same(p.Life) {
		l.past = slices.Delete(l.past, again, again+1)
	}
	switch exact := back.oneClock(l.current); {
	case late || !conflict && !exact && !back.sure():
		l.past = forget(slices.Insert(l.past, 0, back))
		return l, verdict
	case conflict || exact || l.current.sure():
		l, verdict = l.evidence(p.ReceivedAt)
	default: // the present life may be a late post of an earlier one
	}
	l.past, l.current = forget(slices.Insert(l.past, 0, l.current)), back
	return l, verdict
}

// returns finds the life of the past that speaks again, or -1: its process, or its
// boot while the present life is of another.
func (l Lives) returns(life Life) int {
	return slices.IndexFunc(l.past, func(s stretch) bool {
		if s.same(life) {
			return true
		}
		bothNamed, one := l.current.boots(life)
		_, back := s.boots(life)
		return back && bothNamed && !one
	})
}

// forget keeps the list of past lives short. What was heard once is dropped
// before what was heard often: a restart loop does not hide a machine that lives.
func forget(past []stretch) []stretch {
	if len(past) <= rememberedLives {
		return past
	}
	for i := len(past) - 1; i > 0; i-- {
		if past[i].posts == 1 {
			return slices.Delete(past, i, i+1)
		}
	}
	return past[:rememberedLives]
}

// Clash is Step's other evidence: two bodies under one report's name.
func (l Lives) Clash(now time.Time) (Lives, LifeVerdict) { return l.evidence(now) }

// evidence notes that two machines use the identity.
func (l Lives) evidence(now time.Time) (Lives, LifeVerdict) {
	began := !l.inConflict(now)
	verdict := LifeVerdict{
		Refuse: true, Began: began, Record: began || now.Sub(l.recordedAt) >= conflictRecordEvery, Other: l.current.last,
	}
	l.evidenceAt = now
	if verdict.Record {
		l.recordedAt = now
	}
	return l, verdict
}

// Resume takes up a conflict that an earlier process of the controller put on
// disk; what it saw in the hour after that is not known.
func (l Lives) Resume(recordedAt, now time.Time) Lives {
	if recordedAt.After(l.recordedAt) {
		l.recordedAt, l.evidenceAt = recordedAt, recordedAt.Add(conflictRecordEvery)
		if l.evidenceAt.After(now) {
			l.evidenceAt = now
		}
	}
	return l
}

func (l Lives) inConflict(now time.Time) bool {
	return !l.evidenceAt.IsZero() && now.Sub(l.evidenceAt) < conflictHold
}
