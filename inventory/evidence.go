package inventory

import (
	"net/netip"
	"time"
)

// EvidenceKind is what kind of observation a piece of evidence is.
type EvidenceKind string

// The kinds. Each names in its comment which fields of Evidence it fills beside
// At, LearntAt, Site and Workstation.
const (
	// EvidenceSweep and the burst's kinds are single measurements by the
	// controller: OK, RTT, Error, Target.
	EvidenceSweep     EvidenceKind = "sweep"
	EvidenceBurstPing EvidenceKind = "burst-ping"
	EvidenceBurstTCP  EvidenceKind = "burst-tcp"
	EvidenceGateway   EvidenceKind = "gateway"   // the site's LAN gateway, asked by the controller
	EvidenceRouter    EvidenceKind = "router"    // the site's router, asked by the controller
	EvidenceReference EvidenceKind = "reference" // outside the WAN, no site
	EvidenceOwnGate   EvidenceKind = "own-gateway"

	EvidenceReach  EvidenceKind = "reach"        // Reach: what the sweep says of a site
	EvidenceMember EvidenceKind = "member"       // Member: joined, failed, left (a hint)
	EvidenceLeave  EvidenceKind = "leave-reason" // Reason: a hint until the journal says it
	EvidenceTag    EvidenceKind = "tag"          // Uplink: what a member says of its way to the controller
	EvidenceReport EvidenceKind = "report"       // a report over TLS: a live link. Via: relayed by a neighbour; Boot
	EvidenceMoved  EvidenceKind = "moved"        // the workstation is at Site now, From was before
	EvidenceProbe  EvidenceKind = "probe"        // Probe
	EvidenceEntry  EvidenceKind = "journal"      // Entry: one record of a workstation's journal
	EvidenceStop   EvidenceKind = "stop"         // Stop: the system's own record of how it stopped
	EvidenceLag    EvidenceKind = "lag"          // Lag: how late the controller's own clock ticks are
	EvidenceClone  EvidenceKind = "conflict"     // two live runs on one identity
	EvidenceStart  EvidenceKind = "controller-start"
	EvidenceLink   EvidenceKind = "link" // one minute of a link: RTT, Jitter, Loss (ratios), asked by the sweep and probers
)

// MemberChange is what happened to a member of a pool.
type MemberChange string

// The changes.
const (
	MemberJoined MemberChange = "joined"
	MemberFailed MemberChange = "failed"
	MemberWent   MemberChange = "left"
)

// Evidence is one observation that verdicts are drawn from. It is what an export
// of an incident holds, and what a rehearsal may hold instead of faults.
type Evidence struct {
	At          time.Time    `json:"at"`                 // when it was so, by the controller's clock
	LearntAt    time.Time    `json:"learnt_at,omitzero"` // when the controller learnt of it, where later
	Kind        EvidenceKind `json:"kind"`
	Site        string       `json:"site,omitempty"`
	Workstation string       `json:"workstation,omitempty"`
	Target      netip.Addr   `json:"target,omitzero"`

	OK     bool          `json:"ok,omitempty"`
	RTT    time.Duration `json:"rtt_ns,omitempty"`
	Jitter time.Duration `json:"jitter_ns,omitempty"`
	Loss   float64       `json:"loss_ratio,omitempty"`
	Lag    time.Duration `json:"lag_ns,omitempty"`
	Error  string        `json:"error,omitempty"`

	Reach  ReachState    `json:"reach,omitempty"`
	Member MemberChange  `json:"member,omitempty"`
	Reason LeaveReason   `json:"reason,omitempty"`
	Uplink string        `json:"uplink,omitempty"`
	Via    string        `json:"via,omitempty"`
	From   string        `json:"from,omitempty"`
	Boot   string        `json:"boot,omitempty"`
	Probe  *ProbeResult  `json:"probe,omitempty"`
	Entry  *JournalEntry `json:"entry,omitempty"`
	Stop   *Stop         `json:"stop,omitempty"`
}

// JournalEntry is one record of a workstation's journal, dated by the
// controller's clock (Evidence.At).
type JournalEntry struct {
	N           uint64        `json:"n"`
	Run         string        `json:"run"`
	Boot        string        `json:"boot"`
	BootClock   time.Duration `json:"boot_clock_ns"`
	Kind        string        `json:"kind"` // tick, edge, start, leave
	Reason      string        `json:"reason,omitempty"`
	HeardAge    time.Duration `json:"heard_age_ns"` // since the controller's last packet; negative: never
	AckAge      time.Duration `json:"ack_age_ns"`   // since the last authenticated acknowledgement; negative: never
	Gateway     string        `json:"gateway"`      // yes, no, unknown
	Carrier     string        `json:"carrier"`
	Power       string        `json:"power"` // mains, battery, unknown
	Peers       int           `json:"peers"`
	PeersKnown  int           `json:"peers_known"`
	AddrPresent bool          `json:"addr_present"`
}
