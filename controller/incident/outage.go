package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"muster/inventory"
)

// failure is one service that fails at one site.
type failure struct {
	site    *site
	service string
	results []result
	sure    bool // confirmed
	before  time.Time
}

func (f failure) since() time.Time { return f.results[0].At }

// judgeServices goes over the matrix of sites and services.
func (e *Engine) judgeServices(now time.Time) {
	byService := make(map[string][]failure)
	for _, s := range e.order {
		if s.failing {
			e.gatherFailures(s, byService, now)
		}
	}
	for _, name := range sortedKeys(byService) {
		e.judgeService(name, byService[name], now)
	}
	e.followServices(byService, now)
}

// gatherFailures collects a site's. A site that cannot be reached, or whose path
// loses large packets, has another trouble.
func (e *Engine) gatherFailures(s *site, into map[string][]failure, now time.Time) {
	s.failing = false
	from := now.Add(-staleProbes * e.rules.ProbeEvery)
	path := s.services[pathFacts]
	narrow := path != nil && len(path.failures(from)) > 0
	for _, name := range sortedKeys(s.services) {
		f := s.services[name]
		fs := f.failures(newer(from, e.serviceClear[name]))
		fs = slices.DeleteFunc(fs, func(r result) bool {
			return s.within(r.At, e.rules.SegmentIn, time.Minute) || r.Mute && path.narrowAt(r.At, e.rules.ProbeEvery)
		})
		if len(fs) == 0 {
			continue
		}
		s.failing = true
		if kind := class(fs); name == pathFacts || kind == inventory.ProbePathMTU || narrow && kind == inventory.ProbeTimeout {
			continue // the site's own rules read these
		}
		into[name] = append(into[name], failure{site: s, service: name, results: fs, sure: confirmed(fs, &e.rules), before: f.Passed})
	}
}

// judgeService decides whether a service fails everywhere or at single sites.
func (e *Engine) judgeService(name string, fs []failure, now time.Time) {
	if e.blind() {
		return
	}
	var sure []failure
	first := now
	for _, f := range fs {
		first = older(first, f.since())
		if f.sure {
			sure = append(sure, f)
		} else {
			e.ask(Ask{Kind: AskProbe, Site: f.site.code, Service: name, Count: 2}, now)
		}
	}
	if len(sure) == 0 {
		return
	}
	passing := 0
	carriers, all := make(map[string]bool), make(map[string]bool)
	for _, s := range e.order {
		all[s.carrier] = true
		if f := s.services[name]; f != nil && f.Passed.After(first) && !slices.ContainsFunc(fs, func(x failure) bool { return x.site == s }) {
			passing++
		}
	}
	for _, f := range sure {
		carriers[f.site.carrier] = true
	}
	share := float64(len(sure)) / float64(len(sure)+passing)
	waited := now.Sub(sureSince(sure)) >= e.rules.ConfirmFor
	live := e.wideOf(name) != nil
	switch {
	case live, len(sure) >= 2 && share >= e.rules.ServiceShare && (len(carriers) >= 2 || len(all) == 1 || waited && passing == 0):
		e.holdWide(name, sure, passing, len(carriers), now)
	case passing > 0 || waited && len(fs) == len(sure) || now.Sub(sureSince(sure)) >= 2*e.rules.ConfirmFor || len(e.order) == 1:
		for _, f := range sure {
			e.holdLocal(f, passing, now)
		}
	}
	if passing < 2 || live {
		e.crossCheck(name, fs, carriers, now)
	}
}

// sureSince is when the first of them was confirmed.
func sureSince(sure []failure) time.Time {
	at := sure[0].results[1].At
	for _, f := range sure {
		at = older(at, f.results[1].At)
	}
	return at
}

func wideKey(name string) string { return servicePrefix + "*:" + name }

// crossCheck asks sites that said nothing lately, other carriers' first.
func (e *Engine) crossCheck(name string, fs []failure, carriers map[string]bool, now time.Time) {
	asked := 0
	for _, foreign := range []bool{true, false} {
		for _, s := range e.order {
			if asked == 3 || s.silence.active || carriers[s.carrier] == foreign || !e.uses(s, name) ||
				slices.ContainsFunc(fs, func(f failure) bool { return f.site == s }) {
				continue
			}
			asked++
			e.ask(Ask{Kind: AskProbe, Site: s.code, Service: name, Count: 2}, now) // a failure there is confirmed at once
		}
	}
}

