package demo

import (
	"net"
	"net/netip"

	"muster/agent/collect/simulated"
	"muster/inventory"
)

// plan says where each simulated machine listens: an address of its own in a
// loopback subnet of its site where the system has all of 127.0.0.0/8 (Linux,
// Windows), otherwise 127.0.0.1 and a port of its own (macOS).
type plan struct {
	wide bool   // 127.x.y.z can be bound
	port uint16 // the mesh port on every address, when wide
}

// firstNet keeps the county clear of 127.0.0.1 and of resolvers on 127.0.0.53.
const firstNet = 16

// firstMachine leaves room for a gateway and the controller in each subnet.
const firstMachine = 10

// MaxPerSite is how many machines fit a site's subnet.
const MaxPerSite = 240

func newPlan(port uint16) plan {
	probe, err := net.Listen("tcp", net.JoinHostPort(subnetOf(0).Addr().Next().String(), "0"))
	if err != nil {
		return plan{}
	}
	_ = probe.Close() // nothing was written
	return plan{wide: true, port: port}
}

// subnetOf is the loopback /24 of the n-th site.
func subnetOf(n int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{127, byte(firstNet + n/250), byte(n%250 + 1), 0}), 24)
}

// addr is where the m-th machine of the n-th site listens.
func (p plan) addr(n, m int) netip.AddrPort {
	if !p.wide {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 0)
	}
	base := subnetOf(n).Addr().As4()
	base[3] = byte(firstMachine + m)
	return netip.AddrPortFrom(netip.AddrFrom4(base), p.port)
}

// standing is what the m-th machine of the n-th site believes of its network.
func (p plan) standing(n, m int) simulated.Standing {
	if !p.wide {
		return simulated.Standing{}
	}
	prefix := subnetOf(n)
	gateway := prefix.Addr().Next()
	return simulated.Standing{
		Addr: netip.PrefixFrom(p.addr(n, m).Addr(), prefix.Bits()), Gateway: gateway, Resolvers: []netip.Addr{gateway},
	}
}

// subnets is the register's view of the plan. Without addresses of their own
// the sites have none, and every machine counts as being at home.
func (p plan) subnets(sites []inventory.Site) []inventory.Subnet {
	if !p.wide {
		return nil
	}
	subnets := make([]inventory.Subnet, len(sites))
	for n, s := range sites {
		prefix := subnetOf(n)
		subnets[n] = inventory.Subnet{Prefix: prefix, Site: s.Code, Purpose: "clients", Gateway: prefix.Addr().Next()}
	}
	return subnets
}
