package roster

import (
	"net/netip"
	"time"

	"muster/inventory"
)

// Homing decides at which site a workstation is from the address that routes to
// the controller: longest prefix first. A new site counts after DwellFor, so
// that a laptop carried past an access point does not change pools.
type Homing struct {
	DwellFor time.Duration
	subnets  inventory.SubnetTable
	mapped   map[string]bool // sites that have at least one subnet
	stays    map[string]stay // by workstation id
}

type stay struct {
	site, next string
	nextFrom   time.Time
	known      bool
}

// NewHoming returns a Homing over the register's subnets.
func NewHoming(dwellFor time.Duration, subnets []inventory.Subnet) *Homing {
	h := &Homing{DwellFor: dwellFor, stays: map[string]stay{}}
	h.SetSubnets(subnets)
	return h
}

// SetSubnets replaces the subnets; stays are kept and judged anew.
func (h *Homing) SetSubnets(subnets []inventory.Subnet) {
	h.subnets = inventory.NewSubnetTable(subnets)
	h.mapped = map[string]bool{}
	for _, s := range subnets {
		h.mapped[s.Site] = true
	}
}

// At returns the workstation's site at now, given the address it was last heard
// from; empty is at no site. A machine whose home has no subnet in the register
// is taken to be at home where its address belongs to nobody else: an unfinished
// register must not send a county away.
func (h *Homing) At(id, home string, addr netip.Addr, now time.Time) string {
	seen := h.site(home, addr)
	s := h.stays[id]
	switch {
	case !s.known:
		s = stay{site: seen, known: true}
	case seen == s.site:
		s.next, s.nextFrom = "", time.Time{}
	case s.nextFrom.IsZero() || s.next != seen:
		s.next, s.nextFrom = seen, now
	case now.Sub(s.nextFrom) >= h.DwellFor:
		s = stay{site: seen, known: true}
	}
	h.stays[id] = s
	return s.site
}

func (h *Homing) site(home string, addr netip.Addr) string {
	subnet, ok := h.subnets.Find(addr)
	switch {
	case ok && subnet.Purpose == inventory.PurposeVPN:
		return ""
	case ok:
		return subnet.Site
	case !h.mapped[home]:
		return home
	default:
		return ""
	}
}

// Forget drops what is remembered of a workstation.
func (h *Homing) Forget(id string) { delete(h.stays, id) }
