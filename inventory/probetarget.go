package inventory

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// ProbeTarget is what is probed, taken apart.
type ProbeTarget struct {
	Kind    ProbeKind
	Address string // of HTTP, as it is asked for; otherwise empty
	Name    string // a name or an address, without brackets; of HTTP the server's
	Port    uint16 // zero where the kind has none
	Secure  bool   // TLS is spoken
}

// The words that stand for what only the machine itself knows.
const (
	TargetGateway    = "gateway"    // of its own LAN
	TargetNeighbour  = "neighbour"  // another member of its pool
	TargetController = "controller" // the one it reports to
)

// SelfNamed reports whether target is one of the words for what only the machine
// itself knows.
func SelfNamed(target string) bool {
	return target == TargetGateway || target == TargetNeighbour || target == TargetController
}

// ParseProbeTarget reads what a person or a configuration says is to be probed:
//
//	http://… https://…             HTTP
//	tcp://name:port tls://name:port a TCP connection; of kind mtu, what is spoken through it
//	dns://name                      a name to resolve
//	icmp://name, or just name       an echo; of kind trace or mtu, the path to it
//
// An empty kind is the target's own. A name without a scheme needs a kind.
func ParseProbeTarget(kind ProbeKind, text string) (ProbeTarget, error) {
	var t ProbeTarget
	if text == "" || len(text) > MaxProbeTarget {
		return t, fmt.Errorf("a target of %d bytes: want 1 to %d", len(text), MaxProbeTarget)
	}
	scheme, rest, has := strings.Cut(text, "://")
	if !has {
		if kind == "" {
			return t, fmt.Errorf("%.80q has no scheme: want http, https, tcp, tls, dns or icmp, as in tcp://files.example.org:445", text)
		}
		scheme, rest = map[ProbeKind]string{ProbeHTTP: "https", ProbeTCP: "tcp", ProbeDNS: "dns"}[kind], text
		if scheme == "" {
			scheme = "icmp"
		}
		if kind == ProbeHTTP {
			text = "https://" + text
		}
	}
	t, err := parseTarget(strings.ToLower(scheme), rest, text)
	if err != nil {
		return t, err
	}
	return t.as(kind, text)
}

func parseTarget(scheme, rest, text string) (t ProbeTarget, err error) {
	switch scheme {
	case "http", "https":
		return parseWeb(text)
	case "tcp", "tls":
		name, port, err := net.SplitHostPort(rest)
		if err != nil || !validPeer(name) || !validPort(port) {
			return t, fmt.Errorf("%.80q is not a name and port such as tcp://files.example.org:445", text)
		}
		n, _ := strconv.ParseUint(port, 10, 16) // checked just now
		return ProbeTarget{Kind: ProbeTCP, Name: name, Port: uint16(n), Secure: scheme == "tls"}, nil
	case "dns", "icmp":
		name := strings.Trim(rest, "[]")
		if !validPeer(name) {
			return t, fmt.Errorf("%.80q does not name a computer", text)
		}
		if scheme == "icmp" {
			return ProbeTarget{Kind: ProbePing, Name: name}, nil
		}
		if isAddr(name) {
			return t, fmt.Errorf("%.80q is an address already: there is nothing to resolve", text)
		}
		return ProbeTarget{Kind: ProbeDNS, Name: name}, nil
	default:
		return t, fmt.Errorf("unknown scheme %.20q: want http, https, tcp, tls, dns or icmp", scheme)
	}
}

// as turns a target into one of another kind: a path can be traced and measured
// to whatever has a name.
func (t ProbeTarget) as(kind ProbeKind, text string) (ProbeTarget, error) {
	switch {
	case kind == "" || kind == t.Kind:
		return t, nil
	case kind == ProbePing || kind == ProbeTrace || kind == ProbeMTU:
		t.Kind = kind
		return t, nil
	case kind == ProbeTCP && t.Kind == ProbeHTTP:
		t.Kind, t.Address = kind, ""
		return t, nil
	case kind == ProbeDNS && t.Kind != ProbePing:
		if !isAddr(t.Name) {
			return ProbeTarget{Kind: kind, Name: t.Name}, nil
		}
	}
	return t, fmt.Errorf("%.80q cannot be probed by %.20q", text, kind)
}

func parseWeb(text string) (t ProbeTarget, err error) {
	address, err := url.Parse(text)
	if err != nil || address.Opaque != "" || !validPeer(address.Hostname()) {
		return t, fmt.Errorf("%.80q is not an address such as https://mail.example.org/", text)
	}
	if address.User != nil {
		return t, errors.New("the target holds a name and a password: a probe carries none")
	}
	t = ProbeTarget{Kind: ProbeHTTP, Address: text, Name: address.Hostname(), Port: 80, Secure: strings.EqualFold(address.Scheme, "https")}
	if t.Secure {
		t.Port = 443
	}
	if port := address.Port(); port != "" {
		if !validPort(port) {
			return t, fmt.Errorf("%.80q has port %.10q, want 1 to 65535", text, port)
		}
		n, _ := strconv.ParseUint(port, 10, 16) // checked just now
		t.Port = uint16(n)
	}
	return t, nil
}

var peerName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*\.?$`)

// validPeer reports whether name can be a DNS name or is an address.
func validPeer(name string) bool {
	if addr, err := netip.ParseAddr(name); err == nil {
		return addr.Zone() == "" && !addr.IsUnspecified()
	}
	return len(name) <= 253 && peerName.MatchString(name)
}

func isAddr(name string) bool {
	_, err := netip.ParseAddr(name)
	return err == nil
}

func validPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}
