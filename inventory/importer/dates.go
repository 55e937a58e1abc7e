package importer

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"muster/inventory"
)

// Forms that can be read in one way only. The time of day, which exports of
// other systems append, is dropped.
var clearForms = []string{
	"2006/1/2", "2006-1-2", "2006.1.2", "20060102",
	"2 Jan 2006", "2 January 2006", "2-Jan-2006", "2-January-2006", "2/Jan/2006",
	"Jan 2, 2006", "January 2, 2006", "Jan 2 2006", "January 2 2006",
	"Mon 2 Jan 2006", "Monday 2 January 2006", "Mon Jan 2, 2006",
}

var (
	numericForm = regexp.MustCompile(`^([0-9]{1,2})[/.\-]([0-9]{1,2})[/.\-]([0-9]{4})$`)
	shortYear   = regexp.MustCompile(`^[0-9]{1,2}[/.\- ][0-9A-Za-z]{1,9}[/.\- ][0-9]{2}$`)
	serialDay   = regexp.MustCompile(`^[0-9]{5}(\.[0-9]+)?$`)
	timeOfDay   = regexp.MustCompile(`[T ][0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?( ?[AaPp][Mm])?(Z| ?[+-][0-9]{2}:?[0-9]{2})?$`)
	ordinal     = regexp.MustCompile(`^([0-9]{1,2})(st|nd|rd|th) `)
)

// readDate reads a date that can be read in one way only. Where day and month
// could change places it is refused unless dayFirst was declared; then a month
// above 12 is an error rather than read the other way round.
func readDate(value string, dayFirst bool) (inventory.Date, error) {
	text := strings.TrimSpace(timeOfDay.ReplaceAllString(value, ""))
	text = ordinal.ReplaceAllString(text, "$1 ")
	if d, err := inventory.ParseDate(text); err == nil {
		return d, nil // what our own exports write is taken as it is
	}
	if m := numericForm.FindStringSubmatch(text); m != nil {
		return readNumericDate(m, dayFirst)
	}
	for _, form := range clearForms {
		if t, err := time.Parse(form, text); err == nil {
			return dated(t)
		}
	}
	switch {
	case shortYear.MatchString(text):
		return "", &cellError{why: "the year has two digits: write all four"}
	case serialDay.MatchString(text):
		return "", &cellError{why: "a spreadsheet's day number, not a date: format the cells as a date or as text"}
	default:
		return "", &cellError{why: "not a date such as 2026-11-23 or 23 Nov 2026"}
	}
}

func readNumericDate(m []string, dayFirst bool) (inventory.Date, error) {
	first, _ := strconv.Atoi(m[1])
	second, _ := strconv.Atoi(m[2])
	year, _ := strconv.Atoi(m[3])
	asDayFirst, okDay := civil(year, second, first)
	asMonthFirst, okMonth := civil(year, first, second)
	switch {
	case dayFirst && okDay:
		return dated(asDayFirst)
	case dayFirst:
		return "", &cellError{why: "not a date with the day first, as was declared"}
	case okDay && okMonth && first != second:
		return "", &cellError{
			why:        "could be " + asDayFirst.Format("2 January 2006") + " or " + asMonthFirst.Format("2 January 2006"),
			suggestion: fmt.Sprintf("write %s, or declare the file day-first", asDayFirst.Format(time.DateOnly)),
		}
	case okDay:
		return dated(asDayFirst)
	case okMonth:
		return dated(asMonthFirst)
	default:
		return "", &cellError{why: "there is no such day"}
	}
}

func civil(year, month, day int) (time.Time, bool) {
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return t, t.Month() == time.Month(month) && t.Day() == day
}

// dated refuses years in which nothing of an estate was ever bought or ends.
func dated(t time.Time) (inventory.Date, error) {
	if t.Year() < 1970 || t.Year() > 2199 {
		return "", &cellError{why: fmt.Sprintf("the year %d is outside 1970 to 2199", t.Year())}
	}
	return inventory.DateOf(t), nil
}
