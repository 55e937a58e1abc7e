package inventory

import (
	"net/netip"
	"slices"
	"strings"
)

// Subnet maps addresses to a site. Prefix, masked, is its key.
type Subnet struct {
	Prefix  netip.Prefix `json:"prefix"`
	Site    string       `json:"site"`
	Purpose string       `json:"purpose,omitempty"` // clients, voice, guest, vpn …
	Gateway netip.Addr   `json:"gateway,omitzero"`
	VLAN    int          `json:"vlan,omitempty"`
	Notes   string       `json:"notes,omitempty"`
}

// PurposeVPN marks a subnet whose users are away from every site.
const PurposeVPN = "vpn"

// Validate returns FieldErrors, or nil.
func (s Subnet) Validate() error {
	var es FieldErrors
	switch {
	case !s.Prefix.IsValid():
		es.add("prefix", "missing or not a prefix such as 10.20.4.0/24")
	case s.Prefix != s.Prefix.Masked():
		es.add("prefix", "%s has address bits set: did you mean %s?", s.Prefix, s.Prefix.Masked())
	case s.Prefix.Addr().Is4In6():
		es.add("prefix", "%s is IPv4 written as IPv6: no address would match it", s.Prefix)
	case s.Prefix.Bits() == 0:
		es.add("prefix", "%s covers every address", s.Prefix)
	}
	if s.Purpose != PurposeVPN && strings.EqualFold(s.Purpose, PurposeVPN) {
		es.add("purpose", "%q: write %s in lower case", s.Purpose, PurposeVPN)
	}
	if (s.Site != "" || s.Purpose != PurposeVPN) && !ValidSiteCode(s.Site) {
		es.add("site", "%q is not a site code", s.Site)
	}
	es.address("gateway", s.Gateway)
	if s.Gateway.IsValid() && s.Prefix.IsValid() && !s.Prefix.Contains(s.Gateway) {
		es.add("gateway", "%s is outside %s", s.Gateway, s.Prefix)
	}
	if s.VLAN < 0 || s.VLAN > 4094 {
		es.add("vlan", "%d is outside 0 to 4094", s.VLAN)
	}
	es.text("purpose", s.Purpose)
	es.text("notes", s.Notes)
	return es.err()
}

// SubnetTable answers which subnet an address belongs to, longest prefix first.
// It is immutable and safe for concurrent use.
type SubnetTable struct {
	byLength []Subnet
}

// NewSubnetTable copies subnets into a table.
func NewSubnetTable(subnets []Subnet) SubnetTable {
	sorted := slices.Clone(subnets)
	slices.SortStableFunc(sorted, func(a, b Subnet) int { return b.Prefix.Bits() - a.Prefix.Bits() })
	return SubnetTable{byLength: sorted}
}

// Find returns the longest prefix that holds addr.
func (t SubnetTable) Find(addr netip.Addr) (Subnet, bool) {
	addr = addr.Unmap().WithZone("")
	for _, s := range t.byLength {
		if s.Prefix.Contains(addr) {
			return s, true
		}
	}
	return Subnet{}, false
}
