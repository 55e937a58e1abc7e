package collect

import (
	"context"
	"net"
	"net/netip"
	"time"

	"muster/inventory/wire"
)

// lazyFreshFor is how old the kernel's last word from the gateway may be to
// count as an answer where it cannot be made to ask: it asks by itself only when
// an entry has gone stale, after up to 45 seconds.
const lazyFreshFor = time.Minute

func (c *Collector) surroundings(ctx context.Context, toward netip.Addr) (gateway, carrier wire.Reachable, power wire.PowerSource) {
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
	return c.gatewayByKernel(ctx, r), carrier, power
}

func (c *Collector) carrier(iface string) wire.Reachable {
	n, err := c.readInt("sys/class/net/" + iface + "/carrier")
	if err != nil || n == 0 { // one that is gone or switched off does not answer
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

// gatewayByKernel makes the kernel ask the gateway and reads its entry. With the
// right to change entries (CAP_NET_ADMIN) the entry is set to probing, which
// sends one ARP request or neighbour solicitation at once: then yes means that
// the gateway answered just now, and no that it was silent for some seconds.
// Without the right, one datagram to the discard port makes the kernel verify a
// stale entry by itself: a dead gateway shows up to a minute later.
func (c *Collector) gatewayByKernel(ctx context.Context, r route) wire.Reachable {
	kernel, err := converse()
	if err != nil {
		return wire.Unknown
	}
	defer kernel.end()
	index, err := kernel.index(r.iface)
	if err != nil {
		return wire.Unknown
	}
	entry, ok, err := kernel.neighbour(index, r.via)
	if err != nil {
		return wire.Unknown
	}
	switch {
	case !ok || entry.failed():
		nudge(r.via, r.iface) // the kernel asks before it can send
	case entry.lasting() || kernel.probe(entry) != nil:
		nudge(r.via, r.iface)
		return entry.says(ok, lazyFreshFor)
	}
	for _, wait := range answerWaits {
		if !pause(ctx, wait) {
			return wire.Unknown
		}
		if entry, ok, err = kernel.neighbour(index, r.via); err != nil || !ok || entry.confirmedAgo < time.Second {
			break
		}
	}
	return entry.says(ok && err == nil, time.Second)
}

// answerWaits are the pauses between looks for the gateway's answer: on a wired
// segment it is there at the first.
var answerWaits = []time.Duration{10 * time.Millisecond, 50 * time.Millisecond, 200 * time.Millisecond}

// pause waits, and reports whether the context still lives.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// says turns an entry into an answer. No entry is no evidence.
func (n neighbour) says(ok bool, freshFor time.Duration) wire.Reachable {
	switch {
	case !ok:
		return wire.Unknown
	case n.failed() && n.updatedAgo > lazyFreshFor:
		return wire.Unknown // nobody has asked since
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
