package mesh

import (
	"net/netip"
	"time"

	"muster/inventory"
)

// ObservationKind says how something was measured.
type ObservationKind string

// The kinds.
const (
	ObserveSweep     ObservationKind = "sweep"
	ObserveBurstPing ObservationKind = "burst-ping"
	ObserveBurstTCP  ObservationKind = "burst-tcp"
	ObserveGateway   ObservationKind = "gateway"
	ObserveRouter    ObservationKind = "router"
	ObserveReference ObservationKind = "reference" // of no site: outside the WAN

	ObserveOwnGateway ObservationKind = "own-gateway" // of no site: the controller's own
)

// Observation is one measurement by the controller.
type Observation struct {
	Site        string
	Member      string // empty for gateway, router and reference
	Workstation string
	Target      netip.Addr
	At          time.Time // when it was asked
	Kind        ObservationKind
	RTT         time.Duration // zero when missed
	Missed      bool
	Err         string // why, where more than silence is known
}

// MemberEventKind is what happened in a site's pool.
type MemberEventKind string

// The kinds: those of PoolEvent, a leave reason, and a change of the site's
// reach.
const (
	MemberJoin        = MemberEventKind(PoolJoin)
	MemberLeave       = MemberEventKind(PoolLeave)
	MemberFail        = MemberEventKind(PoolFail)
	MemberUpdate      = MemberEventKind(PoolUpdate)
	MemberReap        = MemberEventKind(PoolReap)
	MembersMissed     = MemberEventKind(PoolMissed) // the listener was too slow: read Members again
	MemberLeaveReason = MemberEventKind("leave-reason")
	SiteReach         = MemberEventKind("reach")
)

// MemberEvent is a change that the controller learnt of.
type MemberEvent struct {
	Kind        MemberEventKind
	Site        string
	Workstation string
	Member      Member
	Reason      inventory.LeaveReason // of MemberLeaveReason
	Reach       inventory.ReachState  // of SiteReach: the new state
	At          time.Time
}
