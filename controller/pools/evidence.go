package pools

import (
	"net/netip"
	"time"

	"muster/inventory"
	"muster/inventory/wire"
	"muster/mesh"
)

// Reported takes up a committed report. addr is where it came from, invalid
// where a neighbour relayed it: then the machine's own word for its address
// counts, since the neighbour's says only that they share a site.
func (p *Pools) Reported(report wire.Report, addr netip.Addr, at time.Time) {
	if !addr.IsValid() && report.Network != nil {
		addr = report.Network.Addr.Or(netip.Addr{})
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	id := report.Workstation
	home := p.roster.HomeSite(id)
	was, known := p.at[id]
	now := was
	switch {
	case addr.IsValid():
		now = p.homing.At(id, home, addr, at)
	case !known:
		now = home
	}
	if !known || now != was {
		p.at[id] = now
		p.moves[id] = now
		if known { // what it holds are the keys of another pool
			delete(p.held, id)
			delete(p.writes, id)
		}
	}
	p.acknowledge(report, now)
	p.roster.Reported(id, now, at)
}

// Member takes up an event of a pool. Members that map to no install are left
// to the mesh's own list: membership is a hint.
func (p *Pools) Member(e mesh.MemberEvent) {
	if e.Kind == mesh.MembersMissed {
		p.readMembers(e.Site, e.At)
		return
	}
	if e.Workstation == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e.Kind {
	case mesh.MemberJoin, mesh.MemberUpdate:
		p.names[e.Workstation] = e.Member.Name
		p.roster.MemberAlive(e.Workstation, e.Site, e.At)
	case mesh.MemberFail, mesh.MemberLeave:
		// A machine whose address changed is back under a fresh name before its
		// old one fails.
		if p.names[e.Workstation] == e.Member.Name {
			p.roster.MemberGone(e.Workstation, e.Site, e.At)
		}
	case mesh.MemberLeaveReason:
		p.roster.Left(e.Workstation, e.Reason, e.At)
	default: // a reaped member was gone before; a site's reach is asked of the mesh
	}
}

// readMembers makes up for events that were dropped.
func (p *Pools) readMembers(code string, at time.Time) {
	members := p.opts.Mesh.Members(code)
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range members {
		switch {
		case m.Workstation == "":
		case m.State == mesh.StateAlive:
			p.names[m.Workstation] = m.Name
			p.roster.MemberAlive(m.Workstation, code, at)
		case p.names[m.Workstation] == m.Name:
			p.roster.MemberGone(m.Workstation, code, at)
		}
	}
}

// Presence of a workstation and its last sign of life.
func (p *Pools) Presence(id string) (inventory.Presence, time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.roster.Presence(id, p.opts.Now())
}

// SiteCounts of a site's workstations.
func (p *Pools) SiteCounts(code string) inventory.SiteCounts {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.roster.Counts(code, p.opts.Now())
}

// AllCounts of every site.
func (p *Pools) AllCounts() map[string]inventory.SiteCounts {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.roster.AllCounts(p.opts.Now())
}

// WithPresence lists the installs of a site (empty: of all) with a presence.
func (p *Pools) WithPresence(presence inventory.Presence, code string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.roster.With(presence, code, p.opts.Now())
}

// Reach is what the sweep says of a site.
func (p *Pools) Reach(code string) inventory.Reach { return p.opts.Mesh.Reach(code) }

// PoolMembers lists a site's pool, each with its last answer to the mesh or its
// last report, whichever is later, and with the key that it said it holds.
func (p *Pools) PoolMembers(code string) []inventory.PoolMember {
	members := p.opts.Mesh.PoolMembers(code)
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range members {
		m := &members[i]
		if m.Workstation == "" || p.names[m.Workstation] != m.Name && m.State != string(mesh.StateAlive) {
			continue // of a name that it had before, nothing was heard since
		}
		m.KeyVersion = p.held[m.Workstation]
		if reportedAt := p.roster.ReportedAt(m.Workstation); reportedAt.After(m.SeenAt) {
			m.SeenAt = reportedAt
		}
	}
	return members
}
