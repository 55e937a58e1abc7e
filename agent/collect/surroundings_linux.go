package collect

import (
	"context"
	"net"
	"net/netip"
	"time"

	"muster/inventory/wire"
)

// gatewayFreshFor is how old the kernel's last word from the gateway may be to
// count as an answer. A record is written every ten seconds and each asks for a
// new one, so a living gateway's word is never older than about twelve.
const gatewayFreshFor = 15 * time.Second

func (c *Collector) surroundings(_ context.Context, toward netip.Addr) (gateway, carrier wire.Reachable, power wire.PowerSource) {
	gateway, carrier, power = wire.Unknown, wire.Unknown, wire.PowerUnknown
	if batteries, mains, err := c.supplies(); err == nil {
		power = c.power(batteries, mains)
	}
	r, ok := c.route(toward)
	if !ok {
		if r, ok = c.route(netip.Addr{}); !ok {
			return gateway, carrier, power
		}
	}
	carrier = c.carrier(r.iface)
	if !r.via.IsValid() || r.via.IsUnspecified() {
		return gateway, carrier, power
	}
	if !c.live {
		return c.gatewayByTable(r), carrier, power
	}
	return c.gatewayByKernel(r), carrier, power
}

func (c *Collector) carrier(iface string) wire.Reachable {
	dir := "sys/class/net/" + iface
	if !c.exists(dir) {
		return wire.No
	}
	n, err := c.readInt(dir + "/carrier")
	if err != nil || n == 0 { // an interface that is switched off refuses to answer
		return wire.No
	}
	return wire.Yes
}

// gatewayByTable reads /proc/net/arp, which does not say how old an entry is:
// good enough for a tree.
func (c *Collector) gatewayByTable(r route) wire.Reachable {
	b, err := c.readBytes("proc/net/arp", maxFile)
	if err != nil {
		return wire.Unknown
	}
	return arpSays(string(b), r.via, r.iface)
}

// gatewayByKernel reads the neighbour's entry and makes the kernel ask again, so
// that the next record, ten seconds on, finds a fresh answer. With the right to
// change entries (as root) the entry is set to probing, which sends one ARP or
// neighbour solicitation at once; without it, one datagram to the discard port
// makes the kernel verify a stale entry by itself, some seconds later.
func (c *Collector) gatewayByKernel(r route) wire.Reachable {
	index, err := net.InterfaceByName(r.iface)
	if err != nil {
		return wire.Unknown
	}
	entry, ok, err := neighbourEntry(index.Index, r.via)
	if err != nil {
		return wire.Unknown
	}
	freshFor := gatewayFreshFor
	if !ok || entry.failed() || probeNeighbour(entry) != nil {
		nudge(r.via, r.iface)
		freshFor = 4 * gatewayFreshFor // the kernel asks only when an entry has gone stale
	}
	return entry.says(ok, freshFor)
}

// says turns an entry into an answer. No entry is no evidence.
func (n neighbour) says(ok bool, freshFor time.Duration) wire.Reachable {
	switch {
	case !ok:
		return wire.Unknown
	case n.failed():
		return wire.No
	case n.lasting() || n.confirmedAgo <= freshFor:
		return wire.Yes
	}
	return wire.Unknown
}

func nudge(to netip.Addr, iface string) {
	if to.Is6() && to.IsLinkLocalUnicast() {
		to = to.WithZone(iface)
	}
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(to, 9)))
	if err != nil {
		return
	}
	_, _ = conn.Write([]byte{0}) // nothing to learn from the outcome: the entry tells
	_ = conn.Close()
}
