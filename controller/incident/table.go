package incident

import (
	"time"

	"muster/inventory"
)

// judged is a cause that holds now.
type judged struct {
	key        string // of the trouble: one cause at one scope
	scope      inventory.Scope
	rule       string
	cause      inventory.Cause
	grade      inventory.Grade
	confidence float64
	reason     string
	since      time.Time
	freshAt    time.Time // the newest evidence for it
	age        time.Duration
	members    []*machine // whom it takes
	of         int        // of how many
	whole      bool       // the whole site is silent
}

// siteRule is one line of the table of a site's reach.
type siteRule struct {
	name       string
	cause      inventory.Cause
	grade      inventory.Grade
	confidence float64
	when       func(*scene) bool
	say        func(*scene) string
}

// The rules of a segment that fell silent.
const (
	ruleTogether   = "several-silent-together"
	ruleUnanswered = "several-unanswered-together"
)

// siteRules are read from the top; the first that fits is the verdict. Gates and
// shared causes come before them (gates.go, shared.go), one machine's after
// (single.go). Inferred is one observer's word, corroborated two independent ones'.
func siteRules() []siteRule {
	return []siteRule{
		{
			name: "udp-blocked", cause: inventory.CauseSiteFirewall, grade: inventory.GradeCorroborated, confidence: 0.85,
			when: func(sc *scene) bool { return sc.deaf },
			say:  sayDeaf,
		},
		{
			name: "fewer-than-two-and-no-router", cause: inventory.CauseMachineOrLink, grade: inventory.GradeInferred, confidence: 0.5,
			when: func(sc *scene) bool { return sc.silent && len(sc.live) < 2 && !sc.router && sc.alone() },
			say:  sayAlone,
		},
		{
			name: "all-silent-router-answers", cause: inventory.CausePowerOrLAN, grade: inventory.GradeInferred, confidence: 0.65,
			when: func(sc *scene) bool { return sc.silent && len(sc.live) >= 2 && sc.router },
			say:  sayPowerOrLAN,
		},
		{
			name: "all-and-router-silent", cause: inventory.CauseLinkOrPower, grade: inventory.GradeInferred, confidence: 0.65,
			when: func(sc *scene) bool { return sc.silent && len(sc.live) >= 2 && !sc.router },
			say:  sayLinkOrPower,
		},
		{
			name: ruleTogether, cause: inventory.CauseLANSegment, grade: inventory.GradeCorroborated, confidence: 0.8,
			when: func(sc *scene) bool { return len(sc.lost) > 0 && sc.twoObservers() },
			say:  sayLost,
		},
		{
			name: ruleUnanswered, cause: inventory.CauseLANSegment, grade: inventory.GradeInferred, confidence: 0.65,
			when: func(sc *scene) bool { return len(sc.lost) > 0 },
			say:  sayLost,
		},
		{
			name: "neighbours-unheard", cause: inventory.CauseLANSegment, grade: inventory.GradeCorroborated, confidence: 0.8,
			when: func(sc *scene) bool { return len(sc.peerless) > 0 },
			say:  sayPeerless,
		},
		{
			name: "accused-but-answering", cause: inventory.CauseLANSegment, grade: inventory.GradeInferred, confidence: 0.6,
			when: func(sc *scene) bool { return len(sc.accused) > 0 },
			say:  sayAccused,
		},
		{
			name: "large-packets-stall", cause: inventory.CauseSiteMTU, grade: inventory.GradeCorroborated, confidence: 0.85,
			when: func(sc *scene) bool { return len(sc.stalled) >= 2 || sc.largeLost() >= 2 },
			say:  sayStalled,
		},
		{
			name: "one-stalls", cause: inventory.CauseSiteMTU, grade: inventory.GradeInferred, confidence: 0.6,
			when: func(sc *scene) bool { return len(sc.stalled) > 0 || sc.largeLost() > 0 && len(sc.s.machines) == 1 },
			say:  sayStalled,
		},
		{
			name: "tcp-blocked", cause: inventory.CauseSiteFirewall, grade: inventory.GradeInferred, confidence: 0.65,
			when: func(sc *scene) bool { return len(sc.shut) > 0 },
			say:  sayShut,
		},
	}
}

// alone decides between a machine and its link where only one was there: a router
// that is silent too speaks for the link. One that never answered says nothing, and
// then a machine that was the last of several to go is a machine that went.
func (sc *scene) alone() bool {
	if sc.routerTold {
		return true
	}
	return sc.s.open(sc.since) && (sc.s.facts.Expected <= 1 && len(sc.s.machines) <= 2 || !sc.goingHome(sc.since))
}

// twoObservers reports whether neighbours by gossip and the controller by its own
// questions agree on two of the lost machines.
func (sc *scene) twoObservers() bool {
	n := 0
	for _, m := range sc.lost {
		if m.gone(sc.r) && len(m.misses) > 0 {
			n++
		}
	}
	return n >= 2
}

// judgeSite reads the table.
func (sc *scene) judge() (judged, bool) {
	for _, rule := range sc.e.siteTable {
		if !rule.when(sc) {
			continue
		}
		j := judged{
			key: siteKey(sc.s.code), scope: inventory.Scope{Site: sc.s.code}, rule: rule.name,
			cause: rule.cause, grade: rule.grade, confidence: rule.confidence, reason: rule.say(sc), freshAt: sc.freshAt,
		}
		sc.fill(&j)
		return j, true
	}
	return judged{}, false
}

// fill says since when, and whom it takes.
func (sc *scene) fill(j *judged) {
	switch j.rule {
	case "udp-blocked":
		j.since, j.members = sc.deafSince, sc.live
	case ruleTogether, ruleUnanswered:
		j.since, j.members = sc.lostAt, sc.lost
	case "neighbours-unheard":
		j.since, j.members, j.freshAt = sc.peerAt, sc.peerless, sc.now
	case "accused-but-answering":
		j.since, j.members = sc.accuseAt, sc.accused
	case "large-packets-stall", "one-stalls":
		j.since, j.members = sc.stalledAt, sc.stalled
		if j.since.IsZero() {
			j.since, j.freshAt = sc.largeSince(), sc.now
		}
	case "tcp-blocked":
		j.since, j.members = sc.shutAt, sc.shut
	default:
		j.since, j.members, j.whole = sc.since, sc.live, true
	}
	j.of = len(sc.s.machines)
}

func siteKey(code string) string { return "site:" + code }
