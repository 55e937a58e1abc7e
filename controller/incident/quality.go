package incident

import (
	"fmt"
	"math"
	"slices"
	"time"

	"muster/inventory"
)

func qualityKey(code string) string { return "quality:" + code }

// pending reports whether a closed minute was not judged yet.
func (q *quality) pending() bool {
	return len(q.closed) > 0 && q.closed[len(q.closed)-1].At.After(q.judged)
}

// judgeQuality holds the site's newest minutes against what is usual there.
func (e *Engine) judgeQuality(s *site, now time.Time) {
	before := s.quality.judged
	fresh := e.ownMinutes(s, s.quality.due(now), before)
	if len(fresh) == 0 {
		return
	}
	for _, m := range fresh {
		if !m.Given {
			e.out.Minutes = append(e.out.Minutes, inventory.Evidence{
				At: m.At, Kind: inventory.EvidenceLink, Site: s.code, OK: m.Loss < 1, RTT: m.RTT, Jitter: m.Jitter, Loss: m.Loss,
			})
		}
	}
	if s.silence.active || e.blind() {
		return
	}
	key := qualityKey(s.code)
	view := e.weighMinutes(s)
	t := e.troubles[key]
	switch {
	case view.bad && e.stalled(view.newest):
	case view.bad && t == nil && view.rule != "lossy" && s.gatesAsUsual(view, &e.rules):
	case view.bad && (!view.usualAgain || t != nil && !t.Incident.OpenedAt.IsZero()):
		e.hold(judged{
			key: key, scope: inventory.Scope{Site: s.code, Circuit: s.circuit}, rule: view.rule, cause: inventory.CauseLinkDegraded,
			grade: view.grade, confidence: view.confidence, since: view.since, freshAt: now, reason: view.words(s),
		}, now)
	case t != nil && (view.good || view.usualAgain && t.Incident.OpenedAt.IsZero()):
		e.well(key, view.goodSince)
	case t != nil:
		t.FreshAt = now
	}
}

// maxGates is how many round trips of a site's router and gateway are remembered:
// they are asked once a minute each.
const maxGates = 16

func (s *site) noteGate(ev *inventory.Evidence) {
	if !ev.OK {
		return
	}
	i, found := slices.BinarySearchFunc(s.gates, ev.At, func(x sample, t time.Time) int { return x.at.Compare(t) })
	if found {
		return
	}
	s.gates = slices.Insert(s.gates, i, sample{at: ev.At, rtt: ev.RTT})
	if len(s.gates) > maxGates {
		s.gates = slices.Delete(s.gates, 0, len(s.gates)-maxGates)
	}
}

// gatesJustBack reports whether router and gateway have answered since a silence
// began, and no machine was asked and missed after that: all of the site may just be
// back.
func (s *site) gatesJustBack(since, missed time.Time) bool {
	i := slices.IndexFunc(s.gates, func(g sample) bool { return g.at.After(since) })
	return i >= 0 && !missed.After(s.gates[i].at)
}

// gatesAsUsual reports whether the router and the gateway answer over the same link
// as fast as ever while the machines are slow: then it is not the link. At a site
// of one or two machines one that is starved of its processor looks like it.
func (s *site) gatesAsUsual(v minutesView, r *Rules) bool {
	n := 0
	for _, g := range s.gates {
		if g.at.Before(v.since) || g.rtt <= 0 {
			continue
		}
		if g.rtt > v.usual.RTT+r.RTTLeast/2 {
			return false
		}
		n++
	}
	return n >= r.BadMinutes
}

// offLink reports whether a question at t went unanswered for another reason than
// the link's quality: the site, or the controller, was out of reach.
func (e *Engine) offLink(s *site, t time.Time) bool {
	return e.disturbed(s, t, 0)
}

