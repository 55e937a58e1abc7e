package incident

import (
	"fmt"
	"slices"
	"time"

	"muster/inventory"
)

const (
	networkKey  = "controller:network"
	overloadKey = "controller:overloaded"
)

// blind reports whether the controller's own network fails: what is silent is then
// unknown.
func (e *Engine) blind() bool {
	t := e.troubles[networkKey]
	return t != nil && t.ClearAt.IsZero()
}

// wasBlind reports whether the controller's own network failed at t.
func (e *Engine) wasBlind(t time.Time) bool {
	return slices.ContainsFunc(e.blinds, func(b span) bool { return !t.Before(b.From) && (b.To.IsZero() || !t.After(b.To)) })
}

// apart reports whether a sign at t says nothing about a part of the site: it was
// made in the controller's first minute, or while somebody was away.
func (e *Engine) apart(s *site, t time.Time) bool { return e.starting(t) || e.away(s, t) }

// away reports whether the site, or the controller, was out of reach at t.
func (e *Engine) away(s *site, t time.Time) bool {
	if s.within(t, e.rules.SegmentIn, gossipLag) || e.stalled(t) {
		return true
	}
	for _, b := range e.blinds {
		if !t.Before(b.From.Add(-e.rules.SegmentIn)) && (b.To.IsZero() || !t.After(b.To.Add(gossipLag))) {
			return true
		}
	}
	return false
}

// starting reports whether t lies in the controller's first minute, in which it
// does not know yet who is there.
func (e *Engine) starting(t time.Time) bool {
	return !e.startedAt.IsZero() && t.Before(e.startedAt.Add(startFor)) && t.After(e.startedAt.Add(-time.Second))
}

const startFor = time.Minute

// idle reports whether a sign of m's silence at t says nothing. One of the first
// minute counts once that is over and m was missed again; it is asked.
func (e *Engine) idle(m *machine, t, now time.Time) bool {
	switch over := e.startedAt.Add(startFor); {
	case !e.starting(t):
		return e.away(m.site, t)
	case now.Before(over):
		return true
	case m.lastMiss().Before(over):
		e.ask(Ask{Kind: AskBurst, Site: m.site.code, Workstation: m.id}, now)
		return true
	default:
		return e.away(m.site, t)
	}
}

// outlook is how much of the estate answers since the first silence under way.
type outlook struct {
	onset     time.Time
	silent    []*site // judged silent
	quiet     int     // judged so, or not heard since
	observed  int     // sites that could be heard
	carriers  map[string]bool
	refs      int // that ever answered
	refsOK    int
	refsFail  int
	gateFails bool
}

// outlook counts. Direct sites are too slow to say anything about one moment.
func (e *Engine) outlook() (o outlook) {
	for _, s := range e.order {
		if !s.silence.active || s.facts.Site.Direct() {
			continue
		}
		o.silent = append(o.silent, s)
		// The newest cluster is what is asked about.
		if s.silence.since.After(o.onset) {
			o.onset = s.silence.since
		}
	}
	if len(o.silent) == 0 {
		return o
	}
	newest := o.onset
	for _, s := range o.silent {
		if newest.Sub(s.silence.since) <= e.rules.SharedIn {
			o.onset = older(o.onset, s.silence.since)
		}
	}
	o.carriers = make(map[string]bool)
	for _, s := range e.order {
		if s.facts.Site.Direct() || s.answerAt.Before(o.onset.Add(-time.Minute)) {
			continue
		}
		o.observed++
		if !s.answerAt.After(o.onset) || s.silence.active {
			o.quiet++
			o.carriers[s.carrier] = true
		}
	}
	var over time.Time // the controller's last trouble: what failed before that is over too
	if n := len(e.blinds); n > 0 {
		over = e.blinds[n-1].To
	}
	for _, g := range e.references {
		switch {
		case g.OK.IsZero(): // it never answered: its silence says nothing
			continue
		case g.OK.After(o.onset):
			o.refsOK++
		case g.Miss.After(newer(o.onset.Add(-e.rules.FutureFor), over)):
			o.refsFail++
		}
		o.refs++
	}
	o.gateFails = !e.ownGate.OK.IsZero() && e.ownGate.Run >= 2 && e.ownGate.Miss.After(newer(o.onset.Add(-e.rules.SharedIn), over))
	return o
}

