package mesh

import (
	"net/netip"
	"slices"
	"time"
)

// Bounds of the sweep's miss timer.
const (
	missAtLeast = 800 * time.Millisecond
	missAtMost  = 2500 * time.Millisecond // below controllerProbeWithin
)

// timing is a link's usual round trip and its spread, as TCP keeps them (RFC
// 6298): usual += (rtt - usual)/8, spread += (|rtt - usual| - spread)/4. The zero
// timing knows nothing.
type timing struct {
	usual, spread time.Duration
}

// next is the timing after one more answer.
func (t timing) next(rtt time.Duration) timing {
	if t.usual == 0 {
		return timing{usual: rtt, spread: rtt / 2}
	}
	off := (rtt - t.usual).Abs()
	return timing{usual: t.usual + (rtt-t.usual)/8, spread: t.spread + (off-t.spread)/4}
}

// missAfter is how long a ping may take before it counts as missed: 0.8 s, or
// the usual round trip and four times its spread where that is more.
func (t timing) missAfter() time.Duration {
	return min(max(missAtLeast, t.usual+4*t.spread), missAtMost)
}

const (
	// sweepRound is how long the sweep may take to come round to everybody, so that
	// a member that the controller misses hears of it, and has reported through a
	// neighbour, within half a minute. In a pool of up to seventeen it does anyway.
	sweepRound = 26 * time.Second
	// sweepSoonest bounds the pace in a pool of more than fifty.
	sweepSoonest = 500 * time.Millisecond
)

// sweepPace is the pause between two sweeps of a site with so many members to ask.
func sweepPace(usual time.Duration, members int) time.Duration {
	return min(usual, max(sweepRound/time.Duration(max(members, 1)), sweepSoonest))
}

// sweepable are the members to ask: agents that are alive, or where none is,
// those that stopped answering, so that a healed link is noticed by the sweep.
func sweepable(members []Member) []Member {
	var alive, failed []Member
	for _, m := range members {
		switch {
		case m.Controller || m.Workstation == "":
		case m.State == StateAlive:
			alive = append(alive, m)
		case m.State == StateFailed:
			failed = append(failed, m)
		}
	}
	if len(alive) > 0 {
		return alive
	}
	return failed
}

// current leaves out what a workstation was called before: one that lost its power
// comes back under a new name, and its pool takes a minute or two to give up the old
// one, to which nobody answers. The same address answered under another name since. A
// name that never answered stays: it may be the new one.
func current(members []Member, seenAt map[string]time.Time) []Member {
	type place struct {
		workstation string
		addr        netip.AddrPort
	}
	latest := make(map[place]time.Time, len(members))
	at := func(m Member) place { return place{m.Workstation, m.Addr} }
	for _, m := range members {
		if seen := seenAt[m.Name]; seen.After(latest[at(m)]) {
			latest[at(m)] = seen
		}
	}
	return slices.DeleteFunc(members, func(m Member) bool { return seenAt[m.Name].Before(latest[at(m)]) && !seenAt[m.Name].IsZero() })
}

// recallEvery is how many sweeps of a site pass between two pings of a failed
// member. Gossip heals a false death, but where its packets are lost too only the
// next push/pull would, minutes later. It costs a site at most 0.9 MB a day, and
// only while somebody is down.
const recallEvery = 8

const (
	recallAtOnce = 32          // failed members asked when one of them answers
	returnWait   = time.Second // for a denial that comes by gossip
)

// recallable are the agents that stopped answering while others are alive.
func recallable(members []Member) []Member {
	var failed []Member
	for _, m := range members {
		if !m.Controller && m.Workstation != "" && m.State == StateFailed {
			failed = append(failed, m)
		}
	}
	return failed
}

// turn picks the member after the last one in the list, which is in order of
// name: joins and leaves in between make nobody wait for a second round.
func turn(members []Member, last string) Member {
	for _, m := range members {
		if m.Name > last {
			return m
		}
	}
	return members[0]
}
