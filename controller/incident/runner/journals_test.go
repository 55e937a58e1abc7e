package runner

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/controller/intake"
	"muster/inventory"
	"muster/inventory/wire"
)

var ten = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// heard is a report of a boot whose clock stood at zero at an instant.
func heard(boot string, zero, at time.Time, journal ...inventory.JournalRow) intake.Accepted {
	return intake.Accepted{
		Workstation: "w00000001", ReceivedAt: at, ReadAt: at, Journal: journal,
		Report: wire.Report{Workstation: "w00000001", Boot: boot, BootClock: at.Sub(zero)},
	}
}

func TestAJournalIsAskedForBootByBootInItsOwnClock(t *testing.T) {
	now := ten
	j := newJournals(func() time.Time { return now })
	zero := ten.Add(-time.Hour)
	j.heard(heard("boot-old", zero, ten.Add(-5*time.Minute)))
	if got := j.next("w00000001"); got != nil {
		t.Fatalf("nothing is wanted, asked was %v", got)
	}
	// A power cut at 10:00, the machine is back at 10:10.
	back := ten.Add(10 * time.Minute)
	now = back.Add(time.Minute)
	j.heard(heard("boot-new", back, now))
	j.want("w00000001", ten.Add(-time.Minute), now)
	var got []wire.JournalSpan
	for range 3 {
		if span := j.next("w00000001"); span != nil {
			got = append(got, *span)
		}
	}
	want := []wire.JournalSpan{
		{Boot: "boot-old", From: time.Hour - time.Minute - askMargin, To: time.Hour + 10*time.Minute},
		{Boot: "boot-new", From: 0, To: time.Minute},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestASpanThatDidNotComeIsAskedForAgainAndOneThatCameIsNot(t *testing.T) {
	now := ten
	j := newJournals(func() time.Time { return now })
	zero := ten.Add(-time.Hour)
	j.heard(heard("boot-one", zero, ten))
	j.want("w00000001", ten.Add(-2*time.Minute), ten.Add(-time.Minute))
	asked := 0
	for range 200 { // a report every ten seconds, for half an hour
		if j.next("w00000001") != nil {
			asked++
		}
		now = now.Add(10 * time.Second)
	}
	if asked != mostAsks {
		t.Errorf("a machine that never sends it was asked %d times, want %d", asked, mostAsks)
	}
	j.want("w00000001", ten.Add(-2*time.Minute), ten.Add(time.Minute)) // it has grown
	if j.next("w00000001") == nil {
		t.Fatal("a span that has grown is not asked for")
	}
	tick := inventory.JournalRow{Boot: "boot-one", BootClock: time.Hour - 90*time.Second, At: ten.Add(-90 * time.Second), Kind: string(wire.RecordTick)}
	j.heard(heard("boot-one", zero, now, tick))
	now = now.Add(time.Hour)
	if span := j.next("w00000001"); span != nil {
		t.Errorf("what came is asked for again: %v", span)
	}
}

func TestWhatNobodyWaitsForAnyMoreIsNotAskedFor(t *testing.T) {
	now := ten
	j := newJournals(func() time.Time { return now })
	zero := ten.Add(-time.Hour)
	j.heard(heard("boot-one", zero, ten))
	j.want("w00000001", ten.Add(-time.Minute), ten)
	now = ten.Add(keepWantsFor + time.Minute)
	j.heard(heard("boot-one", zero, now))
	if span := j.next("w00000001"); span != nil {
		t.Errorf("after three days it is still asked for: %v", span)
	}
	if span := j.next("w99999999"); span != nil {
		t.Errorf("a machine that was never heard of is asked for %v", span)
	}
}

func TestOnlyTheLastFewBootsAreRemembered(t *testing.T) {
	j := newJournals(func() time.Time { return ten })
	for n := range 20 {
		j.remember("w00000001", "boot-"+string(rune('a'+n)), ten.Add(time.Duration(n)*time.Minute))
	}
	if n := j.boots("w00000001"); n != rememberedBoots {
		t.Errorf("%d boots are remembered, want %d", n, rememberedBoots)
	}
}
