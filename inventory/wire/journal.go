package wire

import (
	"fmt"
	"net/netip"
	"time"

	"muster/inventory"
)

// JournalRecord is one line of an agent's journal: what the machine knew of its
// surroundings at one moment. A record is written every ten seconds, always, and
// at each edge. Ages count back from BootClock; a negative age is "never".
type JournalRecord struct {
	N          uint64        `json:"n"` // 1, 2, 3 … within the run
	Run        string        `json:"run"`
	Boot       string        `json:"boot"`
	BootClock  time.Duration `json:"boot_clock_ns"`
	Wall       time.Time     `json:"wall"`
	Kind       RecordKind    `json:"kind"`
	Reason     string        `json:"reason,omitempty"` // of a leave, or which edge
	PacketAge  time.Duration `json:"packet_age_ns"`    // since the last packet from the controller
	AckAge     time.Duration `json:"ack_age_ns"`       // since the last authenticated acknowledgement
	Gateway    Reachable     `json:"gateway"`          // by ARP or neighbour discovery
	Peers      int           `json:"peers"`            // members that acknowledged directly within 20 s
	PeersKnown int           `json:"peers_known"`
	Carrier    Reachable     `json:"carrier"` // cable or association
	Addr       netip.Addr    `json:"addr,omitzero"`
	Power      PowerSource   `json:"power"`
	// Outside is whether anything beyond the site answered, asked by the elected
	// while the controller is not heard; empty: nobody asked.
	Outside Reachable `json:"outside,omitempty"`
}

// RecordKind says why a record was written.
type RecordKind string

// The kinds.
const (
	RecordTick  RecordKind = "tick"
	RecordEdge  RecordKind = "edge"  // something changed; Reason names it
	RecordStart RecordKind = "start" // the agent started
	RecordLeave RecordKind = "leave" // the machine is about to stop; Reason is a LeaveReason
)

// Reachable is yes, no or unknown.
type Reachable string

// The three answers.
const (
	Yes     Reachable = "yes"
	No      Reachable = "no"
	Unknown Reachable = "unknown"
)

// PowerSource is mains, battery or unknown.
type PowerSource string

// The sources.
const (
	PowerMains   PowerSource = "mains"
	PowerBattery PowerSource = "battery"
	PowerUnknown PowerSource = "unknown"
)

// Never is the age of what has not happened in this boot.
const Never time.Duration = -1

// Validate holds the record against its bounds.
func (r JournalRecord) Validate() error {
	switch r.Kind {
	case RecordTick, RecordEdge, RecordStart, RecordLeave:
	default:
		return fmt.Errorf("unknown kind %.20q", r.Kind)
	}
	switch {
	case !validToken(r.Run) || !validToken(r.Boot):
		return fmt.Errorf("no usable run or boot id")
	case r.N == 0:
		return fmt.Errorf("no number")
	case r.BootClock < 0:
		return fmt.Errorf("negative boot clock")
	case len(r.Reason) > 100:
		return fmt.Errorf("reason of %d bytes, the limit is 100", len(r.Reason))
	case r.Peers < 0 || r.PeersKnown < 0 || r.Peers > 10_000 || r.PeersKnown > 10_000:
		return fmt.Errorf("%d of %d peers", r.Peers, r.PeersKnown)
	case r.Kind == RecordLeave && !knownReason(inventory.LeaveReason(r.Reason)):
		return fmt.Errorf("unknown leave reason %.20q", r.Reason)
	}
	return nil
}

func knownReason(reason inventory.LeaveReason) bool {
	switch reason {
	case inventory.LeaveShutdown, inventory.LeaveRestart, inventory.LeaveSleep, inventory.LeaveUpdate:
		return true
	}
	return false
}
