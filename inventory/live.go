package inventory

import (
	"net/netip"
	"time"
)

// SiteCounts is how a site's workstations stand. It always holds that
//
//	Expected = Present + Silent + Off + Asleep + Absent + Unknown
//
// Away counts registered machines that are at another site, on VPN or at home:
// out of the expected count. Stranger counts machines that were seen and are not
// in the register.
type SiteCounts struct {
	Expected int `json:"expected"`
	Present  int `json:"present"`
	Silent   int `json:"silent"`
	Off      int `json:"off"`
	Asleep   int `json:"asleep"`
	Away     int `json:"away"`
	Absent   int `json:"absent"`
	Unknown  int `json:"unknown"`
	Stranger int `json:"stranger"`
}

// Add counts one machine of presence p.
func (c *SiteCounts) Add(p Presence) {
	if p != Stranger && p != Away {
		c.Expected++
	}
	switch p {
	case Present:
		c.Present++
	case Silent:
		c.Silent++
	case Off:
		c.Off++
	case Asleep:
		c.Asleep++
	case Away:
		c.Away++
	case Absent:
		c.Absent++
	case Stranger:
		c.Stranger++
	case PresenceUnknown:
		c.Unknown++
	default:
		c.Unknown++
	}
}

// Plus is the counts of both.
func (c SiteCounts) Plus(d SiteCounts) SiteCounts {
	return SiteCounts{
		Expected: c.Expected + d.Expected,
		Present:  c.Present + d.Present,
		Silent:   c.Silent + d.Silent,
		Off:      c.Off + d.Off,
		Asleep:   c.Asleep + d.Asleep,
		Away:     c.Away + d.Away,
		Absent:   c.Absent + d.Absent,
		Unknown:  c.Unknown + d.Unknown,
		Stranger: c.Stranger + d.Stranger,
	}
}

// Heard reports whether anything was learnt about the site since the controller
// started: a machine of it is there, or has said why it is not.
func (c SiteCounts) Heard() bool {
	return c.Present+c.Silent+c.Off+c.Asleep+c.Away+c.Stranger > 0
}

// ReachState is what the sweep says of a site as a whole.
type ReachState string

// The states of a site's reach. ReachUnknown stands where nothing has been
// measured: a site without gossip, an empty pool, a controller that just began.
const (
	ReachOK      ReachState = "ok"
	ReachMissing ReachState = "missing" // at least one miss, the burst is under way
	ReachSilent  ReachState = "silent"  // the burst got no answer
	ReachUnknown ReachState = "unknown"
)

// Reach is how a site answers the controller's sweep.
type Reach struct {
	State     ReachState    `json:"state"`
	RTTMillis Fact[float64] `json:"rtt_ms"` // median of the last five minutes
	Loss      Fact[float64] `json:"loss"`   // share of the last five minutes, 0 to 1
	Since     time.Time     `json:"since,omitzero"`
}

// PoolMember is one member of a site's pool as its controller sees it.
type PoolMember struct {
	Name        string         `json:"name"`        // workstation id and run suffix
	Workstation string         `json:"workstation"` // empty for a controller
	Controller  bool           `json:"controller,omitempty"`
	Addr        netip.AddrPort `json:"addr,omitzero"`
	State       string         `json:"state"`            // alive, suspect, left or failed
	Uplink      string         `json:"uplink,omitempty"` // ok, lost, relayed or an error class
	Health      string         `json:"health,omitempty"`
	Version     string         `json:"version,omitempty"` // of the agent
	KeyVersion  int            `json:"key_version,omitempty"`
	SeenAt      time.Time      `json:"seen_at,omitzero"` // last authenticated answer
}
