package collect

import (
	"encoding/binary"
	"encoding/hex"
	"math/bits"
	"net/netip"
	"strconv"
	"strings"
)

// route is one line of the routing table.
type route struct {
	iface  string
	prefix netip.Prefix
	via    netip.Addr // unspecified: the segment itself
	metric uint64
}

const (
	routeUp     = 0x1
	routeReject = 0x200
)

// route finds the way to an address: the longest prefix, then the lowest metric.
// An address that is not valid asks for the default route.
func (c *Collector) route(toward netip.Addr) (route, bool) {
	var routes []route
	if !toward.IsValid() || toward.Unmap().Is4() {
		b, err := c.readBytes("proc/net/route", maxFile)
		if err != nil {
			return route{}, false
		}
		routes = parseRoutes4(string(b))
	} else {
		b, err := c.readBytes("proc/net/ipv6_route", maxFile)
		if err != nil {
			return route{}, false
		}
		routes = parseRoutes6(string(b))
	}
	return bestRoute(routes, toward.Unmap())
}

func bestRoute(routes []route, toward netip.Addr) (best route, ok bool) {
	for _, r := range routes {
		fits := toward.IsValid() && r.prefix.Contains(toward) || !toward.IsValid() && r.prefix.Bits() == 0
		if !fits {
			continue
		}
		if !ok || r.prefix.Bits() > best.prefix.Bits() || r.prefix.Bits() == best.prefix.Bits() && r.metric < best.metric {
			best, ok = r, true
		}
	}
	return best, ok
}

// parseRoutes4 reads /proc/net/route: interface, destination, gateway, flags,
// reference count, use, metric, mask …; addresses are hexadecimal in the
// machine's byte order, which is little-endian on all that we build for.
func parseRoutes4(text string) []route {
	var routes []route
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 8 || len(routes) == 10_000 {
			continue
		}
		to, okTo := hex4(f[1])
		via, okVia := hex4(f[2])
		mask, okMask := hex4(f[7])
		flags, errFlags := strconv.ParseUint(f[3], 16, 32)
		metric, errMetric := strconv.ParseUint(f[6], 10, 32)
		if !okTo || !okVia || !okMask || errFlags != nil || errMetric != nil || flags&routeUp == 0 || flags&routeReject != 0 {
			continue
		}
		m := mask.As4()
		ones := bits.OnesCount32(binary.BigEndian.Uint32(m[:]))
		routes = append(routes, route{iface: clean(f[0]), prefix: netip.PrefixFrom(to, ones), via: via, metric: metric})
	}
	return routes
}

func hex4(s string) (netip.Addr, bool) {
	n, err := strconv.ParseUint(s, 16, 32)
	var b [4]byte
	binary.LittleEndian.PutUint32(b[:], uint32(n))
	return netip.AddrFrom4(b), err == nil
}

// parseRoutes6 reads /proc/net/ipv6_route: destination, its length, source, its
// length, next hop, metric, reference count, use, flags, interface.
func parseRoutes6(text string) []route {
	var routes []route
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) != 10 || len(routes) == 10_000 {
			continue
		}
		to, okTo := hex16(f[0])
		ones, errOnes := strconv.ParseUint(f[1], 16, 8)
		via, okVia := hex16(f[4])
		metric, errMetric := strconv.ParseUint(f[5], 16, 64)
		flags, errFlags := strconv.ParseUint(f[8], 16, 64)
		if !okTo || !okVia || errOnes != nil || ones > 128 || errMetric != nil || errFlags != nil ||
			flags&routeUp == 0 || flags&routeReject != 0 || f[9] == "lo" {
			continue
		}
		routes = append(routes, route{iface: clean(f[9]), prefix: netip.PrefixFrom(to, int(ones)), via: via, metric: metric})
	}
	return routes
}

func hex16(s string) (netip.Addr, bool) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 16 {
		return netip.Addr{}, false
	}
	return netip.AddrFrom16([16]byte(b)), true
}