// disturbed reports whether a stretch of time touches a silence of the site or a
// trouble of the controller's own.
func (e *Engine) disturbed(s *site, from time.Time, length time.Duration) bool {
	if s.within(from, length+time.Second, e.rules.EchoFor) {
		return true
	}
	for _, b := range e.blinds {
		if !from.Add(length).Before(b.From) && (b.To.IsZero() || !from.After(b.To.Add(e.rules.EchoFor))) {
			return true
		}
	}
	return false
}

// ownMinutes drops the minutes that a silence touched: what is left of them is no
// minute of the link.
func (e *Engine) ownMinutes(s *site, fresh []linkMinute, before time.Time) []linkMinute {
	q := &s.quality
	touched := func(m linkMinute) bool { return !m.Given && m.At.After(before) && e.disturbed(s, m.At, time.Minute) }
	q.closed = slices.DeleteFunc(q.closed, touched)
	return slices.DeleteFunc(fresh, touched)
}

// minutesView is what the newest minutes say of a link.
type minutesView struct {
	bad, good  bool
	usualAgain bool // the newest minute is as usual in all
	rule       string
	since      time.Time
	goodSince  time.Time
	newest     time.Time
	grade      inventory.Grade
	confidence float64
	now, usual linkMinute
}

// weighMinutes judges a link. Delay and jitter are judged minute by minute: some of
// the last few must be beyond the usual. Loss is judged over more minutes, for a
// minute has only forty questions:
//
//	lost > λ + LossSigmas·√λ + 3, λ = asked · usual loss, and ratio > usual + LossLeast
func (e *Engine) weighMinutes(s *site) minutesView {
	r := &e.rules
	ms := s.quality.closed
	last := ms[len(ms)-1]
	v := minutesView{newest: last.At, now: last, grade: inventory.GradeCorroborated, confidence: 0.8}
	base := e.baselines[s.circuit]
	if base == nil {
		base = e.baselines[s.code]
	}
	if base == nil {
		v.good = true
		return v
	}
	rtts, jitters, goods := 0, 0, 0
	var rttSince, jitterSince time.Time
	for i := len(ms) - 1; i >= 0 && last.At.Sub(ms[i].At) < time.Duration(r.OfMinutes)*time.Minute; i-- {
		u, ok := base.at(ms[i].At.In(s.zone), r)
		if !ok {
			continue
		}
		rtt, jitter := u.exceeds(ms[i], r)
		if rtt {
			rtts, rttSince = rtts+1, ms[i].At
		}
		if jitter {
			jitters, jitterSince = jitters+1, ms[i].At
		}
		if !rtt && !jitter && goods == len(ms)-1-i {
			goods++
		}
	}
	usual, known := base.at(last.At.In(s.zone), r)
	if !known {
		v.good = true
		return v
	}
	v.usual = linkMinute{RTT: usual.RTT, Jitter: usual.Jitter, Loss: usual.Loss}
	lossy, lossSince, lossOf, calm := e.weighLoss(ms, usual)
	v.usualAgain = goods > 0 && last.Loss <= max(usual.Loss, usual.LossHigh, r.LossLeast)
	v.good = goods >= r.GoodMinutes && calm
	v.goodSince = last.At.Add(-time.Duration(r.GoodMinutes-1) * time.Minute)
	switch {
	case rtts >= r.BadMinutes:
		v.bad, v.rule, v.since = true, "slow", rttSince
	case lossy:
		v.bad, v.rule, v.since, v.now.Loss = true, "lossy", lossSince, lossOf
	case jitters >= r.BadMinutes:
		v.bad, v.rule, v.since = true, "jittery", jitterSince
	}
	return v
}

