package mesh

import (
	"testing"
	"time"
)

func TestWhatNeedNotBePunctualComesWithTheGossip(t *testing.T) {
	began := time.Now()
	ten := &tenure{began: began}
	for _, c := range []struct{ at, want time.Duration }{
		{0, 0},
		{10 * time.Second, 10 * time.Second},
		{10*time.Second + 400*time.Millisecond, 10 * time.Second},
		{10*time.Second + 600*time.Millisecond, 11 * time.Second},
	} {
		if got := ten.onBeat(began.Add(c.at)).Sub(began); got != c.want {
			t.Errorf("%s after the pool was opened comes at %s, want %s", c.at, got, c.want)
		}
	}
}

func TestFailedMembersAreTriedAboutOnceEachByAllTogether(t *testing.T) {
	for _, c := range []struct {
		failed, alive int
		chance        float64
		want          bool
	}{
		{1, 15, 0.05, true}, {1, 15, 0.08, false}, {3, 15, 0.19, true}, {15, 1, 0.999, true}, {2, 0, 0.999, true},
	} {
		if got := reconnectNow(c.failed, c.alive, c.chance); got != c.want {
			t.Errorf("%d failed, %d alive, chance %.3f: %t, want %t", c.failed, c.alive, c.chance, got, c.want)
		}
	}
}
