package importer

import (
	"net/netip"
	"strings"

	"muster/inventory"
)

// subnetSchema is the columns of subnets.
func subnetSchema() schema[inventory.Subnet] {
	type subnet = inventory.Subnet
	prefix := column[subnet]{
		Column: Column{
			Name: "prefix", Required: true, Authority: FileAuthority, Example: "10.20.4.0/24", Synonyms: []string{"subnet", "network", "cidr", "range", "ip range"},
			Help: "The subnet with its length, its key.",
		},
		field: "prefix",
		get:   func(s *subnet) string { return s.Prefix.String() },
	}
	columns := []column[subnet]{
		prefix,
		siteRef(Column{
			Name: "site", Example: "E101", Synonyms: []string{"site code", "site id", "site name", "scope", "premises", "building"},
			Help: "Code, name or alias of the site that uses it; needed unless the purpose is vpn.",
		}, func(s *subnet) *string { return &s.Site }),
		purpose(Column{
			Name: "purpose", Example: "clients", Synonyms: []string{"role", "use", "usage"},
			Help: "clients, voice, guest …; vpn marks a subnet whose users are away from every site.",
		}, func(s *subnet) *string { return &s.Purpose }),
		address(Column{
			Name: "gateway", Example: "10.20.4.1", Synonyms: []string{"default gateway", "gateway ip", "gateway address"},
			Help: "The address of the subnet's router.",
		}, func(s *subnet) *netip.Addr { return &s.Gateway }),
		whole(Column{
			Name: "vlan", Example: "20", Synonyms: []string{"vlan id", "vid", "vlan number"},
			Help: "The VLAN's number.",
		}, func(s *subnet) *int { return &s.VLAN }),
		text(Column{
			Name: "notes", Example: "Second floor", Synonyms: []string{"note", "comments", "comment", "remarks", "description"},
			Help: "Anything else.",
		}, func(s *subnet) *string { return &s.Notes }),
	}
	return schema[subnet]{
		keyColumn: "prefix", columns: columns, parseKey: readPrefix,
		blank: func(key string) subnet {
			p, _ := netip.ParsePrefix(key) // parseKey made the key
			return subnet{Prefix: p}
		},
		keyOf:    func(s *subnet) string { return s.Prefix.String() },
		title:    func(s *subnet) string { return s.Site },
		validate: func(s *subnet) error { return s.Validate() },
	}
}

// purpose keeps the one purpose that means something in its own spelling.
func purpose[N any](c Column, field func(*N) *string) column[N] {
	col := text(c, field)
	col.set = func(n *N, value string, _ *reading) error {
		if strings.EqualFold(value, inventory.PurposeVPN) {
			value = inventory.PurposeVPN
		}
		*field(n) = value
		return nil
	}
	return col
}

func readPrefix(value string) (string, error) {
	p, err := netip.ParsePrefix(value)
	switch {
	case err != nil:
		return "", &cellError{why: "not a subnet such as 10.20.4.0/24"}
	case p != p.Masked():
		return "", &cellError{why: "has address bits set", suggestion: didYouMean([]string{p.Masked().String()})}
	default:
		return p.String(), nil
	}
}
