package incident

import (
	"fmt"
	"time"

	"muster/inventory"
)

// tally is the count of the votes.
type tally struct {
	of, in                        int // machines; that have voted, no-votes included
	across, rebooted              int
	gateway, noARP, heard, inside int // of those across
	mains, battery                int
	cutShare                      float64 // R of C+R
	onset                         time.Time
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
			add(&c.gateway, v.cut() && v.peers)
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
				return c.rebooted+c.battery >= r.ProofLeast && c.mains == 0
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
	switch rule.cause {
	case inventory.CauseSitePowerCut:
		n = c.rebooted + c.battery
	case inventory.CauseSiteLinkDown:
		n = c.gateway
	case inventory.CauseSiteRouterDown:
		n = c.noARP
	case inventory.CauseAsymmetricPartition:
		n = c.heard
	case inventory.CauseLANSegment:
		n = c.inside
	default: // the table has no other
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
