package collect

import (
	"context"
	"net/netip"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"muster/inventory"
	"muster/inventory/wire"
)

const maxResolvers = 8

// standing is the adapter that routes to an address.
func (c *Collector) standing(ctx context.Context, toward netip.Addr) (*windows.IpAdapterAddresses, netip.Prefix, error) {
	iface, prefix, err := routed(toward)
	if err != nil {
		return nil, prefix, err
	}
	list, err := c.adapters(ctx)
	if err != nil {
		return nil, prefix, err
	}
	for _, a := range list {
		if int(a.IfIndex) == iface.Index || int(a.Ipv6IfIndex) == iface.Index {
			return a, prefix, nil
		}
	}
	return nil, prefix, missing("adapter " + iface.Name)
}

func (c *Collector) network(ctx context.Context, toward netip.Addr) inventory.Network {
	a, prefix, err := c.standing(ctx, toward)
	if err != nil {
		return networkUnknown(err.Error())
	}
	n := inventory.Network{
		Interface: named("the adapter's name", windows.UTF16PtrToString(a.FriendlyName)),
		Addr:      inventory.Known(prefix.Addr().Unmap()), Prefix: inventory.Known(prefix.Masked()),
		Gateway: inventory.Unknown[netip.Addr]("the adapter has no gateway"), Resolvers: inventory.Known(resolvers(a)),
		Medium: inventory.Known(medium(a.IfType)),
	}
	if via, ok := gatewayOf(a, prefix.Addr().Unmap().Is4()); ok {
		n.Gateway = inventory.Known(via)
	}
	return n
}

func medium(ifType uint32) string {
	switch ifType {
	case windows.IF_TYPE_ETHERNET_CSMACD:
		return "ethernet"
	case windows.IF_TYPE_IEEE80211:
		return "wifi"
	case windows.IF_TYPE_SOFTWARE_LOOPBACK:
		return "loopback"
	}
	return "virtual"
}

func gatewayOf(a *windows.IpAdapterAddresses, four bool) (netip.Addr, bool) {
	n := 0
	for g := a.FirstGatewayAddress; g != nil && n < 16; g, n = g.Next, n+1 {
		if addr, ok := netip.AddrFromSlice(g.Address.IP()); ok && addr.Unmap().Is4() == four {
			return addr.Unmap(), true
		}
	}
	return netip.Addr{}, false
}

func resolvers(a *windows.IpAdapterAddresses) []netip.Addr {
	list := make([]netip.Addr, 0, 2)
	for d := a.FirstDnsServerAddress; d != nil && len(list) < maxResolvers; d = d.Next {
		if addr, ok := netip.AddrFromSlice(d.Address.IP()); ok {
			list = append(list, addr.Unmap())
		}
	}
	return list
}

var sendARP = windows.NewLazySystemDLL("iphlpapi.dll").NewProc("SendARP")

// gatewayPatience is how long the gateway may take to answer on its own segment,
// where an answer takes milliseconds. Windows itself gives up after some seconds.
const gatewayPatience = time.Second

func (c *Collector) surroundings(ctx context.Context, toward netip.Addr) (gateway, carrier wire.Reachable, power wire.PowerSource) {
	gateway, carrier, power = wire.Unknown, wire.Unknown, wire.PowerUnknown
	if p, ok := readPower(); ok {
		power = p.source()
	}
	a, _, err := c.standing(ctx, toward)
	if err != nil {
		return gateway, c.anyCarrier(ctx), power
	}
	carrier = wire.No
	if a.OperStatus == windows.IfOperStatusUp {
		carrier = wire.Yes
	}
	if via, ok := gatewayOf(a, true); ok {
		gateway = c.gatewayAnswers(ctx, via)
	}
	return gateway, carrier, power
}

// anyCarrier is asked when nothing routes any more: is a cable or Wi-Fi still there?
func (c *Collector) anyCarrier(ctx context.Context) wire.Reachable {
	list, err := c.adapters(ctx)
	if err != nil {
		return wire.Unknown
	}
	for _, a := range list {
		if (a.IfType == windows.IF_TYPE_ETHERNET_CSMACD || a.IfType == windows.IF_TYPE_IEEE80211) && a.OperStatus == windows.IfOperStatusUp {
			return wire.Yes
		}
	}
	return wire.No
}

// gatewayAnswers sends an ARP request. Silence counts once the gateway has been
// heard: some gateways never answer a machine that they do not know.
func (c *Collector) gatewayAnswers(ctx context.Context, via netip.Addr) wire.Reachable {
	heard, err := within(ctx, &c.patience, "the gateway", gatewayPatience, func() (bool, error) {
		if err := sendARP.Find(); err != nil {
			return false, err
		}
		to := via.As4()
		var mac [8]byte
		size := uint32(len(mac))
		result, _, _ := sendARP.Call(uintptr(*(*uint32)(unsafe.Pointer(&to[0]))), 0, uintptr(unsafe.Pointer(&mac[0])), uintptr(unsafe.Pointer(&size)))
		return result == 0 && size > 0, nil
	})
	c.system.mu.Lock()
	defer c.system.mu.Unlock()
	if err == nil && heard {
		c.system.gatewayHeard = true
		return wire.Yes
	}
	if ctx.Err() != nil || !c.system.gatewayHeard {
		return wire.Unknown
	}
	return wire.No
}