// weighLoss reports whether the link loses more than it usually does, since when and
// how much of what was asked from then until it lost nothing any more, and whether the last minutes are calm again.
func (e *Engine) weighLoss(ms []linkMinute, u Usual) (lossy bool, since time.Time, of float64, calm bool) {
	r := &e.rules
	last := ms[len(ms)-1].At
	asked, lost := 0, 0.0
	recentAsked, recentLost := 0, 0.0
	spellAsked, spellLost := 0, 0.0 // from the first lossy minute to the last one
	base := max(u.Loss, u.LossHigh, 0.005)
	for i := len(ms) - 1; i >= 0 && last.Sub(ms[i].At) < time.Duration(r.LossMinutes)*time.Minute; i-- {
		n := float64(ms[i].N)
		asked, lost = asked+ms[i].N, lost+ms[i].Loss*n
		if last.Sub(ms[i].At) < time.Duration(r.GoodMinutes)*time.Minute {
			recentAsked, recentLost = recentAsked+ms[i].N, recentLost+ms[i].Loss*n
		}
		if ms[i].Loss > base || spellAsked > 0 {
			spellAsked, spellLost = spellAsked+ms[i].N, spellLost+ms[i].Loss*n
		}
		if ms[i].Loss > base {
			since, of = ms[i].At, spellLost/float64(max(spellAsked, 1))
		}
	}
	limit := func(asked int, sigmas float64) float64 {
		lambda := base * float64(asked)
		return max(lambda+sigmas*math.Sqrt(lambda)+3, (base+r.LossLeast)*float64(asked))
	}
	lossy = lost > limit(asked, r.LossSigmas) && recentLost > base*float64(recentAsked)
	if who := oneLoses(ms, last.Add(-time.Duration(r.LossMinutes)*time.Minute), r); lossy && who.asked > 0 {
		lossy = lost-float64(who.lost) > limit(asked-who.asked, r.LossSigmas)
	}
	return lossy, since, of, recentLost <= limit(recentAsked, 1)
}

func (v minutesView) words(s *site) string {
	ms := func(d time.Duration) string { return fmt.Sprintf("%.0f ms", float64(d)/float64(time.Millisecond)) }
	on := "the link of " + s.code
	if s.circuit != "" {
		on = fmt.Sprintf("circuit %s of %s", s.circuit, s.code)
	}
	backup := ""
	if s.backup {
		backup = " It may run on its backup."
	}
	switch v.rule {
	case "slow":
		return fmt.Sprintf("Since %s %s takes %s there and back; at this hour %s is usual.%s", s.clock(v.since), on, ms(v.now.RTT), ms(v.usual.RTT), backup)
	case "lossy":
		return fmt.Sprintf("Since about %s %s loses %.0f %% of what is asked; at this hour %.1f %% is usual.%s",
			s.clock(v.since), on, 100*v.now.Loss, 100*v.usual.Loss, backup)
	default:
		return fmt.Sprintf("Since %s the round trip of %s varies by %s; at this hour %s is usual.%s", s.clock(v.since), on, ms(v.now.Jitter), ms(v.usual.Jitter), backup)
	}
}

// oneLoses counts the questions of the machine that loses far more than its share
// of what is lost after from: it is short of its processor, or its own cable is bad.
// Nothing is counted where chance deals as unevenly once in OneLosesChance.
func oneLoses(ms []linkMinute, from time.Time, r *Rules) (who losses) {
	by := make(map[*machine]losses)
	var all losses
	for _, m := range ms {
		if !m.At.After(from) {
			continue
		}
		for id, c := range m.by {
			sum := by[id]
			sum.asked, sum.lost = sum.asked+c.asked, sum.lost+c.lost
			by[id] = sum
			all.asked, all.lost = all.asked+c.asked, all.lost+c.lost
		}
	}
	for _, c := range by {
		if c.lost > who.lost || c.lost == who.lost && c.asked > who.asked {
			who = c
		}
	}
	if len(by) < 2 || all.lost == 0 || atLeast(who.lost, all.lost, float64(who.asked)/float64(all.asked)) > r.OneLosesChance {
		return losses{}
	}
	return who
}

// atLeast is the chance of k or more of n where each has the chance p.
func atLeast(k, n int, p float64) float64 {
	if k <= 0 || p >= 1 {
		return 1
	}
	sum, term := 0.0, math.Pow(1-p, float64(n)) // of none
	for i := range n + 1 {
		if i >= k {
			sum += term
		}
		term *= float64(n-i) / float64(i+1) * p / (1 - p)
	}
	return sum
}
