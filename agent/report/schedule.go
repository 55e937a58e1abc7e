package report

import (
	"time"

	"muster/inventory/wire"
)

// Cadence is how often what is done. It comes from the controller's settings.
type Cadence struct {
	Every     time.Duration // at most so long between two reports
	Soonest   time.Duration // at least so long between two
	Health    time.Duration // between two readings of health
	Inventory time.Duration // of hardware, firmware and operating system
	Software  time.Duration
}

// DefaultCadence holds until the controller says otherwise.
func DefaultCadence() Cadence {
	return Cadence{
		Every: 5 * time.Minute, Soonest: time.Minute, Health: 2 * time.Minute,
		Inventory: 6 * time.Hour, Software: 4 * time.Hour,
	}
}

// CadenceOf reads settings; what they leave out or overdo keeps its default.
func CadenceOf(s wire.Settings) Cadence {
	c := DefaultCadence()
	for _, entry := range []struct {
		into          *time.Duration
		from          wire.Seconds
		least, utmost time.Duration
	}{
		{&c.Every, s.ReportEvery, time.Second, time.Hour},
		{&c.Soonest, s.ReportSoonest, time.Second, time.Hour},
		{&c.Health, s.HealthEvery, 5 * time.Second, time.Hour},
		{&c.Inventory, s.InventoryTry, time.Minute, 7 * 24 * time.Hour},
		{&c.Software, s.SoftwareEvery, time.Minute, 7 * 24 * time.Hour},
	} {
		if entry.from > 0 {
			*entry.into = min(max(entry.from.Duration(), entry.least), entry.utmost)
		}
	}
	c.Soonest = min(c.Soonest, c.Every)
	return c
}

// wholeEvery is which report repeats health, network and the names of lists though
// nothing changed: one in an hour of quiet. The controller looks for the last of
// each in a machine's last twenty reports.
const wholeEvery = 12

// Paces beside the cadence.
const (
	backlogEvery  = 15 * time.Second // between reports that carry owed journal records
	wantedAfter   = 2 * time.Second  // from a reply that asks for something to the next report
	firstRetry    = 2 * time.Second  // after the first failure; doubles
	longestRetry  = time.Minute      // between two tries while the uplink is lost
	refusedRetry  = 10 * time.Minute // after a refusal that no retry cures soon
	conflictRetry = time.Hour        // while the controller sees two of this machine
)

// urgency is why a report should go, the most urgent first.
type urgency int

const (
	urgent  urgency = iota // the way to the controller is in doubt, or something was asked for
	owing                  // journal records are owed
	changed                // something is not as the controller knows it
	routine                // nothing is new
)

// dueAt is when the next report should go, the last one having gone at last.
// jitter, in [0, 1), spreads agents that started together: a routine report
// comes up to a tenth early, the others up to a tenth late.
func dueAt(last time.Time, u urgency, c Cadence, jitter float64) time.Time {
	spread := func(d time.Duration) time.Duration { return time.Duration(float64(d) * jitter / 10) }
	switch {
	case last.IsZero():
		return last
	case u == urgent:
		return last.Add(wantedAfter + spread(wantedAfter))
	case u == owing:
		return last.Add(backlogEvery + spread(backlogEvery))
	case u == changed:
		return last.Add(c.Soonest + spread(c.Soonest))
	default:
		return last.Add(c.Every - spread(c.Every))
	}
}

// retryAfter is the wait before the next try, after so many failures in a row:
// doubling from firstRetry to longestRetry, between half and the whole of it, so
// that a county whose controller comes back does not return as one.
func retryAfter(failures int, jitter float64) time.Duration {
	wait := longestRetry
	if failures < 6 {
		wait = min(firstRetry<<max(failures-1, 0), longestRetry)
	}
	return wait/2 + time.Duration(float64(wait/2)*jitter)
}
