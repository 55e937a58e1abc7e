package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"strings"
	"time"
	"unicode"

	"muster/inventory"
	"muster/inventory/wire"
)

// sessionsKept is how many services' TLS sessions are resumed: a full handshake
// costs 5 kB.
const sessionsKept = 64

// Options are the seams of a Prober; the zero Options is this machine.
type Options struct {
	// Dial opens connections to addresses, never to names; nil: the system's.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Lookup resolves by the machine's own resolver; nil: the system's.
	Lookup func(ctx context.Context, name string) ([]netip.Addr, error)
	// Echoer sends echoes; nil: the system's way.
	Echoer Echoer
	// Roots are the CAs that services are judged by; nil: the system's.
	Roots *x509.CertPool
}

// Prober makes probes. It is safe for concurrent use.
type Prober struct {
	opts Options
	tls  *tls.Config
}

// New makes a Prober. It opens nothing.
func New(o Options) *Prober {
	if o.Dial == nil {
		dialer := &net.Dialer{KeepAlive: -1} // no probe lives long enough for one
		o.Dial = dialer.DialContext
	}
	if o.Lookup == nil {
		o.Lookup = func(ctx context.Context, name string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", name)
		}
	}
	if o.Echoer == nil {
		o.Echoer = systemEchoer{}
	}
	return &Prober{opts: o, tls: &tls.Config{
		MinVersion: tls.VersionTLS12, RootCAs: o.Roots, ClientSessionCache: tls.NewLRUClientSessionCache(sessionsKept),
		NextProtos: []string{"http/1.1"},
	}}
}

// Probe makes one probe. It returns within the spec's timeout, or when ctx ends.
// When it began is left for the caller to say.
func (p *Prober) Probe(ctx context.Context, spec wire.ProbeSpec) inventory.ProbeResult {
	r := &inventory.ProbeResult{
		Ask: spec.Ask, Kind: spec.Kind, Why: spec.Why, Service: spec.Service, Target: spec.Target, Proxy: proxyOf(spec),
	}
	timeout := spec.Timeout
	if timeout <= 0 {
		timeout = inventory.DefaultServiceTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, min(timeout, inventory.MaxProbeTimeout).Duration())
	defer cancel()
	began := time.Now()
	if err := p.probe(ctx, spec, r); err != nil {
		r.Error, r.Detail = classify(err), reason(err)
	}
	r.OK = r.Error == ""
	r.TotalMillis = millis(time.Since(began))
	tidy(r)
	return *r
}

func (p *Prober) probe(ctx context.Context, spec wire.ProbeSpec, r *inventory.ProbeResult) error {
	if err := spec.Validate(); err != nil {
		return failed(inventory.ProbeMalformed, "cannot probe: %w", err)
	}
	target, err := inventory.ParseProbeTarget(spec.Kind, spec.Target)
	if err != nil {
		return failed(inventory.ProbeMalformed, "cannot probe: %w", err)
	}
	switch spec.Kind {
	case inventory.ProbeHTTP:
		return p.web(ctx, target, spec, r)
	case inventory.ProbeTCP:
		return p.tcp(ctx, target, spec, r)
	case inventory.ProbeDNS:
		return p.dns(ctx, target, spec, r)
	case inventory.ProbePing:
		return p.window(ctx, target, spec, r)
	case inventory.ProbeMTU:
		return p.mtu(ctx, target, spec, r)
	case inventory.ProbeTrace:
		return p.trace(ctx, target, spec, r)
	default:
		return failed(inventory.ProbeMalformed, "unknown kind of probe %q", spec.Kind)
	}
}

func proxyOf(spec wire.ProbeSpec) string {
	if spec.Kind != inventory.ProbeHTTP || spec.Proxy == inventory.ProxyDirect {
		return ""
	}
	return spec.Proxy
}

// failure is an error of which the class is known where it arises.
type failure struct {
	class inventory.ProbeError
	error
}

// Unwrap implements errors.Unwrap.
func (f *failure) Unwrap() error { return f.error }

func failed(class inventory.ProbeError, format string, args ...any) error {
	return &failure{class: class, error: fmt.Errorf(format, args...)}
}

// millis rounds to a hundredth of a millisecond: no clock here is better, and
// each digit travels.
func millis(d time.Duration) float64 {
	return math.Round(float64(d)/float64(time.Millisecond)*100) / 100
}

// reason is an error for a person, cut to what may travel.
func reason(err error) string {
	text := err.Error()
	if f, ok := errors.AsType[*failure](err); ok {
		text = f.Error()
	}
	return text
}

// tidy holds texts within the bounds of the wire: other people's servers have
// words in them.
func tidy(r *inventory.ProbeResult) {
	r.Detail = clean(r.Detail, wire.MaxDetail)
}

func clean(text string, most int) string {
	text = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || c == unicode.ReplacementChar {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(text, " "))
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "")
	}
	return text
}
