package readiness_test

import (
	"testing"
	"time"

	"muster/controller/readiness"
	"muster/inventory"
)

func instant(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", text, london(t))
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestAMeasurementAgesByOpenHoursAlone(t *testing.T) {
	weekdays := inventory.Hours("Mon-Fri 08:00-18:00")
	for _, c := range []struct {
		hours       inventory.Hours
		now, fresh  string
		asOf, stale string // a measurement before this is stale
	}{
		{weekdays, "2026-11-23 10:00", "45m", "2026-11-23 10:00", "2026-11-23 09:15"},
		{weekdays, "2026-11-23 08:10", "45m", "2026-11-23 08:10", "2026-11-20 17:25"}, // over a weekend
		{weekdays, "2026-11-23 03:00", "45m", "2026-11-20 18:00", "2026-11-20 17:15"}, // in the night
		{weekdays, "2026-11-22 12:00", "45m", "2026-11-20 18:00", "2026-11-20 17:15"}, // on a Sunday
		{weekdays, "2026-11-23 10:00", "12h", "2026-11-23 10:00", "2026-11-20 08:00"},
		{weekdays, "2026-11-23 10:00", "7d", "2026-11-23 10:00", "2026-11-12 10:00"}, // seven open days
		{weekdays, "2026-11-22 10:00", "1d", "2026-11-20 18:00", "2026-11-19 18:00"},
		{"", "2026-11-22 03:00", "45m", "2026-11-22 03:00", "2026-11-22 02:15"}, // always open
		{"", "2026-11-22 03:00", "7d", "2026-11-22 03:00", "2026-11-15 03:00"},
		{"no hours", "2026-11-22 03:00", "1h", "2026-11-22 03:00", "2026-11-22 02:00"}, // cannot be read: always open
		{weekdays, "2026-03-30 08:30", "1h", "2026-03-30 08:30", "2026-03-27 17:30"},   // clocks went forward between
		{"Wed 10:00-12:00", "2026-11-23 10:00", "3h", "2026-11-18 12:00", "2026-11-11 11:00"},
	} {
		fresh, err := readiness.ParseFresh(c.fresh)
		if err != nil {
			t.Fatal(err)
		}
		o := readiness.NewOpening(c.hours, london(t))
		asOf := o.LastOpen(instant(t, c.now))
		if cut := o.Cutoff(asOf, fresh); !asOf.Equal(instant(t, c.asOf)) || !cut.Equal(instant(t, c.stale)) {
			t.Errorf("%s at %s, fresh %s: as of %s, stale before %s", c.hours, c.now, c.fresh, asOf, cut)
		}
	}
}

func TestADayOnWhichTheSiteStaysShutAgesNothing(t *testing.T) {
	christmas := inventory.DaySpan{From: "2026-12-25", To: "2026-12-28"} // a Friday to the Monday after
	o := readiness.NewOpening("Mon-Fri 08:00-18:00", london(t), christmas)
	if got := o.LastOpen(instant(t, "2026-12-28 11:00")); !got.Equal(instant(t, "2026-12-24 18:00")) {
		t.Errorf("last open %s", got)
	}
	for fresh, want := range map[string]string{"45m": "2026-12-24 17:45", "1d": "2026-12-24 08:30"} {
		f, err := readiness.ParseFresh(fresh)
		if err != nil {
			t.Fatal(err)
		}
		if cut := o.Cutoff(instant(t, "2026-12-29 08:30"), f); !cut.Equal(instant(t, want)) {
			t.Errorf("%s: %s", fresh, cut)
		}
	}
	if got := o.Between(instant(t, "2026-12-24 17:00"), instant(t, "2026-12-29 09:00")); got != 2*time.Hour {
		t.Error(got)
	}
	always := readiness.NewOpening("", london(t), christmas)
	if now := instant(t, "2026-12-28 11:00"); !always.LastOpen(now).Equal(now) {
		t.Error("what is always open was shut")
	}
}

func TestFreshnessReadsHoursAndDays(t *testing.T) {
	for text, want := range map[string]string{"45m": "45m", "1h30m": "1h30m", "36h": "36h", "7d": "7d", "90s": "1m30s", "120m": "2h"} {
		if f, err := readiness.ParseFresh(text); err != nil || f.String() != want {
			t.Errorf("%s: %s, %v; want %s", text, f, err, want)
		}
	}
	for _, text := range []string{"", "0d", "-1d", "d", "1.5d", "30s", "-3h", "999999h", "400d", "soon"} {
		if f, err := readiness.ParseFresh(text); err == nil {
			t.Errorf("%q: %s", text, f)
		}
	}
}

func TestOpenTimeBetweenTwoMomentsLeavesNightsOut(t *testing.T) {
	o := readiness.NewOpening("Mon-Fri 08:00-18:00", london(t))
	if got := o.Between(instant(t, "2026-11-20 17:00"), instant(t, "2026-11-23 09:30")); got != 150*time.Minute {
		t.Error(got)
	}
	if got := o.Between(instant(t, "2026-11-23 09:30"), instant(t, "2026-11-20 17:00")); got != 0 {
		t.Error(got)
	}
}
