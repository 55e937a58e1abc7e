package inventory

import (
	"slices"
	"time"
)

// ProbeKind is how something was probed.
type ProbeKind string

// The kinds.
const (
	ProbePing  ProbeKind = "icmp"
	ProbeTCP   ProbeKind = "tcp"
	ProbeHTTP  ProbeKind = "http"
	ProbeDNS   ProbeKind = "dns"
	ProbeMTU   ProbeKind = "mtu"
	ProbeTrace ProbeKind = "trace"
)

// ProbeKinds lists every kind.
func ProbeKinds() []ProbeKind {
	return []ProbeKind{ProbePing, ProbeTCP, ProbeHTTP, ProbeDNS, ProbeMTU, ProbeTrace}
}

// Valid reports whether k is one of ProbeKinds.
func (k ProbeKind) Valid() bool { return slices.Contains(ProbeKinds(), k) }

// ProbeError is the class of a failure; empty is none.
type ProbeError string

// The classes.
const (
	ProbeNXDomain    ProbeError = "nxdomain"
	ProbeDNSTimeout  ProbeError = "dns-timeout"
	ProbeTimeout     ProbeError = "timeout" // connect, or first byte
	ProbeRefused     ProbeError = "refused"
	ProbeTLS         ProbeError = "tls"
	ProbeProxyAuth   ProbeError = "proxy-407"
	ProbeProxy       ProbeError = "proxy" // the proxy cannot be reached, or fails otherwise
	ProbePortal      ProbeError = "portal"
	ProbePathMTU     ProbeError = "mtu" // small packets pass, large ones do not
	ProbeUnreachable ProbeError = "unreachable"
	ProbeStatus      ProbeError = "status"   // another status than expected
	ProbeText        ProbeError = "text"     // the expected text is missing
	ProbeRedirects   ProbeError = "redirect" // too many
	ProbeMalformed   ProbeError = "malformed"
	ProbeNoPath      ProbeError = "no-path" // this machine has no way out at all
)

// ProbeErrors lists every class.
func ProbeErrors() []ProbeError {
	return []ProbeError{
		ProbeNXDomain, ProbeDNSTimeout, ProbeTimeout, ProbeRefused, ProbeTLS, ProbeProxyAuth, ProbeProxy, ProbePortal, ProbePathMTU,
		ProbeUnreachable, ProbeStatus, ProbeText, ProbeRedirects, ProbeMalformed, ProbeNoPath,
	}
}

// Valid reports whether e is a class or empty.
func (e ProbeError) Valid() bool { return e == "" || slices.Contains(ProbeErrors(), e) }

// ProbeWhy is why a probe was made.
type ProbeWhy string

// The reasons.
const (
	ProbeRota    ProbeWhy = "rota"    // this workstation's turn
	ProbeConfirm ProbeWhy = "confirm" // another one saw it fail
	ProbeElected ProbeWhy = "elected" // one of the site's two probers
	ProbeAsked   ProbeWhy = "asked"   // a person asked
)

// Valid reports whether w is a reason.
func (w ProbeWhy) Valid() bool {
	return w == ProbeRota || w == ProbeConfirm || w == ProbeElected || w == ProbeAsked
}

// ProbeResult is one probe, or one window of pings. All durations are
// milliseconds, as they travel and are shown.
type ProbeResult struct {
	Ask       string        `json:"ask,omitempty"` // the question that it answers, where one was asked
	Kind      ProbeKind     `json:"kind"`
	Why       ProbeWhy      `json:"why"`
	Service   string        `json:"service,omitempty"` // empty: a path, not a service
	Target    string        `json:"target"`
	BootClock time.Duration `json:"boot_clock_ns"` // when it began
	OK        bool          `json:"ok"`
	Error     ProbeError    `json:"error,omitempty"`
	Detail    string        `json:"detail,omitempty"` // bounded; never a body or a header's secret
	Proxy     string        `json:"proxy,omitempty"`  // the one that was used; empty is direct

	DNSMillis       float64 `json:"dns_ms,omitempty"`
	ConnectMillis   float64 `json:"connect_ms,omitempty"`
	TLSMillis       float64 `json:"tls_ms,omitempty"`
	FirstByteMillis float64 `json:"first_byte_ms,omitempty"`
	TotalMillis     float64 `json:"total_ms,omitempty"`
	Status          int     `json:"status,omitempty"`

	Sent         int     `json:"sent,omitempty"` // of a window of pings
	Lost         int     `json:"lost,omitempty"`
	MinMillis    float64 `json:"min_ms,omitempty"`
	MedianMillis float64 `json:"median_ms,omitempty"`
	P95Millis    float64 `json:"p95_ms,omitempty"`
	MaxMillis    float64 `json:"max_ms,omitempty"`
	JitterMillis float64 `json:"jitter_ms,omitempty"`

	MTUBytes int   `json:"mtu_bytes,omitempty"`
	Hops     []Hop `json:"hops,omitempty"` // of a trace
}

// Hop is one router on a traced path.
type Hop struct {
	TTL    int     `json:"ttl"`
	Addr   string  `json:"addr,omitempty"` // empty: no answer
	Millis float64 `json:"ms,omitempty"`
}

// Service is something that a person must reach from any site: e-mail, files,
// records. Name is its key.
type Service struct {
	Name      string   `json:"name" yaml:"name"`
	Title     string   `json:"title,omitempty" yaml:"title"`
	Target    string   `json:"target" yaml:"target"`                   // https://mail.example.org/, tcp://files.example.org:445, dns://records.example.org
	SiteKinds []string `json:"site_kinds,omitempty" yaml:"site_kinds"` // empty: every site
	Proxy     string   `json:"proxy,omitempty" yaml:"proxy"`           // empty or direct; host:port; or the URL of a PAC file
	Resolver  string   `json:"resolver,omitempty" yaml:"resolver"`     // addr:port; empty: the machine's own
	Status    int      `json:"expect_status,omitempty" yaml:"expect_status"`
	Text      string   `json:"expect_text,omitempty" yaml:"expect_text"`
	Every     Seconds  `json:"every_seconds,omitempty" yaml:"every_seconds"` // per site; zero is 15 minutes
	Timeout   Seconds  `json:"timeout_seconds,omitempty" yaml:"timeout_seconds"`
}
