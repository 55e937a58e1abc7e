package intake

import (
	"slices"
	"time"
)

// Life is one stretch of a workstation's existence: a journal's run on one boot.
// A machine never goes back to a life: a boot ends for good, and so does a
// journal. A life that speaks again after a later one did is a second machine.
type Life struct {
	Run  string
	Boot string // empty where the agent does not say on which boot it sent
}

func (l Life) same(m Life) bool {
	return l.Run == m.Run && (l.Boot == m.Boot || l.Boot == "" || m.Boot == "")
}

const (
	// A post of the old life may still be under way when the new one begins.
	lifeGrace = 5 * time.Second
	// A conflict ends when there was no evidence of two machines for this long:
	// well over conflictRetry, so that two that both come back are seen to.
	conflictHold = 3 * time.Hour
	// What a refused machine is told to wait.
	conflictRetry = time.Hour
	// Lives that are remembered for each workstation beside the present one.
	rememberedLives = 4
)

// Lives is what is known of a workstation's lives. The zero value knows none.
type Lives struct {
	current    Life
	beganAt    time.Time // when the current life was first heard
	past       []Life    // newest first
	evidenceAt time.Time // when two machines were last seen to use the identity
}

// LifeVerdict says what a report's life means.
type LifeVerdict struct {
	Refuse bool // two machines use one identity: take nothing from either
	Began  bool // the conflict is new: record it
	Other  Life // the life that it conflicts with
}

// Step judges a report of life that arrived at now. It is pure: it returns the
// new state and changes nothing of the old.
//
// Both machines are refused from the moment an earlier life speaks again, since
// nothing here tells the original from the copy. The conflict ends when neither
// has followed the other for three hours.
func (l Lives) Step(life Life, now time.Time) (Lives, LifeVerdict) {
	conflict := l.inConflict(now)
	verdict := LifeVerdict{Refuse: conflict}
	switch {
	case l.current == Life{}:
		l.current, l.beganAt = life, now
		return l, verdict
	case l.current.same(life):
		return l, verdict
	}
	again := slices.IndexFunc(l.past, life.same)
	if again >= 0 && !conflict && now.Sub(l.beganAt) < lifeGrace {
		return l, verdict
	}
	past := slices.Insert(slices.Clone(l.past), 0, l.current)
	if again >= 0 {
		past = slices.Delete(past, again+1, again+2)
		verdict = LifeVerdict{Refuse: true, Began: !conflict, Other: l.current}
		l.evidenceAt = now
	}
	l.past = past[:min(len(past), rememberedLives)]
	l.current, l.beganAt = life, now
	return l, verdict
}

// Clash is Step's other evidence: two bodies under one report's name.
func (l Lives) Clash(now time.Time) (Lives, LifeVerdict) {
	verdict := LifeVerdict{Refuse: true, Began: !l.inConflict(now), Other: l.current}
	l.evidenceAt = now
	return l, verdict
}

func (l Lives) inConflict(now time.Time) bool {
	return !l.evidenceAt.IsZero() && now.Sub(l.evidenceAt) < conflictHold
}
