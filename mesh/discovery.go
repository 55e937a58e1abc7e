package mesh

// Local discovery finds neighbours when neither the controller nor anyone whom
// the agent remembers answers: it asks the addresses around its own, each with
// one direct message (direct.go) sealed under the pool's key.
//
// Whoever lacks the key gets no answer, whatever they send, so asking around
// tells nobody who is there. A recorded question that is played again is answered
// to the address sealed inside it, not to the one who replays it, and an answer
// counts only if it carries the challenge of the question that is being asked.
// Multicast was not chosen: it needs another socket and group membership, and
// many switches and access points drop it.
//
// It is bounded: the 254 addresses of the own /24, four a second (each unanswered
// one costs three ARP requests, and switches with ARP inspection shut a port at
// 15 a second), about 30 kB on the site's LAN, and pauses that double from one
// minute to sixteen. Answers are bounded to 20 a second.

import (
	"context"
	"crypto/rand"
	"errors"
	"net/netip"
	"slices"
	"time"
)

const (
	discoveryBits    = 24 // the neighbourhood that is asked
	discoveryEvery   = time.Second / 4
	discoveryAfter   = 10 * time.Second // alone for so long before asking around
	discoverySoonest = time.Minute      // between two rounds, doubling
	discoverySeldom  = 16 * time.Minute
	discoveryEnough  = 3 // neighbours found; gossip brings the rest
	answersPerSec    = 20
	challengeBytes   = 8
)

// question is the body of a DirectProbe and, sent back as it is, of a
// DirectAnswer: who asks, and a challenge that only this question has.
type question struct {
	challenge [challengeBytes]byte
	asker     netip.AddrPort
}

func newQuestion(asker netip.AddrPort) question {
	q := question{asker: asker}
	_, _ = rand.Read(q.challenge[:]) // never fails (crypto/rand)
	return q
}

var errNoQuestion = errors.New("not a discovery question")

func (q question) encode() []byte {
	b, _ := q.asker.MarshalBinary() // never fails for a valid address
	return append(q.challenge[:], b...)
}

func decodeQuestion(b []byte) (question, error) {
	var q question
	if len(b) != challengeBytes+6 && len(b) != challengeBytes+18 { // IPv4 or IPv6, no zone
		return q, errNoQuestion
	}
	copy(q.challenge[:], b)
	if q.asker.UnmarshalBinary(b[challengeBytes:]) != nil || q.asker.Port() == 0 ||
		q.asker.Addr().IsUnspecified() || q.asker.Addr().IsMulticast() {
		return question{}, errNoQuestion
	}
	return q, nil
}

// neighbourhood lists the other addresses of self's /24 in random order, so that
// a room of machines that start together does not ask the same one first. IPv6
// has no neighbourhood: a /64 cannot be asked through.
func neighbourhood(self netip.Addr, shuffle func(n int, swap func(i, j int))) []netip.Addr {
	self = self.Unmap()
	if !self.Is4() {
		return nil
	}
	block, err := self.Prefix(discoveryBits)
	if err != nil {
		return nil
	}
	around := make([]netip.Addr, 0, 254)
	addr := block.Addr().Next() // skips the network address
	for range 254 {             // stops before the broadcast address
		if addr != self {
			around = append(around, addr)
		}
		addr = addr.Next()
	}
	shuffle(len(around), func(i, j int) { around[i], around[j] = around[j], around[i] })
	return around
}

// discoverySchedule says when to ask around.
type discoverySchedule struct {
	since  time.Time // short of neighbours from here; zero: not short
	rounds int       // since then
	nextAt time.Time
}

// step takes how many neighbours are alive and how many are remembered, and
// reports whether a round is due. A pool that lacks most of those remembered asks
// too, but seldom: it may be one of two halves that do not know each other.
func (d discoverySchedule) step(now time.Time, live, remembered int, controllerAlive bool) (discoverySchedule, bool) {
	if controllerAlive || (live > 0 && live*2 >= remembered) {
		return discoverySchedule{}, false
	}
	if d.since.IsZero() {
		d.since, d.nextAt = now, now.Add(discoveryAfter)
	}
	if now.Before(d.nextAt) {
		return d, false
	}
	wait := min(discoverySoonest<<min(d.rounds, 4), discoverySeldom)
	if live > 0 {
		wait = discoverySeldom
	}
	d.rounds++
	d.nextAt = now.Add(wait)
	return d, true
}

// askAround sends q to each address of its asker's neighbourhood, until enough
// answered or ctx ends.
func askAround(ctx context.Context, q question, around []netip.Addr, send func(to netip.AddrPort, body []byte), enough func() bool) {
	ticker := time.NewTicker(discoveryEvery)
	defer ticker.Stop()
	body := q.encode()
	for _, addr := range around {
		if enough() {
			return
		}
		send(netip.AddrPortFrom(addr, q.asker.Port()), slices.Clone(body))
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}
