package inventory_test

import (
	"testing"
	"time"

	"muster/inventory"
)

func london(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// TestOpenSpansAgreeWithOpenAtEveryMinute walks the weekend when clocks change.
func TestOpenSpansAgreeWithOpenAtEveryMinute(t *testing.T) {
	zone := london(t)
	for _, h := range []inventory.Hours{"", "Mon-Fri 08:00-18:00; Sat 09:00-12:30", "Sat-Sun 00:00-24:00", "Sun 00:30-03:00", "Mon 08:00-12:00; Mon 11:00-13:00"} {
		for _, begin := range []time.Time{
			time.Date(2026, 3, 27, 13, 7, 0, 0, time.UTC), time.Date(2026, 10, 23, 22, 0, 0, 0, time.UTC),
		} {
			period := inventory.Span{From: begin, To: begin.Add(4 * 24 * time.Hour)}
			spans := h.OpenSpans(period, zone)
			for at := period.From; at.Before(period.To); at = at.Add(time.Minute) {
				in := false
				for _, s := range spans {
					in = in || s.Holds(at)
				}
				if want := h.Open(at.In(zone)); in != want {
					t.Fatalf("%q at %s: open spans say %t, Open says %t", h, at.In(zone), in, want)
				}
			}
		}
	}
}

func TestTheNightWhenClocksGoBackIsAnHourLonger(t *testing.T) {
	zone := london(t)
	day := inventory.Span{From: time.Date(2026, 10, 25, 0, 0, 0, 0, zone), To: time.Date(2026, 10, 26, 0, 0, 0, 0, zone)}
	var sum time.Duration
	for _, s := range inventory.Hours("Sun 00:00-24:00").OpenSpans(day, zone) {
		sum += s.For()
	}
	if sum != 25*time.Hour {
		t.Errorf("the Sunday of 25 October 2026 is open for %s, want 25h", sum)
	}
}

func TestJoinedSpansLieApartAndCoverTheSame(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2026, 11, 23, 9, minute, 0, 0, time.UTC) }
	joined := inventory.JoinSpans([]inventory.Span{
		{From: at(10), To: at(20)}, {From: at(0), To: at(5)}, {From: at(5), To: at(6)}, {From: at(12), To: at(15)}, {From: at(30), To: at(30)},
	})
	want := []inventory.Span{{From: at(0), To: at(6)}, {From: at(10), To: at(20)}}
	if len(joined) != len(want) || joined[0] != want[0] || joined[1] != want[1] {
		t.Errorf("joined %v, want %v", joined, want)
	}
}
