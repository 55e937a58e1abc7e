package incident

import (
	"time"

	"muster/inventory"
)

// severityRule is one line of the table of severities, read from the top: people
// affected at least so many, in open hours or shut.
type severityRule struct {
	people     int
	open, shut inventory.Severity
}

// severities is design's table: people affected × open or shut. With a backup link a
// degraded one counts one line less.
func severities() []severityRule {
	return []severityRule{
		{people: 200, open: inventory.SeverityCritical, shut: inventory.SeverityMajor},
		{people: 30, open: inventory.SeverityMajor, shut: inventory.SeverityMinor},
		{people: 5, open: inventory.SeverityMajor, shut: inventory.SeverityMinor},
		{people: 1, open: inventory.SeverityMinor, shut: inventory.SeverityInfo},
		{people: 0, open: inventory.SeverityInfo, shut: inventory.SeverityInfo},
	}
}

// weigh counts the people and sets the severity.
func (e *Engine) weigh(t *trouble, _ time.Time) {
	i := &t.Incident
	i.People, i.Hours = 0, false
	backup := true
	switch {
	case i.Scope.Controller:
		for _, s := range e.order {
			i.Hours = i.Hours || s.open(i.StartedAt)
		}
		i.Severity = inventory.SeverityMajor
		return
	case len(i.Scope.Sites) > 0:
		for _, code := range i.Scope.Sites {
			if s := e.sites[code]; s != nil {
				i.People += s.people()
				i.Hours = i.Hours || s.open(i.StartedAt)
				backup = backup && s.backup
			}
		}
	default:
		s := e.sites[i.Scope.Site]
		if s == nil {
			break
		}
		i.People, i.Hours, backup = s.people(), s.open(i.StartedAt), s.backup
		if i.Scope.Workstation != "" {
			i.People = 1
		} else if i.Cause == inventory.CauseLANSegment && !t.Whole && len(s.machines) > 0 {
			i.People = (i.People*len(t.Members) + len(s.machines) - 1) / len(s.machines)
		}
	}
	if i.Cause.Presence() {
		i.Severity = inventory.SeverityInfo
		return
	}
	table := severities()
	for n, line := range table {
		if i.People < line.people {
			continue
		}
		if backup && i.Cause == inventory.CauseLinkDegraded && n+1 < len(table) {
			line = table[n+1]
		}
		i.Severity = line.shut
		if i.Hours {
			i.Severity = line.open
		}
		return
	}
}

func (s *site) people() int {
	if s.facts.Staff > 0 {
		return s.facts.Staff
	}
	return max(s.facts.Expected, len(s.machines))
}

// desk is who is called for a cause.
type desk string

const (
	deskNobody     desk = ""
	deskCarrier    desk = "carrier"
	deskNetwork    desk = "network"
	deskBuilding   desk = "building" // power
	deskService    desk = "service"
	deskMachines   desk = "machines"
	deskController desk = "controller"
)

// deskOf is the table of whom to call.
func deskOf(c inventory.Cause) desk {
	switch c {
	case inventory.CauseSiteLinkDown, inventory.CauseLinkOrPower, inventory.CauseMachineOrLink, inventory.CauseAsymmetricPartition,
		inventory.CauseLinkDegraded, inventory.CauseSharedCarrier, inventory.CauseSharedExchange, inventory.CauseSharedUnnamed:
		return deskCarrier
	case inventory.CauseSiteRouterDown, inventory.CauseLANSegment, inventory.CauseSiteFirewall, inventory.CauseSiteMTU,
		inventory.CauseSiteDNS, inventory.CauseSiteProxy:
		return deskNetwork
	case inventory.CauseSitePowerCut, inventory.CausePowerOrLAN:
		return deskBuilding
	case inventory.CauseServiceOutage:
		return deskService
	case inventory.CauseWorkstationCrashed, inventory.CauseAgentFault, inventory.CauseIdentityConflict:
		return deskMachines
	case inventory.CauseControllerNetwork, inventory.CauseControllerOverloaded:
		return deskController
	case inventory.CauseWorkstationSilent, inventory.CauseWorkstationOff, inventory.CauseWorkstationAsleep, inventory.CauseMoved,
		inventory.CauseUnobserved, inventory.CauseUnknown:
	}
	return deskNobody
}

// recall reports whether a revision changes whom to call for an incident that
// people were told of.
func (e *Engine) recall(was inventory.Incident, now inventory.Cause) bool {
	return !was.OpenedAt.IsZero() && deskOf(was.Cause) != deskOf(now)
}
