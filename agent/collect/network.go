package collect

import (
	"fmt"
	"net"
	"net/netip"

	"muster/inventory"
)

// anywhere is an address that only a default route reaches (TEST-NET-3).
var anywhere = netip.AddrFrom4([4]byte{203, 0, 113, 1})

// routed is the interface, address and prefix that a packet to toward would
// leave by. Connecting a UDP socket asks the routing table and sends nothing.
func routed(toward netip.Addr) (*net.Interface, netip.Prefix, error) {
	if !toward.IsValid() {
		toward = anywhere
	}
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(toward, 9)))
	if err != nil {
		return nil, netip.Prefix{}, fmt.Errorf("no route to %s", toward)
	}
	local := conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap().WithZone("")
	_ = conn.Close()
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, netip.Prefix{}, fmt.Errorf("cannot list interfaces: %w", err)
	}
	for i := range interfaces {
		addrs, err := interfaces[i].Addrs()
		if err != nil {
			continue
		}
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Unmap().WithZone("") == local {
				return &interfaces[i], p, nil
			}
		}
	}
	return nil, netip.Prefix{}, fmt.Errorf("no interface has the address %s", local)
}

// networkUnknown is a network of which nothing can be said.
func networkUnknown(why string) inventory.Network {
	return inventory.Network{
		Interface: inventory.Unknown[string](why), Addr: inventory.Unknown[netip.Addr](why),
		Prefix: inventory.Unknown[netip.Prefix](why), Gateway: inventory.Unknown[netip.Addr](why),
		Resolvers: inventory.Unknown[[]netip.Addr](why), Medium: inventory.Unknown[string](why),
	}
}
