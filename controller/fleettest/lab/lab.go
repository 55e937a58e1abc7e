//go:build linux

// Package lab builds a small county out of Linux network namespaces, for tests
// that need real routers, real links and real interface counters:
//
//	controller ── core ══ link ══ router of S001 ── LAN ── workstations
//	                └════ link ══ router of S002 ── LAN ── workstations
//
// The core and each site's router forward; each workstation stands in a
// namespace of its own on its site's LAN. A link can be cut and healed, the path
// of one workstation to the controller can be dropped, and a link's bytes can be
// read. faults.go does the rest of what goes wrong: loss, dead switches and
// routers, packets that are too large. All traffic stays inside the namespaces, which go with the lab.
//
// It needs root and iproute2.
package lab

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Lab is a set of namespaces. Its methods fail the test where the system refuses.
type Lab struct {
	tb     testing.TB
	prefix string
	sites  map[string]*Site
	made   []string
}

// Site is a LAN behind a link.
type Site struct {
	Code         string
	Subnet       netip.Prefix
	Gateway      netip.Addr
	Workstations []Workstation
	lab          *Lab
	router       string // namespace
	uplink       string // the router's interface towards the core
	k            int    // its number in the lab
}

// Workstation is one machine on a site's LAN.
type Workstation struct {
	Namespace string
	Addr      netip.Addr
}

// ControllerAddr is where the controller listens.
func ControllerAddr() netip.Addr { return netip.MustParseAddr("10.0.0.2") }

// labs counts those of this process: their namespaces have one list of names.
var labs atomic.Int32

// Allowed says why this system allows no network namespaces; nil means that it does.
func Allowed() error { return allowed() }

