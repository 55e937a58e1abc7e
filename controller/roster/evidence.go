package roster

import (
	"time"

	"muster/inventory"
)

// MemberAlive records that a workstation is a live member of site's pool.
func (r *Roster) MemberAlive(id, site string, at time.Time) {
	if m := r.machines[id]; m != nil && !r.leaving(m, at) {
		m.alive, m.memberAt = true, at
		m.seen(site, at)
	}
}

// MemberGone records that a workstation left its pool or failed in it. A member
// that moved to another pool since is not touched.
func (r *Roster) MemberGone(id, site string, at time.Time) {
	if m := r.machines[id]; m != nil && m.alive && m.site == site && !at.Before(m.memberAt) {
		m.alive, m.memberAt = false, at
	}
}

// Reported records an accepted report from site; the empty site is an address
// outside every site.
func (r *Roster) Reported(id, site string, at time.Time) {
	m := r.machines[id]
	if m == nil || at.Before(m.reportAt) || r.leaving(m, at) {
		return
	}
	m.reportAt = at
	m.seen(site, at)
}

// Left records the reason that a workstation gave for going.
func (r *Roster) Left(id string, reason inventory.LeaveReason, at time.Time) {
	if m := r.machines[id]; m != nil && !at.Before(m.reasonAt) {
		m.reason, m.reasonAt = reason, at
		m.alive = false
		m.memberAt = at
	}
}

// leaving reports whether what arrives at the instant at was sent before the
// machine went: it has just said that it shuts down or sleeps.
func (r *Roster) leaving(m *machine, at time.Time) bool {
	if m.reason != inventory.LeaveShutdown && m.reason != inventory.LeaveSleep {
		return false
	}
	return at.Sub(m.reasonAt) <= r.rules.GoodbyeFor
}

func (m *machine) seen(site string, at time.Time) {
	if at.Before(m.lastSeenAt) {
		return
	}
	m.lastSeenAt = at
	m.site, m.siteKnown = site, true
}
