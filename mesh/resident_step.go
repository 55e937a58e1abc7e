package mesh

import (
	"net/netip"
	"slices"
	"time"
)

const (
	rejoinSoonest = 2 * time.Second
	rejoinLatest  = 4 * time.Second
	// rejoinShare is how many members of a pool share one round of attempts: the
	// first of them that finds the controller brings it back for all by gossip,
	// and a controller that returns must not meet the whole county in one second.
	rejoinShare = 5

	// A young pool's gossip misses one pair of members in fifty, and only a full
	// exchange, which is minutes away, would mend that; so a newcomer makes two
	// with random neighbours while the pool grows. In a larger pool, where gossip
	// repeats itself more, one newcomer in settleShare is enough.
	settleRounds  = 2
	settleSoonest = 5 * time.Second
	settleLatest  = 15 * time.Second
	settleLarge   = 8
	settleShare   = 3

	joinControllers = 1 // asked per attempt
	joinNeighbours  = 2

	uplinkTagEvery = 3 * time.Second // at most one change of tags
	// A change of health costs a 15-member site about 1.6 kB on its link.
	healthTagEvery = 15 * time.Minute
	// In a pool of up to eight, gossip passes one member by in fifty times; what
	// must arrive is said twice.
	sayAgainAfter = 4 * time.Second

	saveFirst = 30 * time.Second // after the pool was opened
	saveEvery = 5 * time.Minute

	lookEvery = 30 * time.Second // nothing is due; events come by themselves
)

// sight is what a resident sees of its pool at one moment.
type sight struct {
	neighbours      []netip.AddrPort // alive, without self
	failed          []Member         // who may come back
	alive           int              // all of them
	controllerAlive bool
}

// rejoinAfter is the pause before the next attempt of one of live+1 members that
// all miss the controller; chance is uniform in [0, 1).
func rejoinAfter(live int, chance float64) time.Duration {
	wait := rejoinSoonest + time.Duration(chance*float64(rejoinLatest-rejoinSoonest))
	if members := live + 1; members > rejoinShare {
		wait = wait * time.Duration(members) / rejoinShare
	}
	return wait
}

// joinTargets picks whom to join through: some of those remembered while nobody
// is alive here, and a controller. Neighbours come first: they answer at once or
// not at all, while a controller behind a dead link costs the whole TCP timeout.
func joinTargets(s sight, controllers, known, found []netip.AddrPort, shuffle func(n int, swap func(i, j int))) []netip.AddrPort {
	targets := slices.Clone(found)
	if len(s.neighbours) == 0 {
		targets = append(targets, pick(known, joinNeighbours, shuffle)...)
	}
	targets = append(targets, pick(controllers, joinControllers, shuffle)...)
	return slices.DeleteFunc(targets, func(a netip.AddrPort) bool { return slices.Contains(s.neighbours, a) })
}

func pick(from []netip.AddrPort, n int, shuffle func(n int, swap func(i, j int))) []netip.AddrPort {
	from = slices.Clone(from)
	shuffle(len(from), func(i, j int) { from[i], from[j] = from[j], from[i] })
	return from[:min(n, len(from))]
}

// tagsDue reports when want may replace have, which was set at the given time;
// ok is false when they are the same.
func tagsDue(have, want Tags, at time.Time) (due time.Time, ok bool) {
	switch {
	case have == want:
		return time.Time{}, false
	case have.Uplink != want.Uplink:
		return at.Add(uplinkTagEvery), true
	default:
		return at.Add(healthTagEvery), true
	}
}
