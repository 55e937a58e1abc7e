package readiness

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"muster/inventory"
)

// MaxWaiverDays bounds how long one waiver may last: what nobody looks at for
// longer is no exception any more.
const MaxWaiverDays = 366

// WaiverHolds reports whether a waiver holds on a day of its site, at a moment.
func WaiverHolds(w inventory.Waiver, today inventory.Date, now time.Time) bool {
	return (w.EndedAt.IsZero() || now.Before(w.EndedAt)) && w.Until.Set() && today <= w.Until && !now.Before(w.At)
}

// GiveWaiver gives a waiver over a gate's criterion, or one row of it. today is
// the date at the site. The waiver carries its id, site, gate, criterion, subject,
// owner, reason, until and by.
func GiveWaiver(g *Gate, w inventory.Waiver, today inventory.Date, now time.Time) (inventory.Waiver, []inventory.Event, error) {
	fail := func(format string, args ...any) (inventory.Waiver, []inventory.Event, error) {
		return w, nil, fmt.Errorf("cannot waive %s at %s: "+format, append([]any{w.Criterion, w.Site}, args...)...)
	}
	known := slices.ContainsFunc(g.Criteria, func(c Criterion) bool { return c.ID == w.Criterion })
	latest := inventory.DateOf(today.Time().AddDate(0, 0, MaxWaiverDays))
	switch {
	case w.Gate != g.Name:
		return fail("it is of gate %q, not of %q", w.Gate, g.Name)
	case !known:
		var ids []string
		for _, c := range g.Criteria {
			ids = append(ids, c.ID)
		}
		return fail("gate %s has no such criterion; known: %s", g.Name, strings.Join(ids, ", "))
	case strings.TrimSpace(w.Owner) == "":
		return fail("it needs an owner, who answers for it")
	case strings.TrimSpace(w.Reason) == "":
		return fail("it needs a reason")
	case !w.Until.Set():
		return fail("it needs an expiry")
	case w.Until < today:
		return fail("%s is over", w.Until)
	case w.Until > latest:
		return fail("%s is further off than %d days, %s", w.Until, MaxWaiverDays, latest)
	}
	w.At, w.EndedAt, w.Version = now.UTC(), time.Time{}, 1
	return w, event(inventory.EventWaiverGiven, inventory.NounWaiver, w.ID, w.By, w, now), nil
}

// EndWaiver ends a waiver before its time.
func EndWaiver(w inventory.Waiver, by string, now time.Time) (inventory.Waiver, []inventory.Event, error) {
	if !w.EndedAt.IsZero() {
		return w, nil, fmt.Errorf("cannot end waiver %s: it ended on %s", w.ID, w.EndedAt.Format(time.DateOnly))
	}
	next := w
	next.EndedAt = now.UTC()
	next.Version++
	return next, event(inventory.EventWaiverEnded, inventory.NounWaiver, w.ID, by, next, now), nil
}

// ExpireWaiver ends a waiver whose last day is over. expired says whether it was.
func ExpireWaiver(w inventory.Waiver, today inventory.Date, now time.Time) (next inventory.Waiver, events []inventory.Event, expired bool) {
	if !w.EndedAt.IsZero() || !w.Until.Set() || today <= w.Until {
		return w, nil, false
	}
	next = w
	next.EndedAt = now.UTC()
	next.Version++
	return next, event(inventory.EventWaiverEnded, inventory.NounWaiver, w.ID, AuthorMuster, next, now), true
}

// AboutToExpire lists the waivers that hold and whose last day is within so many
// days, the nearest first: their owners are told.
func AboutToExpire(waivers []inventory.Waiver, today inventory.Date, within int, now time.Time) []inventory.Waiver {
	horizon := inventory.DateOf(today.Time().AddDate(0, 0, within))
	var soon []inventory.Waiver
	for _, w := range waivers {
		if WaiverHolds(w, today, now) && w.Until <= horizon {
			soon = append(soon, w)
		}
	}
	slices.SortFunc(soon, func(a, b inventory.Waiver) int {
		if c := strings.Compare(string(a.Until), string(b.Until)); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return soon
}
