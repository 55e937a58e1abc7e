package wire

import (
	"fmt"
	"net/netip"
	"slices"

	"muster/inventory"
)

// Bounds of probing.
const (
	MaxProbes  = 200 // results in one report
	MaxAsks    = 8   // questions in one reply
	MaxHops    = 30
	MaxPings   = 100 // of one window
	MaxDetail  = 200
	MaxTurns   = 2_000 // workstations that take turns at a site without a pool
	MaxOutside = 4     // addresses that an agent asks while the controller is not heard
	maxMillis  = 1e7
	maxAskName = 32
)

// ProbeSpec is one probe to make, as settings, a question or a person says it.
type ProbeSpec struct {
	Ask      string              `json:"ask,omitempty"` // names the question; its result repeats it
	Kind     inventory.ProbeKind `json:"kind"`
	Why      inventory.ProbeWhy  `json:"why"`
	Service  string              `json:"service,omitempty"`
	Target   string              `json:"target"`             // see inventory.ParseProbeTarget
	Proxy    string              `json:"proxy,omitempty"`    // name:port; empty is direct
	Resolver string              `json:"resolver,omitempty"` // addr:port; empty: the machine's own
	Status   int                 `json:"expect_status,omitempty"`
	Text     string              `json:"expect_text,omitempty"`
	Timeout  Seconds             `json:"timeout_seconds,omitempty"` // bounds everything; zero is ten
	Count    int                 `json:"count,omitempty"`           // pings of a window; zero is ten
}

// Validate holds the spec against its bounds. Its target may also be one of the
// words that only the machine itself can resolve.
func (s ProbeSpec) Validate() error {
	switch {
	case len(s.Ask) > maxAskName || s.Ask != "" && !validToken(s.Ask):
		return fmt.Errorf("probe answers no usable question: %.40q", s.Ask)
	case !s.Kind.Valid():
		return fmt.Errorf("unknown kind of probe %.20q, want one of %v", s.Kind, inventory.ProbeKinds())
	case !s.Why.Valid():
		return fmt.Errorf("unknown reason of a probe %.20q", s.Why)
	case s.Service != "" && !inventory.ValidServiceName(s.Service):
		return fmt.Errorf("probe of no usable service: %.40q", s.Service)
	case len(s.Proxy) > inventory.MaxProbeTarget || len(s.Resolver) > inventory.MaxProbeTarget || len(s.Text) > inventory.MaxProbeText:
		return fmt.Errorf("probe of %.40q has a proxy, resolver or text that is too long", s.Target)
	case s.Status != 0 && (s.Status < 100 || s.Status > 599):
		return fmt.Errorf("probe of %.40q expects status %d", s.Target, s.Status)
	case s.Timeout < 0 || s.Timeout > inventory.MaxProbeTimeout:
		return fmt.Errorf("probe of %.40q may take %d seconds, the limit is %d", s.Target, s.Timeout, inventory.MaxProbeTimeout)
	case s.Count < 0 || s.Count > MaxPings:
		return fmt.Errorf("probe of %.40q has %d pings, the limit is %d", s.Target, s.Count, MaxPings)
	}
	if inventory.SelfNamed(s.Target) {
		return nil
	}
	_, err := inventory.ParseProbeTarget(s.Kind, s.Target)
	return err
}

// Probing is what a site's workstations probe in turn. Whose turn it is follows
// from inventory.RotaTurn over the live members of the pool.
type Probing struct {
	Services []ServiceProbe `json:"services,omitempty"`
	// WindowEvery and MTUEvery are between two windows of pings, and two
	// measurements of the path's packet size, by each elected prober; zero is never.
	WindowEvery Seconds `json:"window_every_seconds,omitempty"`
	MTUEvery    Seconds `json:"mtu_every_seconds,omitempty"`
	// Outside are addresses beyond the WAN that the elected ask while the controller
	// is not heard: whether the site's link carries anything.
	Outside []string `json:"outside,omitempty"`
	// Turns are the workstations that take turns where there is no pool that says
	// so, sorted.
	Turns []string `json:"turns,omitempty"`
}

// ServiceProbe is how a service is probed from one site: proxies are resolved.
type ServiceProbe struct {
	Name     string  `json:"name"`
	Target   string  `json:"target"`
	Proxy    string  `json:"proxy,omitempty"` // name:port; empty is direct
	Resolver string  `json:"resolver,omitempty"`
	Status   int     `json:"expect_status,omitempty"`
	Text     string  `json:"expect_text,omitempty"`
	Timeout  Seconds `json:"timeout_seconds,omitempty"`
	Every    Seconds `json:"every_seconds,omitempty"` // a slot of the rota; zero is 15 minutes
}

// Spec is the probe that asks for the service.
func (s ServiceProbe) Spec(why inventory.ProbeWhy) (ProbeSpec, error) {
	target, err := inventory.ParseProbeTarget("", s.Target)
	if err != nil {
		return ProbeSpec{}, fmt.Errorf("cannot probe service %.40q: %w", s.Name, err)
	}
	spec := ProbeSpec{
		Kind: target.Kind, Why: why, Service: s.Name, Target: s.Target, Proxy: s.Proxy, Resolver: s.Resolver,
		Status: s.Status, Text: s.Text, Timeout: s.Timeout,
	}
	if err := spec.Validate(); err != nil {
		return ProbeSpec{}, fmt.Errorf("cannot probe service %.40q: %w", s.Name, err)
	}
	return spec, nil
}

