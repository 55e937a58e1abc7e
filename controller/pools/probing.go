package pools

import (
	"net/netip"
	"slices"
	"time"

	"muster/inventory"
	"muster/inventory/wire"
)

// turnsFor is how long the list of who takes turns at a site without a pool
// holds: each change of it is a change of settings for all its workstations.
const turnsFor = 5 * time.Minute

// turns is who takes turns at a site without a pool.
type turns struct {
	at      time.Time
	members []string
	name    string
}

// WorkstationAt is the site at which a workstation is now, and whether that site
// runs without gossip. A workstation that the register does not know, or that
// waits for a person, is not known.
func (p *Pools) WorkstationAt(id string) (site string, direct, known bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.roster.Knows(id) {
		return "", false, false
	}
	site, heard := p.at[id]
	if !heard {
		site = p.roster.HomeSite(id)
	}
	at := p.sites[site]
	return site, at != nil && at.noun.Direct(), true
}

// probing adds to settings what is to be probed at the site, and returns its
// name; mu is held.
func (p *Pools) probing(s *wire.Settings, at *site) string {
	if p.opts.Probing == nil {
		return ""
	}
	plan, name := p.opts.Probing(at.noun, at.inside)
	if plan == nil {
		return ""
	}
	if !at.noun.Direct() {
		s.Probing = plan // shared: nobody writes to it
		return name
	}
	own := *plan
	own.Turns = p.turnsAt(at)
	s.Probing = &own
	return name + " " + at.turns.name
}

// turnsAt is who takes turns at a site without a pool: the workstations that
// report; mu is held.
func (p *Pools) turnsAt(at *site) []string {
	now := p.opts.Now()
	if at.turns.at.IsZero() || now.Sub(at.turns.at) >= turnsFor {
		members := p.roster.With(inventory.Present, at.noun.Code, now)
		slices.Sort(members)
		members = members[:min(len(members), wire.MaxTurns)]
		if !slices.Equal(members, at.turns.members) {
			at.turns.members, at.turns.name = members, wire.HashBytes([]byte(joined(members)))
		}
		at.turns.at = now
	}
	return at.turns.members
}

func joined(members []string) string {
	var b []byte
	for _, m := range members {
		b = append(append(b, m...), ' ')
	}
	return string(b)
}

// insideOf is an address that a workstation of a subnet might have: what a PAC
// file is told that it is asked from.
func insideOf(prefix netip.Prefix) netip.Addr {
	addr := prefix.Masked().Addr()
	for range 10 {
		if next := addr.Next(); next.IsValid() && prefix.Contains(next) {
			addr = next
		}
	}
	return addr
}
