package probe

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"muster/inventory"
	"muster/inventory/wire"
)

// street is three network namespaces in a row: a workstation, a router, and a
// server behind a link of smaller packets.
type street struct{ pc, router, server string }

var (
	routerAddr = netip.MustParseAddr("10.91.1.1")
	serverAddr = netip.MustParseAddr("10.91.2.2")
)

const narrowLink = 1400

func ip(t *testing.T, command string, args ...any) {
	t.Helper()
	out, err := exec.Command("ip", strings.Fields(fmt.Sprintf(command, args...))...).CombinedOutput()
	if err != nil {
		t.Fatalf("cannot run ip "+command+": %v: %s", append(args, err, out)...)
	}
}

func newStreet(t *testing.T) street {
	t.Helper()
	p := "mp" + strconv.Itoa(os.Getpid())
	try := p + "try"
	if out, err := exec.Command("ip", "netns", "add", try).CombinedOutput(); err != nil {
		t.Skipf("this system allows no network namespaces (run it as root, with CAP_SYS_ADMIN): %v: %s", err, out)
	}
	ip(t, "netns del %s", try)
	s := street{p + "a", p + "b", p + "c"}
	for _, ns := range []string{s.pc, s.router, s.server} {
		ip(t, "netns add %s", ns)
		t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", ns).Run() })
		ip(t, "-n %s link set lo up", ns)
	}
	pair := func(a, b, addrA, addrB string, mtu int) {
		ip(t, "link add v0 netns %s mtu %d type veth peer name v1 mtu %d netns %s", a, mtu, mtu, b)
		ip(t, "-n %s addr add %s dev v0", a, addrA)
		ip(t, "-n %s addr add %s dev v1", b, addrB)
		ip(t, "-n %s link set v0 up", a)
		ip(t, "-n %s link set v1 up", b)
	}
	pair(s.pc, s.router, "10.91.1.2/24", "10.91.1.1/24", 1500)
	pair(s.router, s.server, "10.91.2.1/24", "10.91.2.2/24", narrowLink)
	ip(t, "-n %s route add default via 10.91.1.1", s.pc)
	ip(t, "-n %s route add default via 10.91.2.1", s.server)
	ip(t, "netns exec %s sysctl -qw net.ipv4.ip_forward=1", s.router)
	return s
}

// inside runs f on a thread of the namespace. Only what f does on its own
// goroutine is there.
func inside(t *testing.T, ns string, f func() error) {
	t.Helper()
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		file, err := os.Open("/var/run/netns/" + ns)
		if err != nil {
			done <- err
			return
		}
		defer file.Close()
		if err := unix.Setns(int(file.Fd()), unix.CLONE_NEWNET); err != nil {
			done <- err
			return
		}
		done <- f()
	}()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// dropRaw takes the right to raw sockets from the thread.
func dropRaw() error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	if err := unix.Capget(&header, &sets[0]); err != nil {
		return err
	}
	sets[0].Effective &^= 1 << unix.CAP_NET_RAW
	return unix.Capset(&header, &sets[0])
}

func echo(e Echo) (Reply, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return systemEchoer{}.Echo(ctx, e)
}

// walk asks for an answer, a hop and both sides of the narrow link.
func walk(withoutAnswers bool) error {
	if !withoutAnswers {
		r, err := echo(Echo{To: serverAddr, Bytes: pingBytes})
		if err != nil || !r.Reached || r.From != serverAddr || r.RTT <= 0 {
			return fmt.Errorf("an echo came back as %+v, %w", r, err)
		}
	}
	r, err := echo(Echo{To: serverAddr, Bytes: pingBytes, TTL: 1})
	if err != nil || r.Reached || r.From != routerAddr {
		return fmt.Errorf("the first hop is %+v, %w", r, err)
	}
	r, err = echo(Echo{To: serverAddr, Bytes: pingBytes, TTL: 2})
	if err != nil || !r.Reached || r.From != serverAddr {
		return fmt.Errorf("the second hop is %+v, %w", r, err)
	}
	r, err = echo(Echo{To: serverAddr, Bytes: 1500, Whole: true})
	if err != nil || !r.TooLarge || r.From != routerAddr {
		return fmt.Errorf("a packet that is too large came to %+v, %w", r, err)
	}
	r, err = echo(Echo{To: serverAddr, Bytes: narrowLink, Whole: true})
	if err != nil || !r.Reached {
		return fmt.Errorf("a packet that just fits came to %+v, %w", r, err)
	}
	return nil
}

func TestEchoesGoByWhicheverSocketTheSystemAllows(t *testing.T) {
	s := newStreet(t)
	for _, way := range []struct {
		name, pingers string
		rights        func() error
		onlyRouters   bool // UDP is answered by routers and shut ports, not by an echo
	}{
		{"raw", "1 0", func() error { return nil }, false},
		{"unprivileged", "0 2147483647", dropRaw, false},
		{"UDP", "1 0", dropRaw, true},
	} {
		t.Run(way.name, func(t *testing.T) {
			out, err := exec.Command("ip", "netns", "exec", s.pc, "sysctl", "-qw", "net.ipv4.ping_group_range="+way.pingers).CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			inside(t, s.pc, func() error {
				if err := way.rights(); err != nil {
					return err
				}
				return walk(way.onlyRouters)
			})
		})
	}
}

func TestLoopbackAnswersAWindow(t *testing.T) {
	r := New(Options{}).Probe(t.Context(), wire.ProbeSpec{
		Kind: inventory.ProbePing, Why: inventory.ProbeElected, Target: "127.0.0.1", Count: 3, Timeout: 30,
	})
	if strings.Contains(r.Detail, "stands in") && os.Geteuid() != 0 {
		t.Skipf("nobody but root may send echoes here: %s", r.Detail)
	}
	if want(t, r, ""); r.Sent != 3 || r.Lost != 0 || r.MaxMillis <= 0 {
		t.Errorf("loopback says %+v", r)
	}
}
