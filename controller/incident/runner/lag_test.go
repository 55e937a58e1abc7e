package runner

import (
	"testing"
	"time"
)

func TestLagIsTheAgeOfATickOrItsGapToTheOneBefore(t *testing.T) {
	var l lateness
	for _, one := range []struct{ tick, age, want time.Duration }{
		{0, time.Millisecond, time.Millisecond},
		{lagEvery, 0, 0},
		{2*lagEvery + 20*time.Second, 0, 20 * time.Second},                            // ticks were dropped
		{3*lagEvery + 20*time.Second, 300 * time.Millisecond, 300 * time.Millisecond}, // fetched late
		{4*lagEvery + 20*time.Second - 5*time.Millisecond, 0, 0},
	} {
		if got := l.measure(ten.Add(one.tick), one.age); got != one.want {
			t.Errorf("the tick at %s, %s old: lag %s, want %s", one.tick, one.age, got, one.want)
		}
	}
}

func TestALagIsToldOfWhenItIsLargeWhenItEndsAndNowAndThen(t *testing.T) {
	var l lateness
	for _, one := range []struct {
		at, lag time.Duration
		want    bool
	}{
		{0, 0, true}, // the first
		{time.Second, 0, false},
		{2 * time.Second, time.Second, true},
		{3 * time.Second, time.Second, true},
		{4 * time.Second, 0, true}, // it is over
		{5 * time.Second, 0, false},
		{4*time.Second + lagAtLeastEvery, 0, true},
	} {
		if got := l.worth(one.lag, ten.Add(one.at)); got != one.want {
			t.Errorf("at %s a lag of %s is told: %t", one.at, one.lag, got)
		}
	}
}
