package simulated

import (
	"context"
	"math"
	"net/netip"

	"muster/inventory"
	"muster/inventory/wire"
)

// World answers what simulated machines probe: a rehearsal's services, proxies
// and resolvers, with their faults. It must be safe for concurrent use, and it
// may wait as long as a real answer would, within ctx and the spec's timeout.
type World interface {
	Probe(ctx context.Context, workstation netip.Addr, spec wire.ProbeSpec) inventory.ProbeResult
}

// Live puts the machine into a world; nil is one where all is well.
func (m *Machine) Live(w World) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.world = w
}

// Probe asks the world. Whatever it says, the result is of this spec.
func (m *Machine) Probe(ctx context.Context, spec wire.ProbeSpec) inventory.ProbeResult {
	m.mu.Lock()
	world, at := m.world, m.standing.Addr.Addr()
	m.mu.Unlock()
	var r inventory.ProbeResult
	if world != nil {
		r = world.Probe(ctx, at, spec)
	} else {
		r = m.allWell(spec)
	}
	r.Ask, r.Kind, r.Why, r.Service, r.Target, r.Proxy = spec.Ask, spec.Kind, spec.Why, spec.Service, spec.Target, spec.Proxy
	return r
}

// allWell is an answer over an ordinary county's links: twenty milliseconds to a
// server, less than one within the site.
func (m *Machine) allWell(spec wire.ProbeSpec) inventory.ProbeResult {
	rtt := 18 + 4*m.dice.unit("rtt "+spec.Target)
	if spec.Target == inventory.TargetGateway || spec.Target == inventory.TargetNeighbour {
		rtt = 0.3 + 0.2*m.dice.unit("rtt "+spec.Target)
	}
	rtt = millis(rtt)
	r := inventory.ProbeResult{OK: true}
	switch spec.Kind {
	case inventory.ProbePing:
		r.Sent = max(spec.Count, 10)
		r.MinMillis, r.MedianMillis = rtt, millis(rtt*1.02)
		r.P95Millis, r.MaxMillis, r.JitterMillis = millis(rtt*1.1), millis(rtt*1.15), millis(rtt*0.03)
	case inventory.ProbeTCP:
		r.DNSMillis, r.ConnectMillis, r.TotalMillis = 1, rtt, millis(rtt+1)
	case inventory.ProbeHTTP:
		r.DNSMillis, r.ConnectMillis, r.TLSMillis, r.FirstByteMillis = 1, rtt, millis(2*rtt), millis(rtt+8)
		r.TotalMillis, r.Status = millis(4*rtt+9), 200
		if spec.Status != 0 {
			r.Status = spec.Status
		}
	case inventory.ProbeDNS:
		r.DNSMillis, r.TotalMillis = 1, 1
	case inventory.ProbeMTU:
		r.MTUBytes = 1500
	case inventory.ProbeTrace:
		r.Hops = []inventory.Hop{{TTL: 1, Addr: m.gateway(), Millis: 0.4}, {TTL: 2, Millis: rtt}}
	}
	return r
}

func (m *Machine) gateway() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.standing.Gateway.IsValid() {
		return ""
	}
	return m.standing.Gateway.String()
}

func millis(ms float64) float64 { return math.Round(ms*100) / 100 }
