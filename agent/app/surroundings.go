package app

import (
	"slices"
	"strings"
	"time"

	"muster/inventory/wire"
)

const (
	tickEvery = 10 * time.Second // between two records
	lookEvery = tickEvery        // between two looks for an edge: each asks the gateway
	syncEvery = time.Minute      // between two syncs while all is well

	// silenceLeast is after how long without a packet from the controller the
	// way to it is in doubt. Its sweep reaches one member of the pool every two
	// seconds in turn, so a larger pool waits longer.
	silenceLeast  = 45 * time.Second
	silencePerPC  = 3 * time.Second
	outageBefore  = 2 * time.Minute // what travels of the time before an outage
	outageLongest = 6 * time.Hour   // what travels unasked; the rest can be asked for
	// suspendedFor is how much further the boot clock must be than one that stands
	// still in suspend before the machine has slept: then nobody needs to say so.
	suspendedFor = 30 * time.Second
)

// wokeWord begins the edge of a machine that was suspended.
const wokeWord = "woke"

// resumption words that the machine is back: word is what the system said, empty
// where it said nothing, and away for how long the clocks say it was suspended.
func resumption(word string, away time.Duration) string {
	if word == "" && away >= suspendedFor {
		word = wokeWord
	}
	if word != "" && away >= time.Second {
		word += " after " + away.Round(time.Second).String()
	}
	return word
}

// edgeOf joins what is to be said of one moment.
func edgeOf(parts ...string) string {
	parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
	return clip(strings.Join(parts, ", "), 100)
}

// edges names what is different between two looks; empty means nothing. Unknown
// counts as a value: a gateway that can no longer be judged is news too.
func edges(before, now wire.JournalRecord, uplinkBefore, uplinkNow string) string {
	var changed []string
	note := func(what, from, to string) {
		if from != to {
			changed = append(changed, what+" "+to)
		}
	}
	note("gateway", string(before.Gateway), string(now.Gateway))
	note("carrier", string(before.Carrier), string(now.Carrier))
	note("power", string(before.Power), string(now.Power))
	if before.Addr != now.Addr {
		to := "none"
		if now.Addr.IsValid() {
			to = "new" // which one is the record's to say, if it may travel
		}
		changed = append(changed, "address "+to)
	}
	if uplinkNow != "" {
		note("uplink", uplinkBefore, uplinkNow)
	}
	return clip(strings.Join(changed, ", "), 100)
}

// silentFor is how long the controller may be silent in a pool of so many
// neighbours before the way to it is in doubt.
func silentFor(neighbours int) time.Duration {
	return max(silenceLeast, silencePerPC*time.Duration(neighbours+1))
}

// cutOff reports whether a record was made while the controller could not be
// heard, or not be reached.
func cutOff(r wire.JournalRecord, failing bool) bool {
	return failing || r.PacketAge > silentFor(r.PeersKnown)
}

// outage follows one time of being cut off.
type outage struct {
	open  bool
	boot  string
	since time.Duration // boot clock of the last sign of the controller before it
}

// step takes a record and returns the span that is owed once the outage is over.
func (o outage) step(r wire.JournalRecord, cut bool) (outage, *wire.JournalSpan) {
	switch {
	case cut && !o.open:
		return outage{open: true, boot: r.Boot, since: r.BootClock - lastSign(r)}, nil
	case !cut && o.open:
		span := spanBefore(o.boot, o.since, r.BootClock)
		if o.boot != r.Boot {
			return outage{}, nil // cannot be: a boot ends with the process
		}
		return outage{}, &span
	default:
		return o, nil
	}
}

// lastSign is how long before a record the controller was last heard of in any
// way; zero where it never was.
func lastSign(r wire.JournalRecord) time.Duration {
	switch {
	case r.PacketAge < 0 && r.AckAge < 0:
		return 0
	case r.PacketAge < 0:
		return r.AckAge
	case r.AckAge < 0:
		return r.PacketAge
	default:
		return min(r.PacketAge, r.AckAge)
	}
}

// spanBefore is what is owed of an outage: from a little before it, and at most
// its last hours.
func spanBefore(boot string, since, end time.Duration) wire.JournalSpan {
	return wire.JournalSpan{Boot: boot, From: max(0, since-outageBefore, end-outageLongest), To: end}
}

// owedAtStart is what is owed of what an earlier process left: the end of a boot
// that stopped without a word, or of an outage that outlived the process. Nil
// means nothing.
func owedAtStart(found wire.JournalRecord, boot string) *wire.JournalSpan {
	clean := found.Kind == wire.RecordLeave
	silent := found.PacketAge > silentFor(found.PeersKnown)
	if found.Boot == boot && !silent || clean && !silent {
		return nil
	}
	span := spanBefore(found.Boot, found.BootClock-lastSign(found), found.BootClock)
	return &span
}