var allowed = sync.OnceValue(func() error {
	name := fmt.Sprintf("mu%d-try", os.Getpid())
	out, err := exec.Command("ip", "netns", "add", name).CombinedOutput()
	if err == nil {
		out, err = exec.Command("ip", "netns", "del", name).CombinedOutput()
	}
	if err != nil {
		return fmt.Errorf("this system allows no network namespaces (run it as root, with CAP_SYS_ADMIN): %w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
})

// New makes the core and the controller's namespace. Where the system allows no
// namespaces the test is skipped, and `make test` says so; whatever fails after that
// is a failure.
func New(tb testing.TB) *Lab {
	tb.Helper()
	if err := Allowed(); err != nil {
		tb.Skip(err)
	}
	l := &Lab{tb: tb, prefix: fmt.Sprintf("mu%d-%d", os.Getpid(), labs.Add(1)), sites: map[string]*Site{}}
	tb.Cleanup(l.close)
	l.namespace("core")
	l.namespace("ctl")
	l.pair("core", "ctl", "ctl0", "eth0")
	l.in("core", "addr add 10.0.0.1/24 dev ctl0")
	l.in("ctl", "addr add 10.0.0.2/24 dev eth0")
	l.in("ctl", "route add default via 10.0.0.1")
	l.forward("core")
	return l
}

// AddSite makes a site of n workstations behind a link of its own.
func (l *Lab) AddSite(code string, n int) *Site {
	l.tb.Helper()
	k := len(l.sites) + 1
	s := &Site{Code: code, lab: l, router: "r" + strconv.Itoa(k), uplink: "wan0", k: k}
	s.Subnet = netip.MustParsePrefix(fmt.Sprintf("10.%d.1.0/24", k))
	s.Gateway = s.Subnet.Addr().Next()
	l.sites[code] = s
	l.namespace(s.router)
	link := "wan" + strconv.Itoa(k)
	l.pair("core", s.router, link, s.uplink)
	l.in("core", fmt.Sprintf("addr add 10.%d.0.1/30 dev %s", k, link))
	l.in(s.router, fmt.Sprintf("addr add 10.%d.0.2/30 dev %s", k, s.uplink))
	l.in("core", fmt.Sprintf("route add %s via 10.%d.0.2", s.Subnet, k))
	l.in(s.router, fmt.Sprintf("route add default via 10.%d.0.1", k))
	l.in(s.router, "link add lan0 type bridge")
	l.in(s.router, fmt.Sprintf("addr add %s/24 dev lan0", s.Gateway))
	l.in(s.router, "link set lan0 up")
	l.forward(s.router)
	for i := range n {
		s.Workstations = append(s.Workstations, l.workstation(s, k, i))
	}
	return s
}

func (l *Lab) workstation(s *Site, k, i int) Workstation {
	name := fmt.Sprintf("w%d-%d", k, i)
	port := fmt.Sprintf("p%d", i)
	addr := netip.AddrFrom4([4]byte{10, byte(k), 1, byte(11 + i)})
	l.namespace(name)
	l.pair(s.router, name, port, "eth0")
	l.in(s.router, "link set "+port+" master lan0")
	l.in(name, fmt.Sprintf("addr add %s/24 dev eth0", addr))
	l.in(name, "route add default via "+s.Gateway.String())
	return Workstation{Namespace: name, Addr: addr}
}

// Cut takes the site's link down; Heal brings it back.
func (s *Site) Cut() { s.lab.in(s.router, "link set "+s.uplink+" down") }

// Heal brings the site's link back, with the route that the cut took away.
func (s *Site) Heal() {
	s.lab.in(s.router, "link set "+s.uplink+" up")
	s.lab.in(s.router, fmt.Sprintf("route replace default via 10.%d.0.1", s.Subnet.Addr().As4()[1]))
}

// DropPath makes the site's router drop what the workstation sends to the
// controller, and nothing else; RestorePath undoes it.
func (s *Site) DropPath(w Workstation) {
	s.lab.in(s.router, fmt.Sprintf("rule add from %s to %s blackhole", w.Addr, ControllerAddr()))
}

// RestorePath undoes DropPath.
func (s *Site) RestorePath(w Workstation) {
	s.lab.in(s.router, fmt.Sprintf("rule del from %s to %s blackhole", w.Addr, ControllerAddr()))
}

// LinkBytes is what crossed the site's link in both directions since it was made.
func (s *Site) LinkBytes() int64 {
	s.lab.tb.Helper()
	var total int64
	for _, counter := range []string{"rx_bytes", "tx_bytes"} {
		out, err := s.lab.Command(context.Background(), s.router, "cat", "/sys/class/net/"+s.uplink+"/statistics/"+counter).Output()
		if err != nil {
			s.lab.tb.Fatalf("cannot read %s of %s: %v", counter, s.Code, err)
		}
		n, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
		if err != nil {
			s.lab.tb.Fatalf("cannot read %s of %s: %v", counter, s.Code, err)
		}
		total += n
	}
	return total
}

// Controller is the controller's namespace.
func (l *Lab) Controller() string { return "ctl" }

// Command runs a program in a namespace of the lab.
func (l *Lab) Command(ctx context.Context, namespace, program string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "ip", append([]string{"netns", "exec", l.full(namespace), program}, args...)...)
}

func (l *Lab) full(name string) string { return l.prefix + name }

func (l *Lab) namespace(name string) {
	l.ip("netns add " + l.full(name))
	l.made = append(l.made, name)
	l.in(name, "link set lo up")
}

func (l *Lab) pair(a, b, nameA, nameB string) {
	l.ip(fmt.Sprintf("link add %s netns %s type veth peer name %s netns %s", nameA, l.full(a), nameB, l.full(b)))
	l.in(a, "link set "+nameA+" up")
	l.in(b, "link set "+nameB+" up")
}

func (l *Lab) forward(namespace string) {
	l.tb.Helper()
	out, err := l.Command(context.Background(), namespace, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward").CombinedOutput()
	if err != nil {
		l.tb.Fatalf("cannot make %s a router: %v: %s", namespace, err, out)
	}
}

func (l *Lab) in(namespace, command string) {
	l.tb.Helper()
	l.ip("-n " + l.full(namespace) + " " + command)
}

func (l *Lab) ip(command string) {
	l.tb.Helper()
	out, err := exec.Command("ip", strings.Fields(command)...).CombinedOutput()
	if err != nil {
		l.tb.Fatalf("cannot run ip %s: %v: %s", command, err, out)
	}
}

// close takes the namespaces away; links and routes go with them.
func (l *Lab) close() {
	for _, name := range l.made {
		if out, err := exec.Command("ip", "netns", "del", l.full(name)).CombinedOutput(); err != nil {
			l.tb.Errorf("cannot remove namespace %s: %v: %s", name, err, out)
		}
	}
}
