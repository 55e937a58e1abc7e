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
	machines  map[string]*machine   // by workstation id
	unseen    map[string]expected   // expected assets without a live install, by tag
	bySite    map[string][]*machine // home site → its machines
}

type expected struct {
	tag  string
	site string
}

// machine is one active install and the newest evidence about it.
type machine struct {
	id       string
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
	return &Roster{
		rules:     rules,
		startedAt: startedAt,
		direct:    map[string]bool{},
		machines:  map[string]*machine{},
		unseen:    map[string]expected{},
		bySite:    map[string][]*machine{},
	}
}

// Expect replaces what the register expects. Evidence about machines that stay
// is kept.
func (r *Roster) Expect(sites []inventory.Site, assets []inventory.Asset, workstations []inventory.Workstation) {
	r.direct = map[string]bool{}
	for _, s := range sites {
		r.direct[s.Code] = s.Direct()
	}
	r.unseen = map[string]expected{}
	for _, a := range assets {
		if a.Expected() {
			r.unseen[a.Tag] = expected{tag: a.Tag, site: a.Site}
		}
	}
	old := r.machines
	r.machines = make(map[string]*machine, len(workstations))
	r.bySite = map[string][]*machine{}
	for _, w := range workstations {
		r.add(w, old[w.ID])
	}
}

func (r *Roster) add(w inventory.Workstation, before *machine) {
	if !w.Active() {
		return
	}
	m := before
	if m == nil {
		m = &machine{id: w.ID, reportAt: w.LastReportAt, lastSeenAt: w.LastReportAt, site: w.Site, siteKnown: !w.LastReportAt.IsZero()}
	}
	m.homeSite, m.expected = w.HomeSite, false
	if e, ok := r.unseen[w.AssetTag]; ok && w.AssetTag != "" {
		m.homeSite, m.expected = e.site, true
		delete(r.unseen, w.AssetTag)
	}
	r.machines[m.id] = m
	r.bySite[m.homeSite] = append(r.bySite[m.homeSite], m)
}

// SetBlind says that the controller cannot see (its own network is down): what
// is not heard is unknown, not silent.
func (r *Roster) SetBlind(blind bool) { r.blind = blind }

// Knows reports whether id is an active install.
func (r *Roster) Knows(id string) bool { return r.machines[id] != nil }
