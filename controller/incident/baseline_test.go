package incident_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/controller/incident"
	"muster/inventory"
)

// history is a number of days of minutes of a link; spoil may change one.
func history(days int, spoil func(at time.Time, ev *inventory.Evidence)) []inventory.Evidence {
	first := time.Date(2026, 10, 26, 0, 0, 0, 0, time.UTC) // a Monday
	var minutes []inventory.Evidence
	for n := range days * 1440 {
		at := first.Add(time.Duration(n) * time.Minute)
		ev := inventory.Evidence{At: at, Kind: inventory.EvidenceLink, RTT: 20*time.Millisecond + time.Duration(n%5)*100*time.Microsecond, Jitter: time.Millisecond}
		spoil(at, &ev)
		minutes = append(minutes, ev)
	}
	return minutes
}

func TestABaselineKnowsWhatRecursAndForgetsOneBadDay(t *testing.T) {
	t.Parallel()
	b := incident.BuildBaseline(history(28, func(at time.Time, ev *inventory.Evidence) {
		if at.Hour() == 1 && at.Minute() < 20 { // every night
			ev.RTT, ev.Loss = 120*time.Millisecond, 0.1
		}
		if at.Day() == 4 && at.Hour() == 10 { // once
			ev.RTT, ev.Loss = 200*time.Millisecond, 0.3
		}
	}), time.UTC)
	night, morning := b.Hours[1], b.Hours[2*24+10] // Monday, and the Wednesday of that day
	if night.RTTHigh < 100*time.Millisecond || night.LossHigh < 0.09 {
		t.Errorf("the nightly backup is not in the baseline: %+v", night)
	}
	if night.RTT > 25*time.Millisecond {
		t.Errorf("the backup is twenty minutes, and the hour's median is %s", night.RTT)
	}
	if morning.RTTHigh > 30*time.Millisecond || morning.LossHigh > 0.01 || morning.Loss > 0.01 {
		t.Errorf("one bad morning is in the baseline: %+v", morning)
	}
	if b.Days[10].Minutes != 28*60 || night.Minutes != 4*60 {
		t.Errorf("%d and %d minutes", b.Days[10].Minutes, night.Minutes)
	}
}

func TestABaselineDoesNotHangOnOrderOrRepetition(t *testing.T) {
	t.Parallel()
	minutes := history(7, func(at time.Time, ev *inventory.Evidence) { ev.Loss = float64(at.Minute()%3) / 40 })
	want := incident.BuildBaseline(minutes, time.UTC)
	rng := rand.New(rand.NewPCG(1, 2))
	dirty := append(minutes, minutes[:3000]...)
	rng.Shuffle(len(dirty), func(i, k int) { dirty[i], dirty[k] = dirty[k], dirty[i] })
	dirty = append(dirty, inventory.Evidence{Kind: inventory.EvidenceSweep}, inventory.Evidence{Kind: inventory.EvidenceLink, Loss: 7})
	if diff := cmp.Diff(want, incident.BuildBaseline(dirty, time.UTC)); diff != "" {
		t.Error(diff)
	}
}

func TestAnEmptyHistoryJudgesNothing(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(incident.Baseline{}, incident.BuildBaseline(nil, nil)); diff != "" {
		t.Error(diff)
	}
}
