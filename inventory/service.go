package inventory

import (
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Bounds of services and of what may be probed.
const (
	MaxServices     = 32
	MaxProbeTarget  = 255
	MaxProbeText    = 200
	MaxProbeTimeout = Seconds(30)

	DefaultServiceEvery   = Seconds(900)
	DefaultServiceTimeout = Seconds(10)
)

var serviceName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

// ValidServiceName reports whether name may name a service: 1–32 of a–z, 0–9 and -.
func ValidServiceName(name string) bool { return serviceName.MatchString(name) }

// ProxyDirect is the word for no proxy.
const ProxyDirect = "direct"

// AutoProxy reports whether proxy is the address of a PAC file.
func AutoProxy(proxy string) bool {
	return strings.HasPrefix(proxy, "http://") || strings.HasPrefix(proxy, "https://")
}

// Interval is how long a rota slot of the service lasts.
func (s Service) Interval() time.Duration {
	if s.Every <= 0 {
		return DefaultServiceEvery.Duration()
	}
	return s.Every.Duration()
}

// Patience bounds one probe of the service.
func (s Service) Patience() Seconds {
	if s.Timeout <= 0 {
		return DefaultServiceTimeout
	}
	return s.Timeout
}

// At reports whether sites of a kind need the service.
func (s Service) At(kind string) bool {
	return len(s.SiteKinds) == 0 || slices.Contains(s.SiteKinds, kind)
}

// Validate returns FieldErrors, or nil.
func (s Service) Validate() error {
	var es FieldErrors
	if !ValidServiceName(s.Name) {
		es.add("name", "%.60q is not a service's name: want 1 to 32 of a-z, 0-9 and -", s.Name)
	}
	es.text("title", s.Title)
	target, err := ParseProbeTarget("", s.Target)
	switch {
	case err != nil:
		es.add("target", "%s", err)
	case target.Kind != ProbeHTTP && target.Kind != ProbeTCP && target.Kind != ProbeDNS:
		es.add("target", "%q is no service: want http, https, tcp or dns", s.Target)
	case target.Kind != ProbeHTTP && (s.Status != 0 || s.Text != ""):
		es.add("target", "only an http or https target answers with a status and a text")
	case target.Kind != ProbeHTTP && s.Proxy != "" && s.Proxy != ProxyDirect:
		es.add("proxy", "only an http or https target is reached through a proxy")
	}
	if s.Proxy != "" && s.Proxy != ProxyDirect {
		if err := checkProxy(s.Proxy); err != nil {
			es.add("proxy", "%s", err)
		}
	}
	if _, err := netip.ParseAddrPort(s.Resolver); err != nil && s.Resolver != "" {
		es.add("resolver", "%.80q is not an address and port such as 10.1.0.53:53", s.Resolver)
	}
	es.list("site_kinds", s.SiteKinds)
	if s.Status != 0 && (s.Status < 100 || s.Status > 599) {
		es.add("expect_status", "%d is not a status of HTTP", s.Status)
	}
	if len(s.Text) > MaxProbeText {
		es.add("expect_text", "%d bytes, the limit is %d", len(s.Text), MaxProbeText)
	}
	if s.Every != 0 && (s.Every < 60 || s.Every > 24*3600) {
		es.add("every_seconds", "%s is outside 1m to 24h", s.Every.Duration())
	}
	if s.Timeout != 0 && (s.Timeout < 1 || s.Timeout > MaxProbeTimeout) {
		es.add("timeout_seconds", "%s is outside 1s to %s", s.Timeout.Duration(), MaxProbeTimeout.Duration())
	}
	return es.err()
}

func checkProxy(proxy string) error {
	if len(proxy) > MaxProbeTarget {
		return fmt.Errorf("%d bytes, the limit is %d", len(proxy), MaxProbeTarget)
	}
	if AutoProxy(proxy) {
		_, err := parseWeb(proxy)
		return err
	}
	name, port, err := net.SplitHostPort(proxy)
	if err != nil || !validPeer(name) || !validPort(port) {
		return fmt.Errorf("%.80q is neither direct, nor name:port, nor the http address of a PAC file", proxy)
	}
	return nil
}
