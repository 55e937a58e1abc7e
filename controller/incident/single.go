package incident

import (
	"fmt"
	"slices"
	"time"

	"muster/inventory"
)

func machineKey(id string) string { return "machine:" + id }
func cloneKey(id string) string   { return "clone:" + id }

// judgeSingles looks at each machine of a site that answers as a whole. One machine
// is presence: it is shown, and nobody is called.
func (e *Engine) judgeSingles(sc *scene, now time.Time) {
	s := sc.s
	if s.silence.active && len(s.silence.members) >= 2 || sc.deaf {
		return
	}
	segment := e.troubles[siteKey(s.code)]
	for _, m := range s.machines {
		e.sayLeft(m, now)
		key := m.key
		t := e.troubles[key]
		if t != nil && m.lifeAt().After(t.Onset) {
			e.machineBack(t, m)
			continue
		}
		if t != nil && m.explained(sc.r, now) {
			e.well(key, m.reasonAt)
			continue
		}
		if segment != nil && slices.Contains(segment.Members, m.id) {
			if t != nil {
				e.fold(t, segment, now)
			}
			continue
		}
		if j, ok := sc.judgeSingle(m); ok {
			e.hold(j, now)
			if j.cause != inventory.CauseAgentFault && now.Sub(j.since) < fresh {
				e.ask(Ask{Kind: AskBurst, Site: s.code, Workstation: m.id}, now)
			}
		} else if t != nil && now.Sub(t.Onset) > e.rules.PresenceFor {
			e.well(key, now)
		}
	}
}

// singleRule is one line of the table of one machine.
type singleRule struct {
	name       string
	cause      inventory.Cause
	grade      inventory.Grade
	confidence float64
	when       func(m *machine, since, now time.Time, r *Rules) bool
	say        string
}

// singleRules are read from the top.
func singleRules() []singleRule {
	return []singleRule{
		{
			name: "port-refuses", cause: inventory.CauseAgentFault, grade: inventory.GradeCorroborated, confidence: 0.85,
			when: func(m *machine, since, _ time.Time, r *Rules) bool {
				return m.refusedAt.After(since.Add(-time.Second)) && m.gone(r)
			},
			say: "%s at %s runs and refuses connections to its agent's port, which has been silent since %s: the agent, not the machine.",
		},
		{
			name: "port-refuses-alone", cause: inventory.CauseAgentFault, grade: inventory.GradeInferred, confidence: 0.65,
			when: func(m *machine, since, _ time.Time, _ *Rules) bool { return m.refusedAt.After(since.Add(-time.Second)) },
			say:  "%s at %s runs and refuses connections to its agent's port, which has been silent since %s: the agent, not the machine.",
		},
		{
			name: "port-answers-agent-does-not", cause: inventory.CauseAgentFault, grade: inventory.GradeInferred, confidence: 0.65,
			when: func(m *machine, since, now time.Time, r *Rules) bool {
				return m.tcpAt.Sub(since) >= r.SegmentIn && now.Sub(since) >= r.ConfirmFor
			},
			say: "%s at %s takes connections, but its agent has said nothing since %s: the agent, not the machine.",
		},
		{
			name: "one-silent", cause: inventory.CauseWorkstationSilent, grade: inventory.GradeInferred, confidence: 0.6,
			when: func(m *machine, since, _ time.Time, _ *Rules) bool {
				return !m.tcpAt.After(since.Add(-time.Second)) || m.tcpMissAt.After(m.tcpAt)
			},
			say: "%s at %s has been silent since %s and gave no reason; the site answers.",
		},
	}
}

// judgeSingle says what is wrong with one machine, if it is silent: by the word of
// its neighbours, which takes no misses of a lossy link for a death.
func (sc *scene) judgeSingle(m *machine) (judged, bool) {
	s := sc.s
	if m.lifeAt().IsZero() || m.explained(sc.r, sc.now) {
		return judged{}, false
	}
	since := m.silentSince()
	switch {
	case s.facts.Site.Direct():
		if !sc.overdue(m) {
			return judged{}, false
		}
		since = m.lifeAt()
	case since.IsZero() || sc.now.Sub(m.leftAt) < sc.r.SettleIn: // its reason may follow
		return judged{}, false
	case s.silence.active: // the only machine, and its router answers or says nothing
		if sc.alone() && !sc.router || !sc.silent {
			return judged{}, false
		}
	case sc.refusesAlone(m, since), sc.missedByFew(m): // no neighbour is there to tell, or one
	case !m.gone(sc.r), sc.e.stalled(since):
		return judged{}, false
	case sc.e.starting(m.goneAt()) && sc.e.idle(m, m.goneAt(), sc.now):
		return judged{}, false
	case sc.e.away(s, m.goneAt()):
		// It fell silent with the whole site. Once that is over and gossip has
		// settled, it counts only if it was missed again.
		at := newer(s.restoredAt(), sc.e.startedAt)
		if sc.now.Sub(at) < gossipLag || !m.lastMiss().After(at.Add(gossipLag/2)) {
			if sc.now.Sub(at) > gossipLag/2 {
				sc.e.ask(Ask{Kind: AskBurst, Site: s.code, Workstation: m.id}, sc.now)
			}
			return judged{}, false
		}
	}
	for _, rule := range sc.e.singleTable {
		if !rule.when(m, since, sc.now, sc.r) {
			continue
		}
		return judged{
			key: m.key, scope: inventory.Scope{Site: s.code, Workstation: m.id}, rule: rule.name, cause: rule.cause,
			grade: rule.grade, confidence: rule.confidence, since: since, freshAt: sc.now, members: []*machine{m},
			reason: fmt.Sprintf(rule.say, m.id, s.code, s.clock(since)),
		}, true
	}
	return judged{}, false
}

