//go:build linux

package lab

import (
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"
)

// References are addresses outside every site, which answer pings.
func References() []netip.Addr {
	return []netip.Addr{netip.MustParseAddr("192.0.2.2"), netip.MustParseAddr("192.0.2.3")}
}

// ServicesAddr is where services that people need are.
func ServicesAddr() netip.Addr { return netip.MustParseAddr("10.250.0.2") }

// Services is the namespace of the services.
func (l *Lab) Services() string { return "svc" }

// AddOutside makes the references and the services' namespace, both at the core.
func (l *Lab) AddOutside() {
	l.tb.Helper()
	for _, place := range []struct {
		name, gateway string
		addrs         []netip.Addr
	}{
		{"out", "192.0.2.1", References()},
		{l.Services(), "10.250.0.1", []netip.Addr{ServicesAddr()}},
	} {
		l.namespace(place.name)
		l.pair("core", place.name, place.name+"0", "eth0")
		l.in("core", fmt.Sprintf("addr add %s/24 dev %s0", place.gateway, place.name))
		for _, a := range place.addrs {
			l.in(place.name, fmt.Sprintf("addr add %s/24 dev eth0", a))
		}
		l.in(place.name, "route add default via "+place.gateway)
	}
}

// Router is the address of the site's router on its link.
func (s *Site) Router() netip.Addr { return netip.AddrFrom4([4]byte{10, byte(s.k), 0, 2}) }

// Listen listens on TCP inside a namespace: a socket stays in the one that it was
// made in, so the test itself can serve there.
func (l *Lab) Listen(namespace string, addr netip.AddrPort) (listener net.Listener, err error) {
	err = l.within(namespace, func() (err error) {
		listener, err = net.Listen("tcp", addr.String())
		return err
	})
	return listener, err
}

// within runs f on a thread that stands in the namespace. The thread is never used
// for anything else: it ends with its goroutine, because it stays locked.
func (l *Lab) within(namespace string, f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		fd, err := unix.Open(filepath.Join("/run/netns", l.full(namespace)), unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err == nil {
			err = unix.Setns(fd, unix.CLONE_NEWNET)
			_ = unix.Close(fd) // opened for reading
		}
		if err == nil {
			err = f()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		return fmt.Errorf("cannot work inside namespace %s: %w", namespace, err)
	}
	return nil
}
