//go:build linux

package lab

import (
	"context"
	"fmt"
	"slices"
)

// Direction is a way over a site's link.
type Direction string

// The directions.
const (
	ToController Direction = "to-controller"
	ToSite       Direction = "to-site"
)

// nft runs a command of nftables in a namespace.
func (l *Lab) nft(namespace, command string) {
	l.tb.Helper()
	if out, err := l.Command(context.Background(), namespace, "nft", command).CombinedOutput(); err != nil {
		l.tb.Errorf("cannot run nft %s: %v: %s", command, err, out)
	}
}

// end is where what goes one way over the link comes out.
func (s *Site) end(d Direction) (namespace, link string) {
	if d == ToController {
		return "core", fmt.Sprintf("wan%d", s.k)
	}
	return s.router, s.uplink
}

// Lose makes the link lose so many of 100 packets that go one way, ARP apart: what
// resolves addresses is nobody's traffic. 100 is an outage in this direction, 0 is
// none any more.
func (s *Site) Lose(d Direction, percent int) {
	s.lab.tb.Helper()
	namespace, link := s.end(d)
	table := "lose" + link
	s.lab.nft(namespace, "add table netdev "+table)
	s.lab.nft(namespace, "delete table netdev "+table)
	if percent <= 0 {
		return
	}
	some := ""
	if percent < 100 {
		some = fmt.Sprintf("numgen random mod 100 < %d ", percent)
	}
	s.lab.nft(namespace, fmt.Sprintf(
		"table netdev %s { chain c { type filter hook ingress device %s priority 0; meta protocol ip %sdrop; }; }", table, link, some))
}

// Shape gives the link a rate in each direction, with a queue of so many
// milliseconds, as a router has.
func (s *Site) Shape(rate string, queueMillis int) {
	s.lab.tb.Helper()
	for namespace, link := range map[string]string{"core": fmt.Sprintf("wan%d", s.k), s.router: s.uplink} {
		args := []string{"qdisc", "replace", "dev", link, "root", "tbf", "rate", rate, "burst", "32kb", "latency", fmt.Sprintf("%dms", queueMillis)}
		if out, err := s.lab.Command(context.Background(), namespace, "tc", args...).CombinedOutput(); err != nil {
			s.lab.tb.Errorf("cannot shape the link of %s: %v: %s", s.Code, err, out)
		}
	}
}

// Narrow makes the link carry no packets above so many bytes, and nobody says so:
// a black hole for large packets. 1500 mends it.
func (s *Site) Narrow(bytes int) {
	s.lab.tb.Helper()
	for namespace, link := range map[string]string{"core": fmt.Sprintf("wan%d", s.k), s.router: s.uplink} {
		s.lab.in(namespace, fmt.Sprintf("link set %s mtu %d", link, bytes))
		table := "narrow" + link
		s.lab.nft(namespace, "add table ip "+table)
		s.lab.nft(namespace, "delete table ip "+table)
		if bytes < 1500 {
			s.lab.nft(namespace, fmt.Sprintf(
				"table ip %s { chain c { type filter hook output priority 0; icmp type destination-unreachable icmp code 4 drop; }; }", table))
		}
	}
}

// RouterDown takes the router away and leaves the LAN: its machines hear each
// other, and nobody answers at the gateway's address. RouterUp undoes it.
func (s *Site) RouterDown() {
	s.lab.in(s.router, "addr flush dev lan0")
	s.Cut()
}

// RouterUp undoes RouterDown.
func (s *Site) RouterUp() {
	s.lab.in(s.router, fmt.Sprintf("addr replace %s/24 dev lan0", s.Gateway))
	s.Heal()
}

// Unplug takes the switch ports of workstations down; Plug brings them back.
func (s *Site) Unplug(ws ...Workstation) { s.ports("down", ws) }

// Plug undoes Unplug.
func (s *Site) Plug(ws ...Workstation) { s.ports("up", ws) }

func (s *Site) ports(state string, ws []Workstation) {
	for _, w := range ws {
		i := slices.Index(s.Workstations, w)
		s.lab.in(s.router, fmt.Sprintf("link set p%d %s", i, state))
	}
}

// ControllerCut takes the controller's own link down; ControllerHeal brings it back.
func (l *Lab) ControllerCut() { l.in("ctl", "link set eth0 down") }

// ControllerHeal undoes ControllerCut.
func (l *Lab) ControllerHeal() {
	l.in("ctl", "link set eth0 up")
	l.in("ctl", "route replace default via 10.0.0.1")
}
