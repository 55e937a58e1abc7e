package incident

import (
	"time"
)

// ballot is what one machine's journal says of an outage.
type ballot int

const (
	ballotNone     ballot = iota // nothing yet
	ballotAway                   // no vote: a clean stop, or it was not there
	ballotAcross                 // C: one boot, with records from before the onset and after it
	ballotRebooted               // R: a new boot, after one that ended uncleanly near the onset
)

// vote is a ballot with what the machine saw meanwhile.
type vote struct {
	ballot  ballot
	gateway bool // its gateway answered ARP
	noARP   bool // it did not
	peers   bool // a neighbour acknowledged
	heard   bool // the controller's packets came in
	reached bool // one came in after the onset: it was no cut
	dark    bool // its cable or association was gone, or its address
	mains   bool // with gateway and mains at once
	battery time.Time
	onset   time.Time // the last packet of the controller before the outage
}

// read makes a machine's vote on the outages of a trouble.
func (m *machine) read(t *trouble, r *Rules) vote {
	var best vote
	for _, o := range t.Outages {
		end := o.To
		if end.IsZero() {
			end = t.FreshAt
		}
		// The first answer comes a little after the healing.
		end = end.Add(-min(healedWithin, end.Sub(o.From)/4))
		if v := m.readSpan(o.From, end, r); v.ballot > best.ballot || v.ballot == best.ballot && v.telling() > best.telling() {
			best = v
		}
	}
	return best
}

// cut reports whether the machine had its gateway and heard nothing from beyond it.
func (v vote) cut() bool { return v.gateway && !v.reached }

// telling orders votes by how much they saw: of a link that comes and goes the
// records of one outage may be none or one.
func (v vote) telling() int {
	n := 0
	add(&n, v.cut() || v.noARP && !v.gateway)
	add(&n, v.cut())
	add(&n, v.peers)
	return n
}

// healedWithin is how long before the first answer a site may have healed: its
// router and switches come back first, and a record is written every ten seconds.
const healedWithin = 20 * time.Second

// readSpan makes the vote on one outage.
func (m *machine) readSpan(onset, end time.Time, r *Rules) vote {
	var v vote
	var before, after *entry // the last before the onset, the first of another boot after it
	var last *entry          // the last of before's boot
	for i := range m.entries {
		x := &m.entries[i]
		switch {
		case !x.At.After(onset):
			before = x
		case before != nil && x.Boot == before.Boot:
			last = x
		case x.At.After(onset) && after == nil:
			after = x
		}
	}
	if before != nil && last == nil {
		last = before
	}
	if m.stoppedClean(onset.Add(-r.RebootNear), end) || before != nil && before.Kind == "leave" || last != nil && last.Kind == "leave" && last.At.Before(onset.Add(r.RebootNear)) {
		return vote{ballot: ballotAway}
	}
	// Boot that began after the onset, or no record of the old one any more.
	switch {
	case before == nil && after == nil:
		return v
	case before == nil:
		if after.Began.After(onset) {
			v.ballot = ballotAway // the journal of before is lost
		} else {
			v.ballot = ballotAcross
			last = after
		}
	case last.At.After(onset.Add(acrossLeast)):
		v.ballot = ballotAcross
	case after != nil && after.Began.After(onset.Add(-r.RebootNear)) && onset.Sub(before.At) <= r.RebootNear:
		v.ballot = ballotRebooted
	case after != nil:
		v.ballot = ballotAway
	default:
		return vote{} // it has not said how it went on
	}
	if v.ballot == ballotAcross {
		m.readAcross(&v, onset, end, last.Boot, r)
	}
	return v
}

// acrossLeast is how far beyond the onset a boot's records must reach: the onset is
// known to a sweep, and a record is written every ten seconds.
const acrossLeast = 5 * time.Second

// readAcross reads what a machine saw during the outage.
func (m *machine) readAcross(v *vote, onset, end time.Time, boot string, r *Rules) {
	var was string // power
	for i := range m.entries {
		x := &m.entries[i]
		if x.Boot != boot || x.At.Before(onset.Add(-r.RebootNear)) || x.At.After(end) {
			continue
		}
		if was == "mains" && x.Power == "battery" {
			v.battery = x.At
		}
		was = x.Power
		if x.Heard >= 0 {
			at := x.At.Add(-x.Heard)
			if at.Before(onset) {
				v.onset = newer(v.onset, at)
			}
			v.reached = v.reached || at.After(onset.Add(acrossLeast))
		}
		if x.At.Before(onset.Add(acrossLeast)) {
			continue
		}
		settled := x.At.Sub(onset) >= peersFor
		switch x.Gateway {
		case "yes":
			v.gateway = true
			v.mains = v.mains || x.Power == "mains"
		case "no":
			v.noARP = true
		}
		v.peers = v.peers || x.Peers > 0 && (settled || end.Sub(onset) < 2*peersFor)
		v.dark = v.dark || x.Carrier == "no" || !x.Addr || settled && x.Gateway == "no" && x.Peers == 0
		v.heard = v.heard || x.At.Sub(onset) >= 2*r.HeardFor && x.hears(r)
	}
}

// peersFor is how long a journal counts a neighbour that it heard (agent's rule).
const peersFor = 20 * time.Second

func (m *machine) stoppedClean(from, to time.Time) bool {
	for _, s := range m.stops {
		if s.Clean && !s.At.Before(from) && !s.At.After(to) {
			return true
		}
	}
	return false
}
