package calendar

import (
	"time"

	"muster/inventory"
)

// once lists the days of England and Wales that a proclamation or a regulation
// made or moved, as gov.uk/bank-holidays and the London Gazette have them. A
// moved one takes the place of the rule's day of that year.
var once = []struct {
	day   inventory.Date
	name  string
	moves inventory.Date // the day of the rule that is not one that year
}{
	{"1977-06-07", "Silver Jubilee", ""},
	{"1981-07-29", "Royal Wedding", ""},
	{"1995-05-08", "VE Day", "1995-05-01"},
	{"1999-12-31", "Millennium", ""},
	{"2002-06-03", "Golden Jubilee", ""},
	{"2002-06-04", "Spring bank holiday", "2002-05-27"},
	{"2011-04-29", "Royal Wedding", ""},
	{"2012-06-04", "Spring bank holiday", "2012-05-28"},
	{"2012-06-05", "Diamond Jubilee", ""},
	{"2020-05-08", "Early May bank holiday (VE Day)", "2020-05-04"},
	{"2022-06-02", "Spring bank holiday", "2022-05-30"},
	{"2022-06-03", "Platinum Jubilee", ""},
	{"2022-09-19", "State Funeral of Queen Elizabeth II", ""},
	{"2023-05-08", "Coronation of King Charles III", ""},
}

// Since when the rules are as they are: the Banking and Financial Dealings Act
// 1971, New Year's Day from 1974 and the early May holiday from 1978.
const (
	actYear      = 1971
	newYearSince = 1974
	earlyMay     = 1978
)

// BankHoliday is the name of the bank holiday of England and Wales on a day; it
// is empty where there is none. The rules hold from 1971 on.
func BankHoliday(day inventory.Date) string {
	t := day.Time()
	if t.IsZero() || t.Year() < actYear {
		return ""
	}
	for _, o := range once {
		switch day {
		case o.day:
			return o.name
		case o.moves:
			return ""
		}
	}
	return byRule(t)
}

// byRule is the holiday of a day by the rules alone. A fixed holiday at a
// weekend is taken on the next weekday that is free.
func byRule(t time.Time) string {
	year, month, day := t.Date()
	weekday := t.Weekday()
	monday := weekday == time.Monday
	switch {
	case weekday == time.Saturday || weekday == time.Sunday:
		return ""
	case month == time.January && year >= newYearSince && day == 1:
		return "New Year's Day"
	case month == time.January && year >= newYearSince && monday && day <= 3:
		return "New Year's Day (substitute day)"
	case month == time.May && year >= earlyMay && monday && day <= 7:
		return "Early May bank holiday"
	case month == time.May && monday && day >= 25:
		return "Spring bank holiday"
	case month == time.August && monday && day >= 25:
		return "Summer bank holiday"
	case month == time.December && day >= 25:
		return christmas(day, weekday)
	}
	switch days := int(t.Sub(Easter(year)).Hours() / 24); days {
	case -2:
		return "Good Friday"
	case 1:
		return "Easter Monday"
	default:
		return ""
	}
}

// christmas names the days after 24 December. Where both fall on a weekend the
// substitutes are Monday the 27th and Tuesday the 28th; where Christmas alone
// does (a Sunday), Boxing Day keeps Monday and Christmas takes Tuesday; where
// Boxing Day alone does (a Saturday), it takes Monday the 28th.
func christmas(day int, weekday time.Weekday) string {
	switch {
	case day == 25:
		return "Christmas Day"
	case day == 26:
		return "Boxing Day"
	case day == 27 && weekday == time.Monday: // 25 a Saturday, 26 a Sunday
		return "Christmas Day (substitute day)"
	case day == 27 && weekday == time.Tuesday: // 25 a Sunday
		return "Christmas Day (substitute day)"
	case day == 28 && weekday == time.Tuesday: // 26 a Sunday
		return "Boxing Day (substitute day)"
	case day == 28 && weekday == time.Monday: // 26 a Saturday
		return "Boxing Day (substitute day)"
	default:
		return ""
	}
}

// Easter is Easter Sunday of a year in the Gregorian calendar, by the algorithm
// of Meeus, Jones and Butcher.
func Easter(year int) time.Time {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	g := (8*b + 13) / 25
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 19*l) / 433
	month := (h + l - 7*m + 90) / 25
	day := (h + l - 7*m + 33*month + 19) % 32
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
}

// BankHolidays lists the bank holidays of a year, in order.
func BankHolidays(year int) []inventory.DaySpan {
	var out []inventory.DaySpan
	for t := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC); t.Year() == year; t = t.AddDate(0, 0, 1) {
		day := inventory.DateOf(t)
		if name := BankHoliday(day); name != "" {
			out = append(out, inventory.DaySpan{From: day, To: day, Why: name})
		}
	}
	return out
}
