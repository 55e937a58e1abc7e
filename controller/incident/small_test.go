package incident_test

import (
	"testing"

	"muster/inventory"
)

// TestASiteOfTwoIsProvenLikeOneOfFifteen plays the cut and the power cut there: two
// journals are enough, and not fewer.
func TestASiteOfTwoIsProvenLikeOneOfFifteen(t *testing.T) {
	t.Parallel()
	for _, s := range linkScenarios() {
		if s.n != 20 && s.n != 24 && s.n != 35 && s.n != 45 {
			continue
		}
		for seed := range uint64(3) {
			s.opts.Seed, s.opts.PerSite = 40+seed, 2
			t.Run(s.name, func(t *testing.T) { s.report(t) })
		}
	}
}

// TestOneSwitchedOffAtTheWallIsNoSiteTrouble switches the last machine of a site off
// without a word, while its router answers.
func TestOneSwitchedOffAtTheWallIsNoSiteTrouble(t *testing.T) {
	t.Parallel()
	s := scenario{lasts: 10 * mins, opts: options{Seed: 5, Shape: only(1)}, play: func(w *world) {
		w.At(3*mins, func() { w.Crash(w.Site("S003").Machines[0]) })
	}, want: []want{{cause: inventory.CauseWorkstationSilent, site: "S003", from: 3 * mins, detected: 30 * sec, caused: 30 * sec}}}
	s.report(t)
}