// missedByFew reports whether a machine has missed more of the controller's own
// questions than chance explains at a site where one neighbour or two can call it
// failed: gossip takes up to a minute there, and each of so few is asked often.
func (sc *scene) missedByFew(m *machine) bool {
	return len(sc.live) >= 2 && len(sc.live) <= fewMachines && slices.Contains(sc.missing, m)
}

// fewMachines is a pool whose members wait for each other's word; mesh: of six and
// more the fastest true failure took 12 s.
const fewMachines = 3

// refusesAlone reports whether a site's only machine refuses connections and
// answers nothing else: nobody there can call its agent failed, and gossip takes a
// minute and more without neighbours.
func (sc *scene) refusesAlone(m *machine, since time.Time) bool {
	return len(sc.live) == 1 && sc.live[0] == m && len(m.misses) >= sc.r.MissMost && m.refusedAt.After(since) && !sc.e.stalled(since) &&
		!sc.e.apart(sc.s, since)
}

func (m *machine) lastMiss() time.Time {
	if n := len(m.misses); n > 0 {
		return m.misses[n-1]
	}
	return time.Time{}
}

// machineBack ends one machine's silence; its journal may say more.
func (e *Engine) machineBack(t *trouble, m *machine) {
	e.well(t.Key, m.lifeAt())
}

// sayLeft tells once that a machine went and said why: an event, never an incident.
func (e *Engine) sayLeft(m *machine, now time.Time) {
	if m.reasonAt.IsZero() || !m.reasonAt.After(m.toldAt) || !m.explained(&e.rules, now) {
		return
	}
	m.toldAt = m.reasonAt
	switch m.reason {
	case inventory.LeaveShutdown:
		e.sayPresence(m, inventory.CauseWorkstationOff, fmt.Sprintf("%s at %s said at %s that it shuts down.", m.id, m.site.code, m.site.clock(m.reasonAt)), m.reasonAt, now)
	case inventory.LeaveSleep:
		e.sayPresence(m, inventory.CauseWorkstationAsleep, fmt.Sprintf("%s at %s said at %s that it goes to sleep.", m.id, m.site.code, m.site.clock(m.reasonAt)), m.reasonAt, now)
	case inventory.LeaveRestart, inventory.LeaveUpdate:
	}
}

// sayPresence tells of something that only says how a machine stands.
func (e *Engine) sayPresence(m *machine, cause inventory.Cause, reason string, at, now time.Time) {
	if e.covered(inventory.Scope{Site: m.site.code}, now) {
		return
	}
	v := inventory.Verdict{At: now, Cause: cause, Grade: inventory.GradeInferred, Confidence: 0.7, Reason: reason, Rule: "own-word"}
	i := inventory.Incident{
		ID: e.nextID(), Cause: cause, Grade: v.Grade, Confidence: v.Confidence, State: inventory.IncidentBlip, Severity: inventory.SeverityInfo,
		Scope: inventory.Scope{Site: m.site.code, Workstation: m.id}, People: 1, Hours: m.site.open(at),
		StartedAt: at, DetectedAt: now, CausedAt: now, ResolvedAt: now, SettledAt: now, Verdicts: []inventory.Verdict{v},
		Evidence: []inventory.Finding{{At: at, For: true, Kind: inventory.EvidenceLeave, Site: m.site.code, Workstation: m.id, Text: reason}},
	}
	e.out.Changes = append(e.out.Changes, inventory.IncidentChange{Step: inventory.IncidentCleared, At: now, Incident: i})
}

// movedFrom ends a machine's silence at the site that it left, and tells of the
// move.
func (e *Engine) movedFrom(m *machine, from, to *site, at time.Time) {
	if from == nil || from == to {
		return
	}
	reason := fmt.Sprintf("%s is at %s since %s; before it was at %s.", m.id, to.code, to.clock(at), from.code)
	if t := e.troubles[m.key]; t != nil {
		e.judgeInto(t, inventory.Verdict{At: e.now, Cause: inventory.CauseMoved, Grade: inventory.GradeCorroborated, Confidence: 0.85, Reason: reason, Rule: "seen-elsewhere"})
		e.well(t.Key, at)
	}
	e.sayPresence(m, inventory.CauseMoved, reason, at, e.now)
}

// judgeClones keeps identity conflicts: two live machines under one name.
func (e *Engine) judgeClones(now time.Time) {
	for m := range e.suspects {
		key := cloneKey(m.id)
		if m.cloneAt.IsZero() || now.Sub(m.cloneAt) > e.rules.CloneFor {
			delete(e.suspects, m)
			e.well(key, now)
		}
	}
	for _, id := range sortedIDs(e.suspects) {
		m := e.machines[id]
		e.hold(judged{
			key: cloneKey(id), scope: inventory.Scope{Site: m.site.code, Workstation: id}, rule: "two-lives", cause: inventory.CauseIdentityConflict,
			grade: inventory.GradeCorroborated, confidence: 0.89, since: m.cloneAt, freshAt: now, members: []*machine{m},
			reason: fmt.Sprintf("Two live machines use the identity of %s (%s): a copied disk or key. Both are refused until one is enrolled anew.", id, m.site.code),
		}, now)
	}
}
