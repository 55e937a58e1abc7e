package inventory

import (
	"net/netip"
	"regexp"
	"time"
)

// Workstation is one install of the agent, on an asset where one is known.
// Re-imaging makes a new workstation on the same asset. ID is its key.
type Workstation struct {
	ID           string     `json:"id"`
	Name         string     `json:"name"`                // the computer's own name
	AssetTag     string     `json:"asset_tag,omitempty"` // empty: no asset matched
	HomeSite     string     `json:"home_site"`           // from the register
	Site         string     `json:"site"`                // where it is now; empty: at no site
	Addr         netip.Addr `json:"addr,omitzero"`       // the address that routes to the controller
	Identity     Identity   `json:"identity"`
	Kind         AssetKind  `json:"kind"`
	AgentVersion string     `json:"agent_version"`
	Simulated    bool       `json:"simulated,omitempty"` // a machine of the demo
	EnrolledAt   time.Time  `json:"enrolled_at"`
	LastReportAt time.Time  `json:"last_report_at,omitzero"`
	RevokedAt    time.Time  `json:"revoked_at,omitzero"`
	ReplacedBy   string     `json:"replaced_by,omitempty"` // a newer install on the same asset
	Review       string     `json:"review,omitempty"`      // why a person must look before it counts
}

// Active reports whether the install may report and counts at its site.
func (w Workstation) Active() bool {
	return w.RevokedAt.IsZero() && w.ReplacedBy == "" && w.Review == ""
}

var workstationID = regexp.MustCompile(`^w[0-9a-z]{8}$`)

// ValidWorkstationID reports whether id has the form the controller gives out:
// w and eight of 0–9, a–z.
func ValidWorkstationID(id string) bool { return workstationID.MatchString(id) }

// Presence is what the roster says of one expected machine.
type Presence string

// The presences.
const (
	Present         Presence = "present"  // alive in its pool or reporting
	Silent          Presence = "silent"   // was present, now not heard, no reason given
	Off             Presence = "off"      // said it was shutting down or restarting
	Asleep          Presence = "asleep"   // said it was going to sleep
	Away            Presence = "away"     // reporting from another site, VPN or none
	Absent          Presence = "absent"   // expected, never seen or not for a long time
	PresenceUnknown Presence = "unknown"  // the controller cannot tell (its own network, a restart)
	Stranger        Presence = "stranger" // seen, not in the register
)

// Presences lists every presence.
func Presences() []Presence {
	return []Presence{Present, Silent, Off, Asleep, Away, Absent, PresenceUnknown, Stranger}
}

// LeaveReason is why an agent says goodbye.
type LeaveReason string

// The reasons.
const (
	LeaveShutdown LeaveReason = "shutdown"
	LeaveRestart  LeaveReason = "restart"
	LeaveSleep    LeaveReason = "sleep"
	LeaveUpdate   LeaveReason = "update"
)
