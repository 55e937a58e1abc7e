package stops

import (
	"time"

	"muster/inventory"
)

// ending is how one boot ended, and between which instants.
type ending struct {
	from, to time.Time // when it booted, and when the next boot did
	stop     inventory.Stop
}

// endingsOf walks through wtmp's records in their order. Each boot after another
// one ends that: cleanly, if a shutdown was written in between.
func endingsOf(records []utmpRecord) []ending {
	var all []ending
	var from time.Time // of the boot that is being walked through; zero: not seen
	var stopped *utmpRecord
	for i, r := range records {
		switch {
		case r.kind == utmpBoot:
			if !from.IsZero() {
				all = append(all, ending{from: from, to: r.at, stop: stopAt(stopped, r.at)})
			}
			from, stopped = r.at, nil
		case r.kind == utmpRunLevel && r.name == "shutdown",
			r.kind == utmpRunLevel && r.name == "runlevel" && (r.level == '0' || r.level == '6'):
			if stopped == nil || stopped.name == "shutdown" {
				stopped = &records[i] // a run level says more than the shutdown after it
			}
		}
	}
	return all
}

// stopAt is the stop before the boot at next.
func stopAt(stopped *utmpRecord, next time.Time) inventory.Stop {
	if stopped == nil {
		return inventory.Stop{
			At: next, Kind: inventory.StopUnclean, Source: "wtmp", Detail: "no shutdown was written before this boot",
		}
	}
	s := inventory.Stop{At: stopped.at, Kind: inventory.StopShutdown, Source: "wtmp"}
	switch gap := next.Sub(stopped.at); {
	case stopped.name == "runlevel" && stopped.level == '6':
		s.Kind = inventory.StopRestart
	case stopped.name == "shutdown" && gap >= 0 && gap <= restartWithin:
		s.Kind, s.Detail = inventory.StopRestart, "the next boot followed within "+gap.String()
	}
	return s
}

// trace is what something else than wtmp says of an end without a clean stop.
type trace struct {
	at     time.Time
	kind   inventory.StopKind
	source string
	detail string
}

// crashSlack is how much later than the next boot a crash may be dated: some
// firmware dates its record when it is read.
const crashSlack = 10 * time.Minute

// merge lets traces sharpen what wtmp says: the last entry of a journal dates an
// unclean stop, and a crash that was recorded names it. A journal file that was
// left open in a boot that wtmp calls clean is the journal's own trouble. A trace
// of a time that wtmp knows nothing of stands by itself.
func merge(endings []ending, traces []trace) []inventory.Stop {
	var stops []inventory.Stop
	for _, t := range traces {
		e := endingAt(endings, t)
		switch {
		case e == nil:
			stops = append(stops, inventory.Stop{At: t.at, Kind: t.kind, Source: t.source, Detail: t.detail})
		case e.stop.Clean() && t.kind != inventory.StopCrash:
		default:
			e.sharpen(t)
		}
	}
	for _, e := range endings {
		stops = append(stops, e.stop)
	}
	return newest(stops)
}

func endingAt(endings []ending, t trace) *ending {
	slack := time.Duration(0)
	if t.kind == inventory.StopCrash {
		slack = crashSlack
	}
	for i := range endings {
		if !t.at.Before(endings[i].from) && !t.at.After(endings[i].to.Add(slack)) {
			return &endings[i]
		}
	}
	return nil
}

func (e *ending) sharpen(t trace) {
	if t.at.Before(e.to) && (e.stop.At.Equal(e.to) || t.at.After(e.stop.At)) {
		e.stop.At = t.at
	}
	if e.stop.Kind != inventory.StopCrash {
		e.stop.Kind, e.stop.Detail = t.kind, t.detail
	}
	e.stop.Source += ", " + t.source
}
