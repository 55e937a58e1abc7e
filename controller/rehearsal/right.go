package rehearsal

import (
	"slices"
	"time"

	"muster/inventory"
)

// truth is what an expectation means on this rehearsal: from when, until when,
// and which verdicts are right before healing.
type truth struct {
	from    time.Duration
	heal    time.Duration // negative: it is not healed
	live    []inventory.Cause
	episode Episode
	known   bool // an episode was found
}

// causedBy are the faults that a cause comes of, the likeliest first.
func causedBy(c inventory.Cause) []Verb {
	switch c {
	case inventory.CauseSiteLinkDown:
		return []Verb{CutLink, FlapLink, CarrierDown, ExchangeDown}
	case inventory.CauseSiteRouterDown:
		return []Verb{RouterDown}
	case inventory.CauseSitePowerCut:
		return []Verb{PowerCut}
	case inventory.CauseAsymmetricPartition:
		return []Verb{OneWayLoss}
	case inventory.CauseLANSegment:
		return []Verb{SwitchDown, Isolate, DHCPFail}
	case inventory.CauseLinkDegraded:
		return []Verb{DegradeLink, Failover, SaturateLink}
	case inventory.CauseSiteDNS, inventory.CauseSiteProxy, inventory.CauseServiceOutage:
		return []Verb{ServiceDown}
	case inventory.CauseSiteFirewall:
		return []Verb{BlockUDP}
	case inventory.CauseSiteMTU:
		return []Verb{MTU}
	case inventory.CauseSharedCarrier:
		return []Verb{CarrierDown, CutLink}
	case inventory.CauseSharedExchange:
		return []Verb{ExchangeDown, CutLink}
	case inventory.CauseSharedUnnamed:
		return []Verb{CutLink, CarrierDown, ExchangeDown}
	case inventory.CauseControllerNetwork:
		return []Verb{ControllerNetworkDown}
	case inventory.CauseControllerOverloaded:
		return []Verb{ControllerStall}
	case inventory.CauseLinkOrPower:
		return []Verb{CutLink, PowerCut, RouterDown, OneWayLoss}
	case inventory.CausePowerOrLAN:
		return []Verb{Crash, PowerCut, SwitchDown, Shutdown}
	case inventory.CauseMachineOrLink:
		return []Verb{CutLink, PowerCut, Crash}
	case inventory.CauseWorkstationCrashed, inventory.CauseWorkstationSilent:
		return []Verb{Crash}
	case inventory.CauseWorkstationOff:
		return []Verb{Shutdown}
	case inventory.CauseWorkstationAsleep:
		return []Verb{Sleep}
	case inventory.CauseAgentFault:
		return []Verb{KillAgent}
	case inventory.CauseIdentityConflict:
		return []Verb{CloneIdentity}
	case inventory.CauseMoved:
		return []Verb{Move}
	default:
		return nil
	}
}

// truthOf finds the fault behind an expectation.
func (r Rehearsal) truthOf(e Expectation, script Script) truth {
	var touching []Episode
	for _, one := range script.Episodes {
		if one.touches(e.Subject, r.Estate) && (e.From < 0 || one.From <= e.From || one.Fault.At <= e.From) {
			touching = append(touching, one)
		}
	}
	t := truth{from: max(e.From, 0), heal: -1}
	pick := func(is func(Episode) bool) {
		for _, one := range touching {
			if !t.known && is(one) || t.known && is(one) && e.From >= 0 && one.From > t.episode.From {
				t.episode, t.known = one, true // the last before From, or the first of all
			}
		}
	}
	for _, verb := range causedBy(e.Cause) {
		if !t.known {
			pick(func(one Episode) bool { return one.Fault.Do == verb })
		}
	}
	if !t.known {
		pick(func(one Episode) bool { return one.Fault.Do != Maintenance })
	}
	if t.known {
		t.heal = t.episode.Until
		if t.episode.Back >= 0 {
			t.heal = t.episode.Back
		}
		if e.From < 0 {
			t.from = t.episode.From
		}
	}
	t.live = r.liveCauses(e, t)
	return t
}

// touches reports whether a fault happens to a subject.
func (e Episode) touches(s Subject, estate Estate) bool {
	f := e.Fault
	switch {
	case f.Do.OfController():
		return true
	case s.Workstation != "":
		return slices.Contains(e.Workstations, s.Workstation) || len(e.Workstations) == 0 && slices.Contains(e.Sites, SiteOf(s.Workstation))
	case s.Site != "":
		return slices.Contains(e.Sites, s.Site)
	}
	touched := func(sites []string) bool {
		return slices.ContainsFunc(e.Sites, func(site string) bool { return slices.Contains(sites, site) })
	}
	return (s.Carrier == "" || touched(estate.OnCarrier(s.Carrier))) && (s.Exchange == "" || touched(estate.OnExchange(s.Exchange))) &&
		(s.Service == "" || f.Service == s.Service || f.Do != ServiceDown)
}

// liveCauses are the verdicts that are as right as the final one until healing,
// by the table of docs/design.md: what cannot be told apart from outside.
func (r Rehearsal) liveCauses(e Expectation, t truth) []inventory.Cause {
	if e.BeforeHealing != "" {
		return []inventory.Cause{e.BeforeHealing}
	}
	site, _ := r.Estate.Site(e.Subject.Site)
	linkOrPower := []inventory.Cause{inventory.CauseLinkOrPower}
	if r.mayBeAlone(site, t) {
		linkOrPower = append(linkOrPower, inventory.CauseMachineOrLink)
	}
	switch e.Cause {
	case inventory.CauseSiteLinkDown, inventory.CauseSiteRouterDown, inventory.CauseAsymmetricPartition:
		return linkOrPower
	case inventory.CauseSitePowerCut:
		if t.episode.Fault.UPS {
			return append(linkOrPower[1:], inventory.CausePowerOrLAN)
		}
		return linkOrPower
	case inventory.CauseLANSegment:
		return append(linkOrPower[1:], inventory.CausePowerOrLAN)
	case inventory.CauseWorkstationCrashed, inventory.CauseWorkstationOff, inventory.CauseWorkstationAsleep,
		inventory.CauseAgentFault, inventory.CauseMoved:
		return append(linkOrPower[1:], inventory.CauseWorkstationSilent)
	default:
		return nil
	}
}

// mayBeAlone reports whether fewer than two members may be alive when the fault
// comes: a small site, or one whose machines were sent away before.
func (r Rehearsal) mayBeAlone(site Site, t truth) bool {
	if site.Code == "" || site.Workstations < 2 {
		return true
	}
	for _, f := range r.Timeline {
		if f.Do.OfMachines() && f.At <= max(t.heal, t.from) && (f.Site == "" || f.Site == site.Code || SiteOf(first(f.Workstations)) == site.Code) {
			return true
		}
	}
	return false
}

func first(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return names[0]
}

// right reports whether a verdict of the fleet time at is right.
func (t truth) right(cause, final inventory.Cause, at time.Duration) bool {
	return cause == final || slices.Contains(t.live, cause) && (t.heal < 0 || at <= t.heal+verdictGrace)
}

// verdictGrace is how long the live verdict may stand behind the healing: the
// proof is in journals that have to arrive first.
const verdictGrace = 60 * time.Second
