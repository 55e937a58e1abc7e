package intake

import (
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestBootClockZeroTakesTheLeastDelayedReport(t *testing.T) {
	zero := noon.Add(-time.Hour)
	var z BootZero
	for _, delay := range []time.Duration{800 * time.Millisecond, 20 * time.Millisecond, 3 * time.Second} {
		sent := z.MeasuredAt.Add(time.Minute)
		if z.MeasuredAt.IsZero() {
			sent = noon
		}
		z = z.Measure("boot-1", sent.Sub(zero), sent.Add(delay))
	}
	if off := z.At.Sub(zero); off < 0 || off > 50*time.Millisecond {
		t.Errorf("zero is off by %v, want about the 20 ms of the fastest report", off)
	}
}

func TestBootClockZeroFollowsASlowClock(t *testing.T) {
	zero, z := noon, BootZero{}
	const slow = 50e-6
	for hour := range 24 * 7 {
		actual := time.Duration(hour) * time.Hour
		shown := actual - time.Duration(float64(actual)*slow)
		z = z.Measure("boot-1", shown, zero.Add(actual))
	}
	week := 7 * 24 * time.Hour
	shown := week - time.Duration(float64(week)*slow)
	if off := z.At.Add(shown).Sub(zero.Add(week)); off.Abs() > 2*time.Second {
		t.Errorf("after a week a reading is dated %v off", off)
	}
}

func TestReadingIsDatedByItsBootClock(t *testing.T) {
	received := noon
	zeros := measureBoot(nil, "boot-2", 10*time.Minute, received)
	zeros = measureBoot(zeros, "boot-3", time.Minute, received)
	wrongWall := time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		boot  string
		clock time.Duration
		wall  time.Time
		want  time.Time
	}{
		"read a while before it was sent":            {"boot-2", 4 * time.Minute, wrongWall, received.Add(-6 * time.Minute)},
		"the present boot":                           {"boot-3", time.Minute, wrongWall, received},
		"a boot that nobody measured: the wall":      {"boot-1", time.Hour, received.Add(-time.Hour), received.Add(-time.Hour)},
		"a wall clock ahead of ours":                 {"boot-1", time.Hour, received.Add(time.Hour), received},
		"a wall clock that is years off":             {"boot-1", time.Hour, wrongWall, received},
		"a boot clock ahead of what was just sent":   {"boot-3", time.Hour, wrongWall, received},
		"no wall clock at all, and no measured boot": {"boot-1", 0, time.Time{}, received},
	} {
		if got := DateReading(zeros, tc.boot, tc.clock, tc.wall, received); !got.Equal(tc.want) {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
	for i := range 10 {
		zeros = measureBoot(zeros, "boot-x"+string(rune('a'+i)), time.Minute, received)
	}
	if len(zeros) != rememberedBoots || zeros[0].Boot != "boot-xj" {
		t.Errorf("%d boots are remembered, the newest is %s", len(zeros), zeros[0].Boot)
	}
}

func TestBucketGivesItsBurstAndThenItsRate(t *testing.T) {
	var b bucket
	for i := range 10 {
		if wait := b.take(2, 10, noon); wait != 0 {
			t.Fatalf("token %d of the burst: wait %v", i, wait)
		}
	}
	if wait := b.take(2, 10, noon); wait != 500*time.Millisecond {
		t.Errorf("an empty bucket says %v, want 500ms", wait)
	}
	if wait := b.take(2, 10, noon.Add(500*time.Millisecond)); wait != 0 {
		t.Errorf("after that it still says %v", wait)
	}
	if wait := b.take(2, 10, noon.Add(-time.Hour)); wait <= 0 {
		t.Error("a clock that goes back fills the bucket")
	}
}

func TestLimiterIsBoundedAndSharesWhatIsLeft(t *testing.T) {
	l := newLimiter[int](1, 1, 100)
	for key := range 100 {
		if l.take(key, noon) != 0 {
			t.Fatal("a new key has no token")
		}
	}
	if l.take(1000, noon) != 0 {
		t.Error("the first of the others has no token")
	}
	if l.take(1001, noon) == 0 || len(l.buckets) != 100 {
		t.Error("keys beyond the bound do not share one bucket")
	}
	if l.take(1002, noon.Add(time.Minute)) != 0 || len(l.buckets) != 1 {
		t.Errorf("full buckets are not forgotten: %d are left", len(l.buckets))
	}
	if l.empty(7, noon) != 0 || len(l.buckets) != 1 {
		t.Error("asking makes a bucket")
	}
}

func TestLimitsAreChecked(t *testing.T) {
	if err := DefaultLimits().validate(); err != nil {
		t.Error(err)
	}
	if (Limits{}).orDefault() != DefaultLimits() {
		t.Error("zero limits are not the default ones")
	}
	bad := DefaultLimits()
	bad.Queue = -1
	if bad.validate() == nil {
		t.Error("a negative queue is accepted")
	}
}
