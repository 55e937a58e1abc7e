package roster

import (
	"slices"
	"time"

	"muster/inventory"
)

// Presence judges one workstation. The instant is the last sign of life, zero
// where there was none. An id that is not an active install is unknown.
func (r *Roster) Presence(id string, now time.Time) (inventory.Presence, time.Time) {
	m := r.machines[id]
	if m == nil {
		return inventory.PresenceUnknown, time.Time{}
	}
	return r.judge(m, now), m.lastSeenAt
}

// judge is the whole rule, first match wins:
//
//	heard, in another site than home     away
//	heard                                present (stranger where not registered)
//	gave a reason after its last sign    off or asleep
//	never heard, or not for AbsentAfter  absent
//	the controller is blind or settling  unknown
//	otherwise                            silent
func (r *Roster) judge(m *machine, now time.Time) inventory.Presence {
	heard := r.heard(m, now)
	switch {
	case heard && !m.expected:
		return inventory.Stranger
	case heard && m.siteKnown && m.site != m.homeSite:
		return inventory.Away
	case heard:
		return inventory.Present
	case r.excused(m, now):
		if m.reason == inventory.LeaveSleep {
			return inventory.Asleep
		}
		return inventory.Off
	case m.lastSeenAt.IsZero(), now.Sub(m.lastSeenAt) > r.rules.AbsentAfter:
		return inventory.Absent
	case r.blind, now.Sub(r.startedAt) < r.rules.SettleFor:
		return inventory.PresenceUnknown
	default:
		return inventory.Silent
	}
}

// heard reports whether the machine shows life now. A pool's word outranks an
// older report: a member that failed after its last report is not heard.
func (r *Roster) heard(m *machine, now time.Time) bool {
	if m.alive {
		return true
	}
	if m.reportAt.IsZero() || !m.reportAt.After(m.memberAt) || !m.reportAt.After(m.reasonAt) {
		return false
	}
	fresh := r.rules.ReportFreshFor
	if r.direct[m.site] {
		fresh = r.rules.DirectFreshFor
	}
	return now.Sub(m.reportAt) <= fresh
}

// excused reports whether a reason explains the silence.
func (r *Roster) excused(m *machine, now time.Time) bool {
	if m.reason == "" || m.reasonAt.Before(m.lastSeenAt) {
		return false
	}
	switch m.reason {
	case inventory.LeaveRestart, inventory.LeaveUpdate:
		return now.Sub(m.reasonAt) <= r.rules.ReasonHoldsFor
	case inventory.LeaveShutdown, inventory.LeaveSleep:
		return true
	}
	return false
}

// Counts adds up one site by home. It always holds that
//
//	Expected = Present + Silent + Off + Asleep + Absent + Unknown
//
// Away machines are out of the expected count; strangers are counted apart.
func (r *Roster) Counts(site string, now time.Time) inventory.SiteCounts {
	var c inventory.SiteCounts
	for _, m := range r.bySite[site] {
		p := r.judge(m, now)
		if m.counts(p) {
			c.Add(p)
		}
	}
	c.Absent += r.unseen[site]
	c.Expected += r.unseen[site]
	return c
}

// counts reports whether the machine appears in its site's counts: an
// unregistered machine that is gone is nobody's loss.
func (m *machine) counts(p inventory.Presence) bool {
	return m.expected || p == inventory.Stranger
}

// AllCounts is Counts of every site that the roster knows machines of, in one walk.
func (r *Roster) AllCounts(now time.Time) map[string]inventory.SiteCounts {
	all := make(map[string]inventory.SiteCounts, len(r.bySite))
	for _, m := range r.machines {
		p := r.judge(m, now)
		if m.counts(p) {
			c := all[m.homeSite]
			c.Add(p)
			all[m.homeSite] = c
		}
	}
	for site, n := range r.unseen {
		c := all[site]
		c.Absent += n
		c.Expected += n
		all[site] = c
	}
	return all
}

// With lists the active installs of a site (empty: of all) whose presence is p, sorted.
func (r *Roster) With(p inventory.Presence, site string, now time.Time) []string {
	var ids []string
	for id, m := range r.machines {
		if (site == "" || m.homeSite == site) && r.judge(m, now) == p {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}
