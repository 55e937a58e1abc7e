package incident

import (
	"fmt"
	"time"

	"muster/inventory"
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
	dark    bool // its cable or association was gone, or its address
	mains   bool // with gateway and mains at once
	battery time.Time
	onset   time.Time // the last packet of the controller before the outage
}

// tally is the count of the votes.
type tally struct {
	of, in                        int // machines; that have voted, no-votes included
	across, rebooted              int
	gateway, noARP, heard, inside int // of those across
	mains, battery                int
	cutShare                      float64 // R of C+R
	onset                         time.Time
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
		if v := m.readSpan(o.From, end, r); v.ballot > best.ballot || v.ballot == best.ballot && v.gateway && !best.gateway {
			best = v
		}
	}
	return best
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
			if at := x.At.Add(-x.Heard); at.Before(onset) {
				v.onset = newer(v.onset, at)
			}
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

// tally counts the votes of a trouble's machines.
func (e *Engine) tally(t *trouble) tally {
	c := tally{of: len(t.Members)}
	var edges []time.Time
	for _, id := range t.Members {
		m := e.machines[id]
		if m == nil {
			continue
		}
		v := m.read(t, &e.rules)
		if v.ballot != ballotNone {
			c.in++
		}
		switch v.ballot {
		case ballotRebooted:
			c.rebooted++
		case ballotAcross:
			c.across++
			c.onset = newer(c.onset, v.onset)
			add(&c.gateway, v.gateway && v.peers)
			add(&c.noARP, v.noARP && !v.gateway && v.peers && !v.dark)
			add(&c.heard, v.heard)
			add(&c.inside, v.dark)
			add(&c.mains, v.mains)
			if !v.battery.IsZero() && v.dark {
				edges = append(edges, v.battery)
			}
		case ballotNone, ballotAway:
		}
	}
	for _, at := range edges {
		n := 0
		for _, other := range edges {
			add(&n, other.Sub(at).Abs() <= e.rules.BatteryIn)
		}
		c.battery = max(c.battery, n)
	}
	if c.across+c.rebooted > 0 {
		c.cutShare = float64(c.rebooted) / float64(c.across+c.rebooted)
	}
	return c
}

func add(n *int, when bool) {
	if when {
		*n++
	}
}

// proofRule is one line of the table of proof.
type proofRule struct {
	name  string
	cause inventory.Cause
	when  func(c tally, t *trouble, r *Rules) bool
	say   string
}

// proofRules are read from the top, once enough journals are in. Two journals that
// say the same prove it; what the table does not name stays as it was judged live.
func proofRules() []proofRule {
	return []proofRule{
		{
			name: "heard-throughout", cause: inventory.CauseAsymmetricPartition,
			when: func(c tally, _ *trouble, r *Rules) bool { return c.heard >= r.ProofLeast && c.cutShare <= r.CutShare },
			say:  "went on hearing the controller: only the way back was dropped.",
		},
		{
			name: "gateway-and-peers-held", cause: inventory.CauseSiteLinkDown,
			when: func(c tally, t *trouble, r *Rules) bool {
				return c.gateway >= r.ProofLeast && c.cutShare <= r.CutShare && !t.Router
			},
			say: "ran on with their gateway and neighbours: the link was down.",
		},
		{
			name: "gateway-lost-peers-held", cause: inventory.CauseSiteRouterDown,
			when: func(c tally, t *trouble, r *Rules) bool {
				return c.noARP >= r.ProofLeast && c.cutShare <= r.CutShare && c.mains == 0 && !t.Router
			},
			say: "ran on with neighbours and without the gateway: the site's router was down.",
		},
		{
			name: "rebooted-together", cause: inventory.CauseSitePowerCut,
			when: func(c tally, _ *trouble, r *Rules) bool {
				return (c.rebooted >= r.ProofLeast || c.battery >= r.ProofLeast) && c.mains == 0
			},
			say: "lost power: they rebooted without a clean stop, or went to battery with the network gone.",
		},
		{
			name: "inside-lost", cause: inventory.CauseLANSegment,
			when: func(c tally, t *trouble, r *Rules) bool {
				return t.Router && c.inside >= r.ProofLeast && c.cutShare <= r.CutShare
			},
			say: "ran on without network or neighbours, while the router answered: the LAN inside the site.",
		},
	}
}

// prove judges a site's trouble that is over by the journals that have come.
func (e *Engine) prove(t *trouble, now time.Time) {
	r := &e.rules
	c := e.tally(t)
	complete := c.of > 0 && c.in >= c.of
	if !complete && float64(c.in) < r.JournalAt*float64(c.of) && now.Sub(t.ClearAt) < r.JournalFor {
		return
	}
	v := t.Live
	v.At, v.Journals, v.JournalsOf = now, c.in, c.of
	for _, rule := range proofRules() {
		if !rule.when(c, t, r) {
			continue
		}
		v.Cause, v.Grade, v.Confidence, v.Rule = rule.cause, inventory.GradeProven, 0.95, rule.name
		v.Reason = fmt.Sprintf("%d of %s of %s were read: %s", c.in, count(c.of, "journal"), t.Incident.Scope.Site, e.votesSay(c, rule))
		if at := newer(c.onset, t.HeardAt); len(t.Outages) == 1 && at.After(t.Incident.StartedAt.Add(-time.Minute)) && at.Before(t.Onset) {
			t.Incident.StartedAt = at
		}
		e.reviseProof(t, v, now)
		return
	}
	if t.Incident.Grade == inventory.GradeProven {
		return // more journals that say nothing unprove nothing
	}
	v.Reason = fmt.Sprintf("%s %d of %s, not proven.", t.Live.Reason, c.in, count(c.of, "journal"))
	if t.Live.Cause == inventory.CauseMachineOrLink && c.across+c.rebooted == 0 && !t.Router && now.Sub(t.ClearAt) >= unobservedAfter {
		v.Cause, v.Confidence = inventory.CauseUnobserved, 0.5
		v.Reason = fmt.Sprintf("No journal of %s says what happened, and its router was silent: unobserved.", t.Incident.Scope.Site)
	}
	e.reviseProof(t, v, now)
}

// unobservedAfter is how long a single machine's journal is awaited.
const unobservedAfter = 15 * time.Minute

func (e *Engine) votesSay(c tally, rule proofRule) string {
	n := c.across
	switch rule.cause { //nolint:exhaustive // those of the table
	case inventory.CauseSitePowerCut:
		n = max(c.rebooted, c.battery)
	case inventory.CauseSiteLinkDown:
		n = c.gateway
	case inventory.CauseSiteRouterDown:
		n = c.noARP
	case inventory.CauseAsymmetricPartition:
		n = c.heard
	case inventory.CauseLANSegment:
		n = c.inside
	}
	return count(n, "machine") + " " + rule.say
}

// reviseProof takes a verdict of the journals in, when it says something else, or
// the same from more of them.
func (e *Engine) reviseProof(t *trouble, v inventory.Verdict, now time.Time) {
	was := t.Incident
	last := &t.Incident.Verdicts[len(t.Incident.Verdicts)-1]
	if was.Cause == v.Cause && was.Grade == v.Grade {
		last.Journals, last.JournalsOf, last.Reason = v.Journals, v.JournalsOf, v.Reason
		return
	}
	e.judgeInto(t, v)
	e.weigh(t, now)
	e.say(t, inventory.IncidentRevised, now, e.recall(was, v.Cause))
}
