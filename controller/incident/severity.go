package incident

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"muster/inventory"
)

// SeverityRule is one line of the table of severities, read from the top: people
// affected at least so many, in the site's open hours or shut. A degraded link with
// a backup beside it takes the other two columns.
type SeverityRule struct {
	People         int                `yaml:"people"`
	Open           inventory.Severity `yaml:"open"`
	Shut           inventory.Severity `yaml:"shut"`
	OpenWithBackup inventory.Severity `yaml:"open_with_backup"`
	ShutWithBackup inventory.Severity `yaml:"shut_with_backup"`
}

// ValidateSeverities says what a table cannot be: it must go down to nobody, line by
// line, in words that are severities.
func ValidateSeverities(table []SeverityRule) error {
	known := []inventory.Severity{inventory.SeverityInfo, inventory.SeverityMinor, inventory.SeverityMajor, inventory.SeverityCritical}
	for n, line := range table {
		if n > 0 && line.People >= table[n-1].People {
			return fmt.Errorf("line %d of the severities is of %d people, the one before it of %d: they go down", n+1, line.People, table[n-1].People)
		}
		for _, word := range []inventory.Severity{line.Open, line.Shut, line.OpenWithBackup, line.ShutWithBackup} {
			if !slices.Contains(known, word) {
				return fmt.Errorf("line %d of the severities, of %d people: unknown severity %q; known: %v", n+1, line.People, word, known)
			}
		}
	}
	if n := len(table); n == 0 || table[n-1].People != 0 {
		return errors.New("the last line of the severities must be of 0 people: it is what everything else is")
	}
	return nil
}

func (r SeverityRule) severity(open, backup bool) inventory.Severity {
	switch {
	case open && backup:
		return r.OpenWithBackup
	case open:
		return r.Open
	case backup:
		return r.ShutWithBackup
	}
	return r.Shut
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
	for _, line := range e.rules.Severities {
		if i.People >= line.People {
			i.Severity = line.severity(i.Hours, backup && i.Cause == inventory.CauseLinkDegraded)
			return
		}
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