// Bounded is p without what no agent could use: services that are malformed or
// too many, and intervals that are too short.
func (p Probing) Bounded() Probing {
	out := Probing{WindowEvery: p.WindowEvery, MTUEvery: p.MTUEvery, Turns: p.Turns[:min(len(p.Turns), MaxTurns)]}
	for _, every := range []*Seconds{&out.WindowEvery, &out.MTUEvery} {
		if *every != 0 {
			*every = min(max(*every, 60), 24*3600)
		}
	}
	for _, text := range p.Outside {
		if addr, err := netip.ParseAddr(text); err == nil && addr.Zone() == "" && len(out.Outside) < MaxOutside {
			out.Outside = append(out.Outside, text)
		}
	}
	for _, s := range p.Services[:min(len(p.Services), inventory.MaxServices)] {
		if _, err := s.Spec(inventory.ProbeRota); err != nil || !inventory.ValidServiceName(s.Name) {
			continue
		}
		if s.Every != 0 {
			s.Every = min(max(s.Every, 60), 24*3600)
		}
		out.Services = append(out.Services, s)
	}
	return out
}

// ProbeQuestion is what a controller asks named members by QueryProbe: to probe
// services of their own list at once, and to report, for a reply holds more.
type ProbeQuestion struct {
	Services []string `json:"services,omitempty"`
	Report   bool     `json:"report,omitempty"`
}

// QueryProbe is the name of the mesh query that carries a ProbeQuestion. Any
// holder of the pool's key can ask it, so it can name nothing but services that
// the machine probes anyway; whatever else is to be probed travels in a Reply.
const QueryProbe = "muster-probe"

// MaxQuestion bounds a ProbeQuestion; Serf's own bound is 1,024 with its overhead.
const MaxQuestion = 512

// DecodeProbeQuestion parses and validates a question.
func DecodeProbeQuestion(b []byte) (ProbeQuestion, error) {
	var q ProbeQuestion
	if len(b) > MaxQuestion {
		return q, fmt.Errorf("cannot read question: %d bytes, the limit is %d: %w", len(b), MaxQuestion, ErrTooLarge)
	}
	if err := decode("question", b, &q); err != nil {
		return q, err
	}
	if len(q.Services) > inventory.MaxServices || slices.ContainsFunc(q.Services, func(s string) bool { return !inventory.ValidServiceName(s) }) {
		return q, fmt.Errorf("question names %d services, or one that cannot be", len(q.Services))
	}
	return q, nil
}

// validateProbe holds one result against its bounds.
func validateProbe(r inventory.ProbeResult) error {
	switch {
	case !r.Kind.Valid():
		return fmt.Errorf("unknown kind %.20q", r.Kind)
	case !r.Why.Valid():
		return fmt.Errorf("unknown reason %.20q", r.Why)
	case !r.Error.Valid():
		return fmt.Errorf("unknown error %.20q", r.Error)
	case r.OK != (r.Error == ""):
		return fmt.Errorf("ok is %t with error %.20q", r.OK, r.Error)
	case r.Ask != "" && (len(r.Ask) > maxAskName || !validToken(r.Ask)):
		return fmt.Errorf("answers no usable question: %.40q", r.Ask)
	case r.Service != "" && !inventory.ValidServiceName(r.Service):
		return fmt.Errorf("of no usable service: %.40q", r.Service)
	case r.Target == "" || len(r.Target) > inventory.MaxProbeTarget || len(r.Proxy) > inventory.MaxProbeTarget:
		return fmt.Errorf("target of %d bytes, proxy of %d", len(r.Target), len(r.Proxy))
	case len(r.Detail) > MaxDetail || len(r.Hops) > MaxHops:
		return fmt.Errorf("detail of %d bytes, %d hops", len(r.Detail), len(r.Hops))
	case r.BootClock < 0 || r.Status < 0 || r.Status > 999 || r.Sent < 0 || r.Sent > MaxPings || r.Lost < 0 || r.Lost > r.Sent:
		return fmt.Errorf("status %d, %d pings of which %d lost", r.Status, r.Sent, r.Lost)
	case r.MTUBytes < 0 || r.MTUBytes > 1<<16:
		return fmt.Errorf("packet size of %d bytes", r.MTUBytes)
	}
	for _, text := range []string{r.Target, r.Detail, r.Proxy} {
		if err := plain(text); err != nil {
			return err
		}
	}
	for _, ms := range []float64{
		r.DNSMillis, r.ConnectMillis, r.TLSMillis, r.FirstByteMillis, r.TotalMillis,
		r.MinMillis, r.MedianMillis, r.P95Millis, r.MaxMillis, r.JitterMillis,
	} {
		if !(ms >= 0 && ms <= maxMillis) {
			return fmt.Errorf("a time of %g ms", ms)
		}
	}
	for _, hop := range r.Hops {
		if hop.TTL < 1 || hop.TTL > 255 || len(hop.Addr) > 64 || plain(hop.Addr) != nil || !(hop.Millis >= 0 && hop.Millis <= maxMillis) {
			return fmt.Errorf("a hop %d of %g ms", hop.TTL, hop.Millis)
		}
	}
	return nil
}
