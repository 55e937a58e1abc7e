package calendar_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/controller/readiness/calendar"
	"muster/inventory"
)

func dates(year int) []inventory.Date {
	var out []inventory.Date
	for _, h := range calendar.BankHolidays(year) {
		out = append(out, h.From)
	}
	return out
}

// The lists are those of gov.uk/bank-holidays and the London Gazette.
func TestTheRulesGiveThePublishedBankHolidays(t *testing.T) {
	for year, want := range map[int][]inventory.Date{
		1999: {"1999-01-01", "1999-04-02", "1999-04-05", "1999-05-03", "1999-05-31", "1999-08-30", "1999-12-27", "1999-12-28", "1999-12-31"},
		2010: {"2010-01-01", "2010-04-02", "2010-04-05", "2010-05-03", "2010-05-31", "2010-08-30", "2010-12-27", "2010-12-28"},
		2011: {"2011-01-03", "2011-04-22", "2011-04-25", "2011-04-29", "2011-05-02", "2011-05-30", "2011-08-29", "2011-12-26", "2011-12-27"},
		2012: {"2012-01-02", "2012-04-06", "2012-04-09", "2012-05-07", "2012-06-04", "2012-06-05", "2012-08-27", "2012-12-25", "2012-12-26"},
		2020: {"2020-01-01", "2020-04-10", "2020-04-13", "2020-05-08", "2020-05-25", "2020-08-31", "2020-12-25", "2020-12-28"},
		2021: {"2021-01-01", "2021-04-02", "2021-04-05", "2021-05-03", "2021-05-31", "2021-08-30", "2021-12-27", "2021-12-28"},
		2022: {"2022-01-03", "2022-04-15", "2022-04-18", "2022-05-02", "2022-06-02", "2022-06-03", "2022-08-29", "2022-09-19", "2022-12-26", "2022-12-27"},
		2023: {"2023-01-02", "2023-04-07", "2023-04-10", "2023-05-01", "2023-05-08", "2023-05-29", "2023-08-28", "2023-12-25", "2023-12-26"},
		2025: {"2025-01-01", "2025-04-18", "2025-04-21", "2025-05-05", "2025-05-26", "2025-08-25", "2025-12-25", "2025-12-26"},
		2026: {"2026-01-01", "2026-04-03", "2026-04-06", "2026-05-04", "2026-05-25", "2026-08-31", "2026-12-25", "2026-12-28"},
		2027: {"2027-01-01", "2027-03-26", "2027-03-29", "2027-05-03", "2027-05-31", "2027-08-30", "2027-12-27", "2027-12-28"},
	} {
		if diff := cmp.Diff(want, dates(year)); diff != "" {
			t.Errorf("%d: %s", year, diff)
		}
	}
}

func TestEasterIsWhereTheTablesHaveIt(t *testing.T) {
	for year, want := range map[int]string{
		1818: "1818-03-22", 1943: "1943-04-25", 1961: "1961-04-02", 2000: "2000-04-23", 2008: "2008-03-23", 2024: "2024-03-31",
		2026: "2026-04-05", 2027: "2027-03-28", 2038: "2038-04-25", 2285: "2285-03-22",
	} {
		if got := calendar.Easter(year).Format(time.DateOnly); got != want {
			t.Errorf("%d: %s, want %s", year, got, want)
		}
	}
}

func TestEveryYearHasEightWorkingDaysOffByTheRules(t *testing.T) {
	for year := 2028; year <= 2128; year++ {
		days := calendar.BankHolidays(year)
		if len(days) != 8 {
			t.Fatalf("%d has %d: %v", year, len(days), days)
		}
		for _, d := range days {
			if w := d.From.Time().Weekday(); w == time.Saturday || w == time.Sunday {
				t.Errorf("%s is a %s", d.From, w)
			}
		}
	}
}

func TestWeekendsHolidaysAndFreezesAreNoWorkingDays(t *testing.T) {
	c, err := calendar.OfProgramme(inventory.Programme{Holidays: []string{"2026-11-30 inset day"}, Freezes: []string{"2026-12-21/2027-01-01 year end"}})
	if err != nil {
		t.Fatal(err)
	}
	for day, why := range map[inventory.Date]string{
		"2026-11-23": "", "2026-11-28": "weekend", "2026-11-30": "holiday: inset day", "2026-12-22": "freeze: year end",
		"2026-12-25": "Christmas Day", "2027-01-04": "", "": "not a date", "soon": "not a date",
	} {
		if got := c.Why(day); got != why || c.Working(day) != (why == "") {
			t.Errorf("%s: %q, want %q", day, got, why)
		}
	}
	if day, ok := c.Add("2026-12-18", 1); !ok || day != "2027-01-04" {
		t.Errorf("after 18 December comes %s", day)
	}
	if _, err := calendar.OfProgramme(inventory.Programme{Freezes: []string{"Christmas"}}); err == nil {
		t.Error("a freeze that cannot be read was taken")
	}
}

func TestAddAndBetweenAgree(t *testing.T) {
	c := calendar.New(nil, nil)
	for start := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC); start.Before(time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC)); start = start.AddDate(0, 0, 1) {
		from := inventory.DateOf(start)
		for n := 1; n < 30; n++ {
			to, ok := c.Add(from, n)
			if got := c.Between(from, to); !ok || got != n {
				t.Fatalf("%s and %d working days is %s, and between them are %d", from, n, to, got)
			}
			back, ok := c.Add(to, -n)
			if !ok || c.Between(back, to) != n {
				t.Fatalf("%d working days before %s is %s", n, to, back)
			}
		}
	}
}

func TestAFreezeWithoutEndHoldsNothingUp(t *testing.T) {
	c := calendar.New(nil, []inventory.DaySpan{{From: "2026-01-01", To: "9999-12-31"}})
	if _, ok := c.Add("2026-06-01", 1); ok {
		t.Error("a working day was found in a freeze without end")
	}
	if days := c.Days("2026-06-01", 5); len(days) != 0 {
		t.Errorf("working days %v", days)
	}
}

func TestElsewhereHasOnlyTheHolidaysOfItsFile(t *testing.T) {
	c := calendar.Elsewhere([]inventory.DaySpan{{From: "2026-11-30", To: "2026-11-30", Why: "St Andrew's Day"}}, nil)
	if c.Working("2026-11-30") || !c.Working("2026-08-31") {
		t.Error("a calendar of elsewhere keeps the bank holidays of England and Wales, or loses its own")
	}
}
