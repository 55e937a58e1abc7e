package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"muster/inventory"
)

// Names that cannot be resolved anywhere are one trouble of one resolver, however
// many services have them: the services come one after the other as the rota asks.
const namesWide = "names:" // no service's name has a colon

func (e *Engine) namesKey(name string) string { return wideKey(namesWide + e.resolverOf(name)) }

// resolverOf is the resolver that a service is asked by; empty: the machines' own.
func (e *Engine) resolverOf(name string) string {
	for _, s := range e.estate.Services {
		if s.Name == name {
			return s.Resolver
		}
	}
	return ""
}

// wideOf is the trouble of a service that fails everywhere, its own or its names'.
func (e *Engine) wideOf(name string) *trouble {
	if t := e.troubles[e.namesKey(name)]; t != nil && slices.Contains(t.Services, name) {
		return t
	}
	return e.troubles[wideKey(name)]
}

func unresolved(class inventory.ProbeError) bool {
	return class == inventory.ProbeNXDomain || class == inventory.ProbeDNSTimeout
}

// nameless reports whether a service fails for its name: at most of the sites, or
// as the trouble that it is part of already.
func (e *Engine) nameless(name string, sure []failure) bool {
	if t := e.wideOf(name); t != nil {
		return t.Key == e.namesKey(name)
	}
	n := 0
	for _, f := range sure {
		if unresolved(class(f.results)) {
			n++
		}
	}
	return 2*n > len(sure)
}

// holdNames holds the trouble of a resolver, of which name is the newest service.
func (e *Engine) holdNames(name string, j judged, now time.Time) *trouble {
	resolver, names, sites := e.resolverOf(name), []string{name}, j.scope.Sites
	j.key, j.rule = e.namesKey(name), "names-fail-everywhere"
	before := e.troubles[j.key]
	if before != nil {
		names = mergeSites(before.Services, names)
		sites = mergeSites(before.Incident.Scope.Sites, sites)
		if i := before.Incident; rank(j.grade) < rank(i.Grade) { // one more service makes it no less sure
			j.grade, j.confidence = i.Grade, i.Confidence
		}
	}
	j.scope.Service = name
	if len(names) > 1 {
		j.scope.Service = strings.TrimSpace("dns " + resolver)
	}
	j.reason = sayNames(names, resolver, len(sites))
	t := e.hold(j, now)
	grown := len(t.Services) > 0 && len(names) > len(t.Services)
	t.Services = names
	t.Incident.Scope.Service = j.scope.Service
	if grown {
		e.judgeInto(t, j.verdict(now))
		if !t.Hidden {
			e.say(t, inventory.IncidentRevised, now, false)
		}
	}
	return t
}

func sayNames(names []string, resolver string, sites int) string {
	by := "the machines' own resolvers"
	if resolver != "" {
		by = "the resolver " + resolver
	}
	if len(names) == 1 {
		return fmt.Sprintf("The name of %s cannot be resolved from %s by %s: DNS, or the zone of that name.", names[0], count(sites, "site"), by)
	}
	return fmt.Sprintf("The names of %s cannot be resolved from %s by %s: DNS, not the services.", strings.Join(names, ", "), count(sites, "site"), by)
}

// namesWell ends the trouble of a resolver when two of the sites that saw names fail
// see one of them pass, after the newest failure anywhere.
func (e *Engine) namesWell(t *trouble, byService map[string][]failure, now time.Time) {
	var newestFail, back time.Time
	for _, name := range t.Services {
		for _, f := range byService[name] {
			for _, r := range f.results {
				if unresolved(r.Error) {
					newestFail = newer(newestFail, r.At)
				}
			}
		}
	}
	passing := 0
	for _, code := range t.Incident.Scope.Sites {
		if at := e.anyPassed(code, t.Services, newer(newestFail, t.Onset)); !at.IsZero() {
			passing++
			if back.IsZero() || at.Before(back) {
				back = at
			}
		}
	}
	if passing >= min(2, len(t.Incident.Scope.Sites)) || newestFail.IsZero() {
		for _, name := range t.Services {
			e.serviceClear[name] = newer(newestFail, now)
		}
		if back.IsZero() {
			back = now
		}
		t.Services = nil
		e.well(t.Key, back)
		return
	}
	t.FreshAt = now
	for i, code := range t.Incident.Scope.Sites {
		if i < 3 && len(t.Services) > 0 {
			e.ask(Ask{Kind: AskProbe, Site: code, Service: t.Services[i%len(t.Services)], Count: 1}, now)
		}
	}
}

// anyPassed is when the first of the services passed at a site after an instant;
// zero where none did.
func (e *Engine) anyPassed(code string, services []string, after time.Time) time.Time {
	var first time.Time
	s := e.sites[code]
	if s == nil {
		return first
	}
	for _, name := range services {
		if f := s.services[name]; f != nil && f.Passed.After(after) && (first.IsZero() || f.Passed.Before(first)) {
			first = f.Passed
		}
	}
	return first
}
