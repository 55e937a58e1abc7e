package mesh

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sort"
	"time"
)

// UnheardNotice tells a member that a controller misses it while its neighbours
// answer: its direct way is dropped, in one direction or both. It travels as a
// DirectUnheard message to two of those neighbours, who pass it on over the LAN.
type UnheardNotice struct {
	Member string // the name in the pool
	// Number is the same in both copies of one notice and new in the next.
	Number uint64
}

const unheardVersion = 1

var errUnheard = errors.New("not an unheard notice")

// Encode returns the notice's bytes: version, number, name.
func (n UnheardNotice) Encode() ([]byte, error) {
	if !validName(n.Member) {
		return nil, fmt.Errorf("cannot encode unheard notice of %.80q", n.Member)
	}
	b := binary.BigEndian.AppendUint64([]byte{unheardVersion}, n.Number)
	return append(b, n.Member...), nil
}

// DecodeUnheardNotice reads what Encode wrote.
func DecodeUnheardNotice(b []byte) (UnheardNotice, error) {
	if len(b) < 10 || b[0] != unheardVersion {
		return UnheardNotice{}, errUnheard
	}
	n := UnheardNotice{Member: string(b[9:]), Number: binary.BigEndian.Uint64(b[1:9])}
	if !validName(n.Member) {
		return UnheardNotice{}, errUnheard
	}
	return n, nil
}

const (
	// A member is told again after a minute, and half as often each time: one that
	// stays unheard knows it, or cannot be told.
	unheardSoonest = time.Minute
	unheardSeldom  = time.Hour
	unheardBearers = 2 // neighbours that pass one notice on
)

// told is when a member was last told that it is unheard, and how often since it
// last answered.
type told struct {
	at    time.Time
	times int
}

// again reports whether the member may be told again.
func (t told) again(now time.Time) bool {
	return t.times == 0 || now.Sub(t.at) >= min(unheardSoonest<<min(t.times-1, 6), unheardSeldom)
}

// mayBeUnheard reports whether a member that was missed could use the word. One
// whose tags say that it goes another way, or none, knows already.
func mayBeUnheard(m Member) bool {
	return m.State == StateAlive && (m.Tags.Uplink == UplinkOK || m.Tags.Uplink == UplinkUnknown)
}

// bearers are the members to pass a notice of missed on: those that answered
// since the instant given, the latest first.
func bearers(members []Member, seenAt map[string]time.Time, missed string, since time.Time) []netip.AddrPort {
	answered := slices.DeleteFunc(slices.Clone(members), func(m Member) bool {
		return m.Name == missed || seenAt[m.Name].Before(since)
	})
	sort.Slice(answered, func(i, j int) bool { return seenAt[answered[i].Name].After(seenAt[answered[j].Name]) })
	var to []netip.AddrPort
	for _, m := range answered[:min(len(answered), unheardBearers)] {
		to = append(to, m.Addr)
	}
	return to
}
