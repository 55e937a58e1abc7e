package intake

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// history is the posts of one machine in a random life: it reports every few
// minutes, its agent and it restart, at times in a loop, at times while posts are
// held back by a neighbour's broken connection.
type history struct {
	*rand.Rand
	name  string
	at    time.Time
	boots int
	life  Life
	zero  time.Time
	rate  float64 // of its clock
	posts []Posted
}

func newHistory(rng *rand.Rand, name string, at time.Time) *history {
	h := &history{Rand: rng, name: name, at: at, life: Life{Run: "run-of-" + name}}
	h.restart(true)
	return h
}

// between is a random time from least to most.
func (h *history) between(least, most time.Duration) time.Duration {
	return least + time.Duration(h.Int64N(int64(most-least)))
}

func (h *history) restart(machine bool) {
	if machine {
		h.boots++
		h.at = h.at.Add(h.between(10*time.Second, 2*time.Minute))
		h.zero, h.rate = h.at.Add(-h.between(time.Second, time.Minute)), 1+(h.Float64()-0.5)*200e-6
		h.life.Boot = fmt.Sprintf("boot-%d-of-%s", h.boots, h.name)
	}
	h.at = h.at.Add(h.between(200*time.Millisecond, 20*time.Second))
	h.life.Process = fmt.Sprintf("process-%x", h.Uint64())
}

// post sends one report. One that is held back comes when the link has healed.
func (h *history) post(underWay time.Duration) {
	h.posts = append(h.posts, Posted{
		Life: h.life, Clock: time.Duration(float64(h.at.Sub(h.zero)) * h.rate), ReceivedAt: h.at.Add(underWay),
	})
}

// live lets the machine do one thing.
func (h *history) live() {
	quick := func() time.Duration { return h.between(2*time.Millisecond, 800*time.Millisecond) }
	switch h.IntN(20) {
	case 0:
		h.restart(true)
		h.post(quick())
	case 1, 2:
		h.restart(false)
		h.post(quick())
	case 3: // a restart loop
		for range h.IntN(15) {
			h.restart(h.IntN(8) == 0)
			if h.IntN(2) == 0 {
				h.post(quick())
			}
		}
	case 4:
		h.breakLink(quick)
	default:
		h.at = h.at.Add(h.between(time.Minute, 5*time.Minute))
		h.post(quick())
	}
}

// breakLink cuts the machine off. What is held back was sent on a connection that
// had been set up before, so it is one post of the process that ran then; it comes
// with the healing, before or after what the next process says.
func (h *history) breakLink(quick func() time.Duration) {
	if h.IntN(3) == 0 {
		h.restart(h.IntN(2) == 0) // its first post ever may be the one
	}
	heals := h.at.Add(h.between(5*time.Second, 15*time.Minute))
	h.post(heals.Sub(h.at) + h.between(0, 2*time.Minute))
	for range h.IntN(4) {
		h.at = h.at.Add(h.between(9*time.Second, 3*time.Minute))
		h.restart(h.IntN(2) == 0)
	}
	if h.at.Before(heals) {
		h.at = heals
	}
	h.post(quick())
}

// heard is the posts as they arrive.
func heard(posts []Posted) []Posted {
	slices.SortStableFunc(posts, func(a, b Posted) int { return a.ReceivedAt.Compare(b.ReceivedAt) })
	return posts
}

func TestHonestMachineIsNeverAccused(t *testing.T) {
	for seed := range uint64(3000) {
		rng := rand.New(rand.NewPCG(seed, 1))
		h := newHistory(rng, "honest", noon)
		for range 60 {
			h.live()
		}
		if seed%4 == 0 { // an agent that is too old to name its process
			for i := range h.posts {
				h.posts[i].Process = ""
			}
		}
		lives, kept := Lives{}, Lives{}
		for i, p := range heard(h.posts) {
			switch rng.IntN(60) {
			case 0: // the controller starts anew
				lives = Lives{}
			case 1: // from a backup
				lives = kept
			case 2:
				kept = lives
			}
			var v LifeVerdict
			if lives, v = lives.Step(p); v.Refuse {
				t.Fatalf("seed %d, post %d of %d: %+v is called the second machine beside %+v", seed, i, len(h.posts), p, v.Other)
			}
		}
	}
}

func TestCopiedMachineIsNoticedWithinFifteenMinutes(t *testing.T) {
	var longest time.Duration
	for seed := range uint64(2000) {
		rng := rand.New(rand.NewPCG(seed, 2))
		original := newHistory(rng, "machine", noon)
		for original.at.Before(noon.Add(2 * time.Hour)) {
			original.at = original.at.Add(original.between(time.Minute, 5*time.Minute))
			original.post(original.between(2*time.Millisecond, 800*time.Millisecond))
		}
		name := [...]string{"machine", "copy"}[seed%2] // in one boot of one name, or another
		copied := newHistory(rng, name, noon.Add(original.between(10*time.Minute, time.Hour)))
		if rng.IntN(2) == 0 && name == "machine" { // on the same hardware
			copied.zero, copied.rate = original.zero, original.rate
		}
		copied.life.Run = original.life.Run
		began := copied.at
		for copied.at.Before(noon.Add(2 * time.Hour)) {
			copied.post(copied.between(2*time.Millisecond, 800*time.Millisecond))
			copied.at = copied.at.Add(copied.between(time.Minute, 5*time.Minute))
		}
		lives, noticed, restart := Lives{}, time.Duration(-1), seed%3 == 0
		for _, p := range heard(append(original.posts, copied.posts...)) {
			if restart && p.ReceivedAt.After(began) { // the controller starts when the copy does
				lives, restart = Lives{}, false
			}
			var v LifeVerdict
			if lives, v = lives.Step(p); v.Began {
				noticed = p.ReceivedAt.Sub(began)
				break
			}
		}
		if noticed < 0 || noticed > 15*time.Minute {
			t.Fatalf("seed %d: the copy that began after %v is noticed after %v", seed, began.Sub(noon), noticed)
		}
		longest = max(longest, noticed)
	}
	t.Logf("noticed after %v at the latest", longest)
}
