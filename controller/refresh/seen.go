package refresh

import (
	"slices"
	"time"

	"muster/inventory"
)

// Seen is what agents and the roster show of the two machines of a swap.
type Seen struct {
	Old Machine
	New Machine
	// SiteHeardAt is the newest sign of life of any machine at the swap's site:
	// a machine is observed silent only while its site is heard.
	SiteHeardAt time.Time
}

// Machine is one asset with every install of the agent on it. Re-imaging makes
// another install of the same asset.
type Machine struct {
	Asset    inventory.Asset // as declared; the zero Asset where the register holds none
	Installs []Install
}

// Install is one install of the agent as it was last seen.
type Install struct {
	ID           string
	EnrolledAt   time.Time
	LastReportAt time.Time // over TLS, by the certificate
	Site         string    // by the subnet that it reports from; empty: none of ours
	SiteSince    time.Time
	Presence     inventory.Presence
	HeardAt      time.Time             // the last sign of life, as the roster has it: a report or the pool
	Left         inventory.LeaveReason // the last goodbye, where nothing was heard since
	ReplacedBy   string
	RevokedAt    time.Time
	Review       string         // why its identity is in doubt
	Checks       []MachineCheck // what it, or the site's probes, show of its work
}

// MachineCheck is one measured fact about a machine's work.
type MachineCheck struct {
	Name   string
	Passed inventory.Fact[bool]
	At     time.Time
	Why    string // what was measured
}

// Active reports whether the install may speak for its asset.
func (i Install) Active() bool { return i.RevokedAt.IsZero() && i.ReplacedBy == "" && i.Review == "" }

// Alive reports whether the machine is heard now. One that is not in service in
// the register any more is a stranger, and alive all the same.
func (i Install) Alive() bool {
	return i.Presence == inventory.Present || i.Presence == inventory.Away || i.Presence == inventory.Stranger
}

// LifeAt is the install's newest sign of life.
func (i Install) LifeAt(now time.Time) time.Time {
	switch {
	case i.Alive():
		return now
	case i.HeardAt.After(i.LastReportAt):
		return i.HeardAt
	default:
		return i.LastReportAt
	}
}

// Reported reports whether an agent ever reported from the machine.
func (m Machine) Reported() bool {
	return slices.ContainsFunc(m.Installs, func(i Install) bool { return !i.LastReportAt.IsZero() })
}

// newest is the active install that reported last.
func (m Machine) newest() (Install, bool) {
	var found Install
	ok := false
	for _, i := range m.Installs {
		if i.Active() && (!ok || i.LastReportAt.After(found.LastReportAt)) {
			found, ok = i, true
		}
	}
	return found, ok
}

// Rules are the times by which evidence is judged.
type Rules struct {
	// EarlyFor is how long before the swap was said to be done a sign of the new
	// machine counts: a technician plugs it in, its agent reports, then the
	// technician writes it down, and writes a round time.
	EarlyFor time.Duration
	// SilentFor is how long the old machine must be silent, without a word, while
	// its site is heard. A restart with updates stays below it; if it was one
	// after all, the machine comes back and the swap is unverified.
	SilentFor time.Duration
	// OffFor is the same after a goodbye "shutdown": it said itself that it went
	// off, so only a switch-on by mistake has to be waited for.
	OffFor time.Duration
	// ElsewhereFor is how long a desktop must report from another site before its
	// swap is unverified: longer than a cable in the wrong socket during a visit.
	ElsewhereFor time.Duration
	// LaptopElsewhereFor is the same for a laptop, which may go along to a
	// meeting, a week's course or leave, and is still that desk's.
	LaptopElsewhereFor time.Duration
}

// DefaultRules are the times that the reasons above allow for.
func DefaultRules() Rules {
	return Rules{
		EarlyFor:           15 * time.Minute,
		SilentFor:          10 * time.Minute,
		OffFor:             time.Minute,
		ElsewhereFor:       2 * time.Hour,
		LaptopElsewhereFor: 14 * 24 * time.Hour,
	}
}
