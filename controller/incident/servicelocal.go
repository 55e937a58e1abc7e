package incident

import (
	"fmt"
	"slices"
	"time"

	"muster/inventory"
)

func localKeys(code, name string) []string {
	return []string{
		servicePrefix + code + ":dns", servicePrefix + code + ":proxy", servicePrefix + code + ":service:" + name,
	}
}

// holdLocal holds what fails at one site while others reach the service.
func (e *Engine) holdLocal(f failure, passing int, now time.Time) {
	if e.troubles[siteKey(f.site.code)] != nil {
		return // its trouble is a wider one
	}
	kind := class(f.results)
	if e.pathUnknown(f, now) {
		return
	}
	keys := localKeys(f.site.code, f.service)
	j := judged{
		scope: inventory.Scope{Site: f.site.code}, since: f.since(), freshAt: now, age: f.age(e),
		grade: inventory.GradeInferred, confidence: 0.65,
	}
	if observers(f.results) >= 2 && passing > 0 {
		j.grade, j.confidence = inventory.GradeCorroborated, 0.85
	}
	elsewhere := "nobody else has tried since"
	if passing > 0 {
		elsewhere = "from " + count(passing, "other site") + " it passes"
	}
	switch kind {
	case inventory.ProbeNXDomain, inventory.ProbeDNSTimeout:
		j.key, j.rule, j.cause = keys[0], "names-fail-here", inventory.CauseSiteDNS
		if observers(f.results) >= 2 && passing > 0 {
			j.grade, j.confidence = inventory.GradeProven, 0.95
		}
		j.reason = fmt.Sprintf("The name of %s cannot be resolved at %s (%s), by %s; %s: DNS there.",
			f.service, f.site.code, kind, count(observers(f.results), "machine"), elsewhere)
	case inventory.ProbeProxyAuth, inventory.ProbeProxy, inventory.ProbePortal:
		if f.before.IsZero() {
			return // it never passed: a setup finding, not an incident
		}
		j.key, j.rule, j.cause = keys[1], "proxy-refuses-here", inventory.CauseSiteProxy
		j.reason = fmt.Sprintf("At %s the way to %s ends at a proxy (%s), where it passed until %s; %s.",
			f.site.code, f.service, kind, f.site.clock(f.before), elsewhere)
	default:
		j.key, j.rule, j.cause = keys[2], "fails-here", inventory.CauseServiceOutage
		j.scope.Service = f.service
		j.reason = fmt.Sprintf("%s fails at %s (%s), by %s; %s.",
			f.service, f.site.code, kind, count(observers(f.results), "machine"), elsewhere)
	}
	t := e.hold(j, now)
	t.Members = unite(t.Members, nil)
	e.ask(Ask{Kind: AskProbe, Site: f.site.code, Service: f.service, Count: 1}, now)
}

// pathUnknown reports whether a service that connects and then says nothing may yet
// turn out to be a path that loses large packets: how large they pass is being
// measured (controller/rota).
func (e *Engine) pathUnknown(f failure, now time.Time) bool {
	if now.Sub(f.since()) >= e.rules.PathFor || slices.ContainsFunc(f.results, func(r result) bool { return !r.Mute }) {
		return false
	}
	path := f.site.services[pathFacts]
	return path == nil || len(path.Results) == 0 || path.Results[len(path.Results)-1].At.Before(f.since())
}
