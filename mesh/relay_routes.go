package mesh

import (
	"net/netip"
	"slices"
	"time"
)

const (
	directAgainSoonest = time.Minute      // after a first failure; doubles with each
	directAgainSeldom  = 10 * time.Minute // at most
	benchFor           = 2 * time.Minute  // a neighbour that failed is not asked for so long
	maxRelayTries      = 3                // neighbours per dial
	maxBenched         = 16
)

// route is one way to a controller: straight to addr, or through the neighbour
// that listens there.
type route struct {
	via  string // ViaDirect or the neighbour's workstation id
	addr netip.AddrPort
}

func (r route) direct() bool { return r.via == ViaDirect }

// routes remembers which ways to a controller worked. It is pure: now and the
// members are arguments.
type routes struct {
	preferred     netip.AddrPort // controller that last answered directly
	relay         string         // neighbour that last worked
	class         string         // how direct last failed; empty while it works
	directFails   int
	directAgainAt time.Time // not before, while a neighbour will do
	benched       []benchedRelay
}

type benchedRelay struct {
	via   string
	until time.Time
}

// plan lists the ways to try, best first. Direct comes first unless it failed
// lately; then it comes last, because a neighbour's word that its uplink is ok
// may be stale.
func (r *routes) plan(now time.Time, controllers []netip.AddrPort, neighbours []Member, shuffle func(n int, swap func(i, j int))) []route {
	direct := make([]route, 0, len(controllers))
	for _, addr := range controllers {
		direct = append(direct, route{ViaDirect, addr})
	}
	if i := slices.IndexFunc(direct, func(d route) bool { return d.addr == r.preferred }); i > 0 {
		direct[0], direct[i] = direct[i], direct[0]
	}
	relays := r.relays(now, neighbours, shuffle)
	if len(relays) > 0 && now.Before(r.directAgainAt) {
		return append(relays, direct...)
	}
	return append(direct, relays...)
}

func (r *routes) relays(now time.Time, neighbours []Member, shuffle func(n int, swap func(i, j int))) []route {
	r.benched = slices.DeleteFunc(r.benched, func(b benchedRelay) bool { return !now.Before(b.until) })
	relays := r.relaysWith(UplinkOK, neighbours, shuffle)
	// After a power cut nobody has tried yet: those who do not know come last.
	relays = append(relays, r.relaysWith(UplinkUnknown, neighbours, shuffle)...)
	if i := slices.IndexFunc(relays, func(n route) bool { return n.via == r.relay }); i > 0 {
		relays[0], relays[i] = relays[i], relays[0]
	}
	return relays[:min(len(relays), maxRelayTries)]
}

func (r *routes) relaysWith(uplink string, neighbours []Member, shuffle func(n int, swap func(i, j int))) []route {
	var relays []route
	for _, m := range neighbours {
		rests := slices.ContainsFunc(r.benched, func(b benchedRelay) bool { return b.via == m.Workstation })
		if m.Tags.Uplink == uplink && !rests {
			relays = append(relays, route{m.Workstation, m.Addr})
		}
	}
	shuffle(len(relays), func(i, j int) { relays[i], relays[j] = relays[j], relays[i] })
	return relays
}

// worked notes that way carried an answer.
func (r *routes) worked(way route) {
	if way.direct() {
		r.preferred, r.class, r.directFails, r.directAgainAt = way.addr, "", 0, time.Time{}
		return
	}
	r.relay = way.via
}

// failed notes that way did not. Class is one of the Uplink… constants.
func (r *routes) failed(now time.Time, way route, class string) {
	if way.direct() {
		r.class = class
		r.directAgainAt = now.Add(min(directAgainSoonest<<min(r.directFails, 6), directAgainSeldom))
		r.directFails++
		return
	}
	if r.relay == way.via {
		r.relay = ""
	}
	if len(r.benched) == maxBenched {
		r.benched = r.benched[1:]
	}
	r.benched = append(r.benched, benchedRelay{way.via, now.Add(benchFor)})
}

// verdict is what the uplink tag says while no way works: the class in which the
// direct way failed.
func (r *routes) verdict() string {
	if r.class == "" {
		return UplinkLost
	}
	return r.class
}
