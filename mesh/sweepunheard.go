package mesh

import (
	"crypto/rand"
	"encoding/binary"
	"time"

	"muster/inventory"
)

// A miss is usually one lost packet, so the member is asked thrice more before it
// is told that it is unheard, beside the burst's own try: at 5 % loss each way
// all five fail once in 110,000 sweeps.
const (
	unheardAsks  = 3
	unheardEvery = 100 * time.Millisecond
	// unheardWait is the least that the last of them may take; the usual round
	// trip and four times its spread count where that is more.
	unheardWait = 300 * time.Millisecond
)

// checkUnheard asks a missed member again and, when it stays silent while its
// site answers, tells it so through neighbours. Missed is when it was asked first.
func (s *site) checkUnheard(members []Member, m Member, missed time.Time) {
	s.mu.Lock()
	ok := mayBeUnheard(m) && s.told[m.Name].again(missed) && s.log.state != inventory.ReachSilent
	usual := s.log.timing.usual + 4*s.log.timing.spread
	within := s.log.timing.missAfter()
	s.mu.Unlock()
	if !ok {
		return
	}
	for range unheardAsks {
		if pause(s.ctx, unheardEvery) != nil || s.heardSince(m.Name, missed) {
			return
		}
		s.c.running.Go(func() {
			if !s.ask(m, ObserveBurstPing, within).missed {
				s.rejoin(m)
			}
		})
	}
	if pause(s.ctx, min(max(unheardWait, usual), within)) != nil || s.heardSince(m.Name, missed) {
		return
	}
	s.tellUnheard(members, m, missed)
}

// heardSince reports whether a member has answered since an instant.
func (s *site) heardSince(name string, since time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.seenAt[name].Before(since)
}

// tellUnheard sends the notice to members that answered since the miss. Where
// none did, the site may be gone and there is nothing to say.
func (s *site) tellUnheard(members []Member, m Member, missed time.Time) {
	s.mu.Lock()
	to := bearers(members, s.seenAt, m.Name, missed)
	if len(to) > 0 {
		s.told[m.Name] = told{at: time.Now(), times: s.told[m.Name].times + 1}
	}
	s.mu.Unlock()
	var number [8]byte
	_, _ = rand.Read(number[:]) // never fails (crypto/rand)
	body, err := UnheardNotice{Member: m.Name, Number: binary.BigEndian.Uint64(number[:])}.Encode()
	if err != nil {
		return // a name that could not be ours
	}
	for _, addr := range to {
		if err := s.pool.SendDirect(addr, DirectUnheard, body); err != nil {
			s.c.log.Debug("unheard notice not sent", "site", s.pool.site, "to", addr.String(), "error", err)
		}
	}
	if len(to) > 0 {
		s.c.log.Info("member does not answer, its neighbours do", "site", s.pool.site, "member", m.Name)
	}
}
