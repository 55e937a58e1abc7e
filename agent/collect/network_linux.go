package collect

import (
	"context"
	"net/netip"
	"strings"

	"muster/inventory"
)

const maxResolvers = 8

func (c *Collector) network(_ context.Context, toward netip.Addr) inventory.Network {
	resolvers := c.resolvers()
	if !c.live {
		n := networkUnknown("the addresses of this machine cannot be asked")
		n.Resolvers = resolvers
		if r, ok := c.route(toward); ok {
			n.Interface, n.Medium, n.Gateway = inventory.Known(r.iface), inventory.Known(c.medium(r.iface)), r.gateway()
		}
		return n
	}
	iface, prefix, err := routed(toward)
	if err != nil {
		n := networkUnknown(err.Error())
		n.Resolvers = resolvers
		return n
	}
	n := inventory.Network{
		Interface: inventory.Known(clean(iface.Name)), Addr: inventory.Known(prefix.Addr().Unmap()),
		Prefix: inventory.Known(prefix.Masked()), Resolvers: resolvers, Medium: inventory.Known(c.medium(iface.Name)),
		Gateway: inventory.Unknown[netip.Addr]("the routing table cannot be read"),
	}
	if r, ok := c.route(toward); ok {
		n.Gateway = r.gateway()
	}
	return n
}

// gateway is the next hop; a route without one reaches its own segment.
func (r route) gateway() inventory.Fact[netip.Addr] {
	if !r.via.IsValid() || r.via.IsUnspecified() {
		return inventory.Unknown[netip.Addr]("the way to the controller leads through no gateway")
	}
	return inventory.Known(r.via)
}

func (c *Collector) medium(iface string) string {
	dir := "sys/class/net/" + iface + "/"
	switch {
	case c.exists(dir+"wireless") || c.exists(dir+"phy80211"):
		return "wifi"
	case iface == "lo":
		return "loopback"
	case !c.exists(dir+"device") && !c.exists(dir+"bridge") && !c.exists(dir+"bonding"):
		return "virtual" // a VPN
	}
	return "ethernet"
}

// resolvers are the name servers; behind systemd's local stub, the real ones.
func (c *Collector) resolvers() inventory.Fact[[]netip.Addr] {
	b, err := c.readBytes("etc/resolv.conf", 64<<10)
	if err != nil {
		return unknownErr[[]netip.Addr](err)
	}
	resolvers := parseResolvers(string(b))
	if len(resolvers) == 1 && resolvers[0] == netip.AddrFrom4([4]byte{127, 0, 0, 53}) {
		if b, err := c.readBytes("run/systemd/resolve/resolv.conf", 64<<10); err == nil {
			resolvers = parseResolvers(string(b))
		}
	}
	return inventory.Known(resolvers)
}

func parseResolvers(text string) []netip.Addr {
	resolvers := make([]netip.Addr, 0, 2)
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 2 || f[0] != "nameserver" || len(resolvers) == maxResolvers {
			continue
		}
		if addr, err := netip.ParseAddr(f[1]); err == nil {
			resolvers = append(resolvers, addr.Unmap().WithZone(""))
		}
	}
	return resolvers
}
