package inventory

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// The rota says which workstation of a site probes which service when, by
// rendezvous hashing: of all members the one whose hash with the question is
// highest. Everyone who knows the same members comes to the same answer without a
// word between them; when a member leaves, only what it held moves; and over many
// slots each member has its share.

// RotaSlot is the number of the slot that now falls into, and when within it the
// site's turn comes: somewhere in its first nine tenths, the same for all members
// and another for every site, service and slot, so that a county does not ask one
// server in one second.
func RotaSlot(site, service string, every time.Duration, now time.Time) (slot int64, at time.Time) {
	if every <= 0 {
		every = DefaultServiceEvery.Duration()
	}
	slot = floorDiv(now.UnixNano(), int64(every))
	begins := time.Unix(0, slot*int64(every)).UTC()
	share := float64(rotaHash(site, service, strconv.FormatInt(slot, 10), "at")>>11) / (1 << 53)
	return slot, begins.Add(time.Duration(share * 0.9 * float64(every)))
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// RotaTurn is the member whose turn a slot is; empty where there are none.
func RotaTurn(site, service string, slot int64, members []string) string {
	best, highest := "", uint64(0)
	number := strconv.FormatInt(slot, 10)
	for _, m := range members {
		h := rotaHash(site, service, number, m)
		if best == "" || h > highest || h == highest && m < best {
			best, highest = m, h
		}
	}
	return best
}

// RotaElected are the n members that probe a site's paths, best first, until one
// of them leaves. It holds the rank of all others as well: n members of a larger
// n are those of a smaller one and then more.
func RotaElected(site string, members []string, n int) []string {
	ranked := slices.Clone(members)
	slices.Sort(ranked)
	ranked = slices.Compact(ranked)
	slices.SortStableFunc(ranked, func(a, b string) int {
		ha, hb := rotaHash(site, "elected", a), rotaHash(site, "elected", b)
		switch {
		case ha > hb:
			return -1
		case ha < hb:
			return 1
		default:
			return strings.Compare(a, b)
		}
	})
	return ranked[:min(max(n, 0), len(ranked))]
}

// rotaHash is FNV-1a over the words, each ended by a byte that no word has, and
// SplitMix64's finaliser, without which like words have like hashes. It must
// never change: members of different versions would disagree.
func rotaHash(words ...string) uint64 {
	h := uint64(14695981039346656037)
	for _, word := range words {
		for i := range len(word) {
			h = (h ^ uint64(word[i])) * 1099511628211
		}
		h = (h ^ 0xff) * 1099511628211
	}
	h ^= h >> 30
	h *= 0xbf58476d1ce4e5b9
	h ^= h >> 27
	h *= 0x94d049bb133111eb
	return h ^ h>>31
}
