package inventory_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"muster/inventory"
)

// monday is 00:00 of a Monday.
var monday = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

func TestHoursOpenAtTheirFirstMinuteAndShutAtTheirLast(t *testing.T) {
	h := inventory.Hours("Mon-Fri 08:00-18:00; Sat,Sun 9:00-12:30")
	if err := h.Validate(); err != nil {
		t.Fatal(err)
	}
	for after, want := range map[time.Duration]bool{
		8*time.Hour - time.Second:              false,
		8 * time.Hour:                          true,
		18*time.Hour - time.Second:             true,
		18 * time.Hour:                         false,
		5*24*time.Hour + 12*time.Hour:          true,
		6*24*time.Hour + 12*time.Hour + 1800e9: false,
	} {
		if got := h.Open(monday.Add(after)); got != want {
			t.Errorf("%s: open is %v", monday.Add(after).Format("Mon 15:04:05"), got)
		}
	}
}

func TestHoursMayWrapTheWeekAndReachMidnight(t *testing.T) {
	h := inventory.Hours("Sat-Mon 20:00-24:00")
	for day, want := range []bool{true, false, false, false, false, true, true} {
		if got := h.Open(monday.AddDate(0, 0, day).Add(23*time.Hour + 59*time.Minute)); got != want {
			t.Errorf("%s: open is %v", monday.AddDate(0, 0, day).Weekday(), got)
		}
	}
}

func TestASiteIsNeverExcusedByATypingError(t *testing.T) {
	for _, bad := range []inventory.Hours{
		"Mon", "Mon 8-18", "Mon 08:00", "Mon 18:00-08:00", "Mon 08:00-08:00", "Mo 08:00-18:00", "Mon-Xyz 08:00-18:00", "Mon 08:00-25:00",
		"Mon 08:00-18:00 09:00-10:00", "Mon 08:60-18:00", "-Mon 08:00-18:00", ", 08:00-18:00", inventory.Hours(strings.Repeat(";", inventory.MaxText+1)),
	} {
		if bad.Validate() == nil {
			t.Errorf("%q is taken for hours", bad)
		}
		if !bad.Open(monday) {
			t.Errorf("%q shuts the site", bad)
		}
	}
	for _, always := range []inventory.Hours{"", " ", ";", "; ;"} {
		if err := always.Validate(); err != nil || !always.Open(monday) {
			t.Errorf("%q: %v, open %v", always, err, always.Open(monday))
		}
	}
}

func TestHoursAgreeWithCountingMinutes(t *testing.T) {
	names := []string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}
	random := rand.New(rand.NewPCG(1, 1))
	for range 300 {
		var parts []string
		var open [7][24 * 60]bool
		for range 1 + random.IntN(3) {
			first, last := random.IntN(7), random.IntN(7)
			from := random.IntN(24*60 - 1)
			to := from + 1 + random.IntN(24*60-from)
			parts = append(parts, fmt.Sprintf("%s-%s %02d:%02d-%02d:%02d", names[first], names[last], from/60, from%60, to/60, to%60))
			for day := first; ; day = (day + 1) % 7 {
				for minute := from; minute < to; minute++ {
					open[day][minute] = true
				}
				if day == last {
					break
				}
			}
		}
		h := inventory.Hours(strings.Join(parts, "; "))
		for range 100 {
			at := monday.Add(time.Duration(random.Int64N(int64(7 * 24 * time.Hour))))
			if want := open[at.Weekday()][at.Hour()*60+at.Minute()]; h.Open(at) != want {
				t.Fatalf("%q at %s: open is %v", h, at.Format("Mon 15:04"), !want)
			}
		}
	}
}

func FuzzHours(f *testing.F) {
	f.Add("Mon-Fri 08:00-18:00; Sat 09:00-12:30", int64(0))
	f.Fuzz(func(t *testing.T, text string, unix int64) {
		h := inventory.Hours(text)
		if !h.Open(time.Unix(unix, 0).UTC()) && h.Validate() != nil {
			t.Fatalf("%q cannot be read and shuts the site", text)
		}
	})
}
