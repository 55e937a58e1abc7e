// Package roster sets the machines that the register expects against the signs
// of life that arrive, and answers with a presence for each and counts for each
// site.
//
// It is pure: it does no I/O, keeps no clock and starts nothing; now is an
// argument. It is not safe for concurrent use; its runner in controller/app
// guards it.
//
// What counts is existence from the register and identity from certificates.
// Membership of a pool is a hint, so a member that maps to no enrolled
// workstation is never counted.
package roster

import (
	"slices"
	"time"

	"muster/inventory"
)

// Rules are the times that the roster judges by.
type Rules struct {
	// ReportFreshFor is how long a report alone, without a pool, says present.
	// Twice the longest interval between two reports and a little.
	ReportFreshFor time.Duration
	// DirectFreshFor is the same at outbound-only sites, which report every minute.
	DirectFreshFor time.Duration
	// ReasonHoldsFor is how long "restart" and "update" explain a silence; a
	// shutdown or a sleep explains it until the next sign of life.
	ReasonHoldsFor time.Duration
	// GoodbyeFor is how long after "shutdown" or "sleep" a sign of life is taken
	// for one that was under way when the reason was given.
	GoodbyeFor time.Duration
	// AbsentAfter turns silent into absent.
	AbsentAfter time.Duration
	// SettleFor is how long after its own start a controller says unknown of a
	// machine it has not heard yet.
	SettleFor time.Duration
}

// DefaultRules are the times of docs/design.md.
func DefaultRules() Rules {
	return Rules{
		ReportFreshFor: 11 * time.Minute,
		DirectFreshFor: 150 * time.Second,
		ReasonHoldsFor: 15 * time.Minute,
		GoodbyeFor:     3 * time.Second,
		AbsentAfter:    30 * 24 * time.Hour,
		SettleFor:      90 * time.Second,
	}
}

// Roster is the expected and the seen.
type Roster struct {
	rules     Rules
	startedAt time.Time
	blind     bool
	direct    map[string]bool       // sites without gossip
	expects   map[string]string     // tag of each expected asset → its site
	unseen    map[string]int        // site → expected assets without an active install
	machines  map[string]*machine   // by workstation id
	bySite    map[string][]*machine // home site → its machines
}

// machine is one active install and the newest evidence about it.
type machine struct {
	id       string
	tag      string
	homeSite string
	expected bool // its asset is in service at homeSite

	site       string // where it was seen last
	siteKnown  bool   // it has been seen by address at least once
	alive      bool   // a live member of a pool
	memberAt   time.Time
	reportAt   time.Time
	reason     inventory.LeaveReason
	reasonAt   time.Time
	lastSeenAt time.Time
}

// New returns an empty roster of a controller that started at startedAt.
func New(rules Rules, startedAt time.Time) *Roster {
	r := &Roster{rules: rules, startedAt: startedAt}
	r.clear()
	return r
}

func (r *Roster) clear() {
	r.direct = map[string]bool{}
	r.expects = map[string]string{}
	r.unseen = map[string]int{}
	r.machines = map[string]*machine{}
	r.bySite = map[string][]*machine{}
}

// Expect replaces what the register expects. Evidence about machines that stay
// is kept.
func (r *Roster) Expect(sites []inventory.Site, assets []inventory.Asset, workstations []inventory.Workstation) {
	old := r.machines
	r.clear()
	for _, s := range sites {
		r.direct[s.Code] = s.Direct()
	}
	for _, a := range assets {
		if a.Expected() {
			r.expects[a.Tag] = a.Site
			r.unseen[a.Site]++
		}
	}
	for _, w := range workstations {
		r.add(w, old[w.ID])
	}
}

// Add puts one install on the roster, or renews what is known of it; an install
// that is not active is taken off.
func (r *Roster) Add(w inventory.Workstation) {
	before := r.machines[w.ID]
	r.Remove(w.ID)
	r.add(w, before)
}

func (r *Roster) add(w inventory.Workstation, m *machine) {
	if !w.Active() {
		return
	}
	if m == nil {
		m = &machine{id: w.ID, reportAt: w.LastReportAt, lastSeenAt: w.LastReportAt, site: w.Site, siteKnown: !w.LastReportAt.IsZero()}
	}
	m.tag, m.homeSite, m.expected = w.AssetTag, w.HomeSite, false
	if site, ok := r.expects[w.AssetTag]; ok && r.InstallOn(w.AssetTag) == "" {
		m.homeSite, m.expected = site, true
		r.unseen[site]--
	}
	r.machines[m.id] = m
	r.bySite[m.homeSite] = append(r.bySite[m.homeSite], m)
}

// InstallOn is the install that stands for an expected asset; empty where none does.
func (r *Roster) InstallOn(tag string) string {
	for _, m := range r.bySite[r.expects[tag]] {
		if m.expected && m.tag == tag {
			return m.id
		}
	}
	return ""
}

// Remove takes an install off the roster: it was revoked or replaced.
func (r *Roster) Remove(id string) {
	m := r.machines[id]
	if m == nil {
		return
	}
	delete(r.machines, id)
	r.bySite[m.homeSite] = slices.DeleteFunc(r.bySite[m.homeSite], func(other *machine) bool { return other == m })
	if m.expected {
		r.unseen[m.homeSite]++
	}
}

// SetBlind says that the controller cannot see (its own network is down): what
// is not heard is unknown, not silent.
func (r *Roster) SetBlind(blind bool) { r.blind = blind }

// Knows reports whether id is an active install.
func (r *Roster) Knows(id string) bool { return r.machines[id] != nil }

// ReportedAt is when the install's last report was taken; zero where none was.
func (r *Roster) ReportedAt(id string) time.Time {
	if m := r.machines[id]; m != nil {
		return m.reportAt
	}
	return time.Time{}
}

// HomeSite is where the register says the install belongs.
func (r *Roster) HomeSite(id string) string {
	if m := r.machines[id]; m != nil {
		return m.homeSite
	}
	return ""
}

// Installs lists the active installs of a site, sorted.
func (r *Roster) Installs(site string) []string {
	ids := make([]string, 0, len(r.bySite[site]))
	for _, m := range r.bySite[site] {
		ids = append(ids, m.id)
	}
	slices.Sort(ids)
	return ids
}
