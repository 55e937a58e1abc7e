package inventory

import "slices"

// Cause is what a verdict says is wrong. The words are those of docs/design.md.
type Cause string

// The causes, widest first: the controller's own, shared ones, a site's, one
// workstation's, and what cannot be told.
const (
	CauseControllerNetwork    Cause = "controller-network"
	CauseControllerOverloaded Cause = "controller-overloaded"
	CauseSharedCarrier        Cause = "shared-carrier"
	CauseSharedExchange       Cause = "shared-exchange"
	CauseSharedUnnamed        Cause = "shared-unnamed"
	CauseServiceOutage        Cause = "service-outage"
	CauseSiteLinkDown         Cause = "site-link-down"
	CauseSiteRouterDown       Cause = "site-router-down"
	CauseSitePowerCut         Cause = "site-power-cut"
	CauseAsymmetricPartition  Cause = "asymmetric-partition"
	CauseLinkOrPower          Cause = "link-or-power"
	CausePowerOrLAN           Cause = "power-or-lan"
	CauseMachineOrLink        Cause = "host-or-link"
	CauseLANSegment           Cause = "lan-segment"
	CauseLinkDegraded         Cause = "link-degraded"
	CauseSiteDNS              Cause = "site-dns"
	CauseSiteProxy            Cause = "site-proxy"
	CauseSiteFirewall         Cause = "site-firewall"
	CauseSiteMTU              Cause = "site-mtu"
	CauseWorkstationSilent    Cause = "workstation-silent"
	CauseWorkstationOff       Cause = "workstation-off"
	CauseWorkstationAsleep    Cause = "workstation-asleep"
	CauseWorkstationCrashed   Cause = "workstation-crashed"
	CauseAgentFault           Cause = "agent-fault"
	CauseIdentityConflict     Cause = "identity-conflict"
	CauseMoved                Cause = "moved"
	CauseUnobserved           Cause = "unobserved"
	CauseUnknown              Cause = "unknown"
)

// Causes lists every cause.
func Causes() []Cause {
	return []Cause{
		CauseControllerNetwork, CauseControllerOverloaded, CauseSharedCarrier, CauseSharedExchange, CauseSharedUnnamed,
		CauseServiceOutage, CauseSiteLinkDown, CauseSiteRouterDown, CauseSitePowerCut, CauseAsymmetricPartition,
		CauseLinkOrPower, CausePowerOrLAN, CauseMachineOrLink, CauseLANSegment, CauseLinkDegraded, CauseSiteDNS, CauseSiteProxy,
		CauseSiteFirewall, CauseSiteMTU, CauseWorkstationSilent, CauseWorkstationOff, CauseWorkstationAsleep,
		CauseWorkstationCrashed, CauseAgentFault, CauseIdentityConflict, CauseMoved, CauseUnobserved, CauseUnknown,
	}
}

// Valid reports whether c is one of Causes.
func (c Cause) Valid() bool { return slices.Contains(Causes(), c) }

// Presence reports whether c only says how one machine stands: such a verdict is
// never paged and never counted as an incident of a site.
func (c Cause) Presence() bool {
	switch c { // the few that are presence
	case CauseWorkstationSilent, CauseWorkstationOff, CauseWorkstationAsleep, CauseMoved:
		return true
	default:
		return false
	}
}

// Grade is how well a verdict is supported.
type Grade string

// The grades, weakest first.
const (
	GradeInferred     Grade = "inferred"     // confidence up to 0.7
	GradeCorroborated Grade = "corroborated" // two independent observers, below 0.9
	GradeProven       Grade = "proven"       // journals of two members, or the other side of the same fact
)
