package pac

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// zone takes a closing "GMT" off the words, and is now in the zone they mean.
func zone(now time.Time, words []string) (time.Time, []string) {
	if n := len(words); n > 0 && words[n-1] == "GMT" {
		return now.UTC(), words[:n-1]
	}
	return now, words
}

// within reports whether at lies between two ends of a circle, both included.
func within(from, at, to int) bool {
	if from <= to {
		return from <= at && at <= to
	}
	return at >= from || at <= to
}

// weekdayRange is weekdayRange("MON"), ("MON", "FRI"), each with "GMT".
func weekdayRange(now time.Time, words []string) bool {
	now, words = zone(now, words)
	days := []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}
	if len(words) == 0 || len(words) > 2 {
		return false
	}
	from, to := slices.Index(days, words[0]), slices.Index(days, words[len(words)-1])
	return from >= 0 && to >= 0 && within(from, int(now.Weekday()), to)
}

// timeRange is timeRange(hour), (hour, hour), (hour, minute, hour, minute), or
// with seconds, each with "GMT". The last hour alone is not included.
func timeRange(now time.Time, words []string) bool {
	now, words = zone(now, words)
	n := make([]int, len(words))
	for i, w := range words {
		var err error
		if n[i], err = strconv.Atoi(w); err != nil {
			return false
		}
	}
	at := now.Hour()*3600 + now.Minute()*60 + now.Second()
	switch len(n) {
	case 1:
		return now.Hour() == n[0]
	case 2:
		return within(n[0]*3600, at, n[1]*3600-1)
	case 4:
		return within(n[0]*3600+n[1]*60, at, n[2]*3600+n[3]*60)
	case 6:
		return within(n[0]*3600+n[1]*60+n[2], at, n[3]*3600+n[4]*60+n[5])
	default:
		return false
	}
}

// dateRange is dateRange(day), (month), (year), two of a kind, or two dates of
// like parts, each with "GMT". Where no year is named, a range may go over the
// end of the year.
func dateRange(now time.Time, words []string) bool {
	now, words = zone(now, words)
	half := (len(words) + 1) / 2
	if len(words) == 0 || len(words) > 6 || len(words) > 1 && len(words)%2 != 0 {
		return false
	}
	from, kindsFrom, ok := dateOf(words[:half])
	to, kindsTo, also := from, kindsFrom, ok
	if len(words) > 1 {
		to, kindsTo, also = dateOf(words[half:])
	}
	if !ok || !also || kindsFrom != kindsTo {
		return false
	}
	at := 0
	for _, kind := range kindsFrom {
		switch kind {
		case 'y':
			at += now.Year() * 10000
		case 'm':
			at += int(now.Month()) * 100
		case 'd':
			at += now.Day()
		}
	}
	return within(from, at, to)
}

// dateOf is a date as a number that orders like it, and which parts it names.
func dateOf(words []string) (value int, kinds string, ok bool) {
	const months = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"
	parts := map[rune]int{}
	for _, w := range words {
		kind, v := 'd', 0
		if i := strings.Index(months, w); len(w) == 3 && i >= 0 && i%3 == 0 {
			kind, v = 'm', (i/3+1)*100
		} else {
			n, err := strconv.Atoi(w)
			if err != nil || n < 1 || n > 9999 {
				return 0, "", false
			}
			if v = n; n > 31 {
				kind, v = 'y', n*10000
			}
		}
		if _, twice := parts[kind]; twice {
			return 0, "", false
		}
		parts[kind] = v
	}
	for _, kind := range "ymd" {
		if v, named := parts[kind]; named {
			value += v
			kinds += string(kind)
		}
	}
	return value, kinds, true
}