// uses reports whether a site needs a service.
func (e *Engine) uses(s *site, name string) bool {
	for _, service := range e.estate.Services {
		if service.Name == name {
			return len(service.SiteKinds) == 0 || slices.Contains(service.SiteKinds, s.facts.Site.Kind)
		}
	}
	return true
}

// holdWide holds a service's own outage and folds what single sites had of it.
func (e *Engine) holdWide(name string, sure []failure, passing, carriers int, now time.Time) {
	j := judged{
		key: wideKey(name), scope: inventory.Scope{Service: name}, rule: "fails-everywhere", cause: inventory.CauseServiceOutage,
		grade: inventory.GradeCorroborated, confidence: 0.85, since: sure[0].since(), freshAt: now,
	}
	words := class(sure[0].results)
	for _, f := range sure {
		j.scope.Sites = append(j.scope.Sites, f.site.code)
		if f.since().Before(j.since) {
			j.since, words = f.since(), class(f.results)
		}
		j.age = max(j.age, f.age(e))
	}
	slices.Sort(j.scope.Sites)
	if carriers >= 2 && passing == 0 {
		j.grade, j.confidence = inventory.GradeProven, 0.95
	}
	j.reason = fmt.Sprintf("%s fails (%s) from %s on %s, and from %s it passes: the service itself.",
		name, words, count(len(sure), "site"), count(carriers, "carrier"), atSites(passing))
	var t *trouble
	if e.nameless(name, sure) {
		t = e.holdNames(name, j, now)
	} else {
		t = e.hold(j, now)
	}
	for _, f := range sure {
		for _, key := range localKeys(f.site.code, name) {
			if narrow := e.troubles[key]; narrow != nil {
				e.fold(narrow, t, now)
			}
		}
	}
}

func atSites(n int) string {
	if n == 0 {
		return "no site"
	}
	return count(n, "site")
}

// age is how long before the first failure it may have begun.
func (f failure) age(e *Engine) time.Duration {
	if f.before.IsZero() {
		return e.rules.ProbeEvery
	}
	return min(f.since().Sub(f.before), e.rules.ProbeEvery)
}

// followServices ends what does not fail any more.
func (e *Engine) followServices(byService map[string][]failure, now time.Time) {
	for _, key := range sortedKeys(e.troubles) {
		t := e.troubles[key]
		if !isServiceKey(key) || !t.ClearAt.IsZero() {
			continue
		}
		if strings.HasPrefix(key, wideKey(namesWide)) {
			e.namesWell(t, byService, now)
			continue
		}
		if name, wide := strings.CutPrefix(key, servicePrefix+"*:"); wide {
			e.wideWell(t, name, byService[name], now)
			continue
		}
		code := t.Incident.Scope.Site
		holds := false
		for name, fs := range byService {
			for _, f := range fs {
				holds = holds || f.site.code == code && f.sure && slices.Contains(localKeys(code, name), key)
			}
		}
		if s := e.sites[code]; s == nil || !holds {
			e.well(key, e.passedSince(s, t.Onset))
		}
	}
}

// passedSince is the newest success of any service at a site after t.
func (e *Engine) passedSince(s *site, t time.Time) time.Time {
	at := t
	if s != nil {
		for name, f := range s.services {
			if name != pathFacts {
				at = newer(at, f.Passed)
			}
		}
	}
	return at
}

// wideWell ends a service's outage when two of the sites that saw it fail see it
// pass, after the newest failure anywhere.
func (e *Engine) wideWell(t *trouble, name string, fs []failure, now time.Time) {
	var newestFail, back time.Time
	for _, f := range fs {
		newestFail = newer(newestFail, f.results[len(f.results)-1].At)
	}
	passing := 0
	for _, code := range t.Incident.Scope.Sites {
		if s := e.sites[code]; s != nil && s.services[name] != nil && s.services[name].Passed.After(newer(newestFail, t.Onset)) {
			passing++
			if back.IsZero() || s.services[name].Passed.Before(back) {
				back = s.services[name].Passed
			}
		}
	}
	if passing >= min(2, len(t.Incident.Scope.Sites)) || len(fs) == 0 {
		e.serviceClear[name] = newer(newestFail, now)
		if back.IsZero() {
			back = now
		}
		e.well(t.Key, back)
		return
	}
	t.FreshAt = now
	for i, code := range t.Incident.Scope.Sites {
		if i < 3 {
			e.ask(Ask{Kind: AskProbe, Site: code, Service: name, Count: 1}, now)
		}
	}
}