// judgeGates asks whether it is the controller itself.
func (e *Engine) judgeGates(now time.Time) {
	e.judgeOverload(now)
	o := e.outlook()
	e.waiting = false
	t := e.troubles[networkKey]
	if t != nil && e.networkBack(now) {
		return
	}
	ratio := 0.0
	if o.observed > 0 {
		ratio = float64(o.quiet) / float64(o.observed)
	}
	need := min(e.rules.RefLeast, o.refs)
	all := ratio >= e.rules.AllRatio && o.observed >= e.rules.SharedLeast
	j := judged{
		key: networkKey, scope: inventory.Scope{Controller: true}, cause: inventory.CauseControllerNetwork,
		since: o.onset, freshAt: now, grade: inventory.GradeCorroborated, confidence: 0.85,
	}
	switch {
	case t == nil && (len(o.silent) == 0 || o.refsOK > 0 || now.Sub(o.onset) < hearOthers):
		return
	case ratio >= e.rules.BlindRatio && (o.gateFails || need > 0 && o.refsFail >= need):
		j.rule = "references-fail"
		j.reason = fmt.Sprintf("%d of %d sites are silent and so is what lies outside the WAN: the controller's own network. What is silent is unknown.", o.quiet, o.observed)
	case t != nil:
		t.FreshAt = now
		e.swallow(t, now)
		return
	case all && need == 0 && len(o.carriers) >= 2:
		j.rule, j.grade, j.confidence = "all-silent-no-references", inventory.GradeInferred, 0.55
		j.reason = fmt.Sprintf("All %d sites fell silent at once, on %d carriers: most likely the controller's own network. No references are configured that could tell.", o.observed, len(o.carriers))
	case all && need > 0 && now.Sub(o.onset) >= e.rules.RefFor:
		j.rule, j.grade, j.confidence = "all-silent-references-unheard", inventory.GradeInferred, 0.6
		j.reason = fmt.Sprintf("All %d sites fell silent at once and no reference has answered since.", o.observed)
	case all && need > 0:
		e.waiting = true
		e.ask(Ask{Kind: AskReferences}, now)
		return
	default:
		return
	}
	if t == nil || !t.ClearAt.IsZero() {
		e.blindAt = now
	}
	t = e.hold(j, now)
	if n := len(e.blinds); n == 0 || !e.blinds[n-1].To.IsZero() {
		e.blinds = bounded(append(e.blinds, span{From: o.onset}), maxOutages)
	}
	e.swallow(t, now)
}

// swallow folds the silences that began with the controller's own.
func (e *Engine) swallow(t *trouble, now time.Time) {
	e.out.Blind = true
	from := t.Onset.Add(-e.rules.SharedIn)
	for _, s := range e.order {
		if s.silence.active && s.silence.into == "" && newer(s.silence.since, s.answerAt).After(from) {
			s.silence.into = networkKey
			if narrow := e.troubles[siteKey(s.code)]; narrow != nil {
				e.fold(narrow, t, now)
			}
		}
	}
	for _, key := range sortedKeys(e.troubles) {
		if narrow := e.troubles[key]; isSharedKey(key) && !narrow.Onset.Before(from) {
			e.fold(narrow, t, now)
		}
	}
}

// networkBack ends the controller's own trouble when references answer, or half of
// the sites do. A site that stays silent must be seen to be silent again.
func (e *Engine) networkBack(now time.Time) bool {
	heard, observed := 0, 0
	var at time.Time
	for _, s := range e.order {
		if s.silence.into == networkKey || s.answerAt.After(e.blindAt) {
			observed++
			if s.answerAt.After(e.blindAt) {
				heard++
				at = newer(at, s.answerAt)
			}
		}
	}
	for _, g := range e.references {
		if g.OK.After(e.blindAt) && g.OK.After(g.Miss) {
			heard, at = max(heard, observed), newer(at, g.OK)
		}
	}
	if heard == 0 || 2*heard < observed {
		return false
	}
	e.well(networkKey, at)
	if n := len(e.blinds); n > 0 {
		e.blinds[n-1].To = now
	}
	for _, s := range e.order {
		if s.silence.into == networkKey {
			e.observeAgain(s, now)
		}
	}
	return true
}

// observeAgain takes a silence back from the wider trouble that is over: it counts
// only once it is seen again.
func (e *Engine) observeAgain(s *site, now time.Time) {
	s.silence.into = ""
	s.againAt, s.dirty = now, true
}

// judgeOverload makes a long stall of the controller a trouble of its own.
func (e *Engine) judgeOverload(now time.Time) {
	t := e.troubles[overloadKey]
	if t != nil && t.ClearAt.IsZero() && now.Sub(e.lagAt) >= e.rules.QuietFor {
		e.well(overloadKey, e.lagAt)
		return
	}
	if len(e.stalls) == 0 {
		return
	}
	last := e.stalls[len(e.stalls)-1]
	lasted := last.To.Sub(last.From) - 2*e.rules.StallSlack
	if lasted < e.rules.OverloadAt || now.Sub(e.lagAt) >= e.rules.QuietFor {
		return
	}
	e.hold(judged{
		key: overloadKey, scope: inventory.Scope{Controller: true}, rule: "clock-late", cause: inventory.CauseControllerOverloaded,
		grade: inventory.GradeCorroborated, confidence: 0.85, since: last.From.Add(e.rules.StallSlack), freshAt: now,
		reason: fmt.Sprintf("The controller stood still for %s: what it missed meanwhile says nothing.", lasted.Round(time.Second)),
	}, now)
}
