package cli

import (
	"net"
	"net/netip"
	"testing"
)

func TestLineDialsLikeTheSystem(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	to := netip.MustParseAddrPort(listener.Addr().String())
	conn, err := line{}.Dial(t.Context(), netip.Addr{}, to)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := conn.(*net.TCPConn); !ok {
		t.Errorf("a %T cannot be spliced by the kernel", conn)
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	if _, err := (line{}).Dial(t.Context(), netip.Addr{}, netip.AddrPortFrom(to.Addr(), 1)); err == nil {
		t.Error("a port on which nobody listens answers")
	}
}
