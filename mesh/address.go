package mesh

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// LocalAddrFor returns the address of the interface that routes to the first of
// the controllers that can be routed to: the address to advertise, and the one
// that says at which site this machine is. It sends nothing: connecting a UDP
// socket only asks the system's routing table.
func LocalAddrFor(controllers []netip.AddrPort) (netip.Addr, error) {
	if len(controllers) == 0 {
		return netip.Addr{}, errors.New("cannot tell the own address: no controller is known")
	}
	var errs error
	for _, controller := range controllers {
		conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(controller))
		if err != nil {
			errs = errors.Join(errs, err)
			continue
		}
		local, ok := conn.LocalAddr().(*net.UDPAddr)
		_ = conn.Close() // nothing was sent
		if ok {
			return local.AddrPort().Addr().Unmap().WithZone(""), nil
		}
	}
	return netip.Addr{}, fmt.Errorf("cannot tell the own address: %w", errs)
}

// addrDwell follows the machine's address and believes a new one only once it
// has been seen without a break for the dwell time: a laptop that walks between
// two access points, or a VPN that comes and goes, must not make and leave pools.
type addrDwell struct {
	settled   netip.Addr
	candidate netip.Addr
	since     time.Time // first sight of candidate
}

// step takes what was seen at now (invalid: no route) and reports whether
// settled has changed. The first address of all settles at once.
func (d addrDwell) step(now time.Time, seen netip.Addr, dwell time.Duration) (addrDwell, bool) {
	switch {
	case !seen.IsValid() || seen == d.settled:
		return addrDwell{settled: d.settled}, false
	case !d.settled.IsValid():
		return addrDwell{settled: seen}, true
	case seen != d.candidate:
		return addrDwell{settled: d.settled, candidate: seen, since: now}, false
	case now.Sub(d.since) < dwell:
		return d, false
	default:
		return addrDwell{settled: seen}, true
	}
}
