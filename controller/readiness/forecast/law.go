package forecast

import (
	"fmt"
	"math"
	"slices"

	"muster/controller/readiness/calendar"
	"muster/inventory"
)

// NeedDays is how many working days of history a forecast needs.
const NeedDays = 10

// law is what a working day brought: per crew, or in all.
type law struct {
	days    []inventory.Date
	rates   []float64 // of each day
	crews   int       // at work at the end of the history
	total   int
	mean    float64
	spread  float64 // of the logarithm of the mean, by its standard error
	run     int     // days that are drawn in a row, on average: 1 where they do not follow on one another
	refused string
}

// newLaw counts the history by working days. What came in on a day off belongs
// to the working day after it.
func newLaw(counts []DayCount, from, today inventory.Date, cal *calendar.Calendar, what string) law {
	var l law
	first := from
	for _, c := range counts {
		if !from.Set() && (!first.Set() || c.Day < first) {
			first = c.Day
		}
	}
	until, ok := cal.Add(today, -1)
	if first.Set() && ok {
		l.days = cal.Since(first, until)
	}
	if n := len(l.days); n < NeedDays {
		l.refused = fmt.Sprintf("%d working days of history, %d are needed", n, NeedDays)
		return l
	}
	byDay := l.count(counts, today)
	l.rates = make([]float64, len(l.days))
	for i := range l.days {
		crews := max(byDay[i].crews, 1)
		l.rates[i] = float64(byDay[i].total) / float64(crews)
		l.total += byDay[i].total
	}
	l.crews = lastCrews(byDay)
	l.measure()
	if l.total <= 0 {
		l.refused = fmt.Sprintf("no %s in %d working days", what, len(l.days))
	}
	return l
}

type dayTotal struct{ total, crews int }

// dutyDays is how many working days a crew is taken to be still on duty after
// the last that it was heard of: a week without a verified swap happens, and a
// crew that left is soon out of the account.
const dutyDays = 5

// count adds up by working day, and how many crews were on duty on each.
func (l *law) count(counts []DayCount, today inventory.Date) []dayTotal {
	byDay := make([]dayTotal, len(l.days))
	type duty struct{ first, last int }
	crews := map[string]duty{}
	for _, c := range counts {
		i, _ := slices.BinarySearch(l.days, c.Day)
		if c.Day >= today || c.Day < l.days[0] {
			continue // a day that is not over, or lies before the history
		}
		i = min(i, len(l.days)-1)
		byDay[i].total += c.Count
		d, known := crews[c.Crew]
		if !known {
			d = duty{i, i}
		}
		crews[c.Crew] = duty{min(d.first, i), max(d.last, i)}
	}
	for _, d := range crews {
		for i := d.first; i <= min(d.last+dutyDays, len(byDay)-1); i++ {
			byDay[i].crews++
		}
	}
	return byDay
}

func lastCrews(byDay []dayTotal) int {
	for _, d := range slices.Backward(byDay) {
		if d.crews > 0 {
			return d.crews
		}
	}
	return 1
}

// measure finds mean and spread. Both the spread and the days to come allow for
// days that follow on one another: where a good day makes the next one good, n
// days tell less than n independent ones, and good and bad weeks are to be
// expected. The share of that is taken from the neighbours of a day and only
// where it stands clear of chance.
func (l *law) measure() {
	l.run = 1
	n := float64(len(l.rates))
	for _, r := range l.rates {
		l.mean += r / n
	}
	if l.mean == 0 {
		return
	}
	var squares, pairs float64
	for i, r := range l.rates {
		squares += (r - l.mean) * (r - l.mean)
		if i > 0 {
			pairs += (r - l.mean) * (l.rates[i-1] - l.mean)
		}
	}
	if squares == 0 {
		return
	}
	inflation := 1.0
	if rho := pairs / squares; rho > 2/math.Sqrt(n) {
		rho = min(rho, 0.8)
		inflation = (1 + rho) / (1 - rho)
		l.run = 1 + int(math.Ceil(2*rho/(1-rho)))
	}
	l.spread = math.Sqrt(squares/(n-1)*inflation/n) / math.Abs(l.mean)
}
