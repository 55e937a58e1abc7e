package mesh

import (
	"errors"
	"net"
	"net/netip"
	"testing"
)

func TestQuietSocketDoesWhatTheSystemsSocketDoes(t *testing.T) {
	open := func(addr string) PacketConn {
		t.Helper()
		conn, err := OS{}.ListenPacket(netip.MustParseAddrPort(addr))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
	a, b := open("127.0.0.1:0"), open("0.0.0.0:0")
	for _, conn := range []PacketConn{a, b} {
		if _, ok := conn.(*quietPackets); !ok {
			t.Errorf("a socket on %s is not quiet", conn.LocalAddr())
		}
	}
	at := func(conn PacketConn) netip.AddrPort {
		port, err := addrPortOf(conn.LocalAddr())
		if err != nil {
			t.Fatal(err)
		}
		return netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port.Port())
	}
	type arrival struct {
		text string
		from netip.AddrPort
		err  error
	}
	arrivals := make(chan arrival, 8)
	go func() {
		buffer := make([]byte, 8)
		for {
			n, from, err := b.ReadFromUDPAddrPort(buffer)
			arrivals <- arrival{string(buffer[:n]), from, err}
			if err != nil {
				return
			}
		}
	}()
	for _, text := range []string{"one", "", "longer than the buffer"} {
		if n, err := a.WriteToUDPAddrPort([]byte(text), at(b)); n != len(text) || err != nil {
			t.Fatalf("wrote %d bytes of %q: %v", n, text, err)
		}
		want := arrival{text: text[:min(len(text), 8)], from: at(a)}
		if got := <-arrivals; got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	if _, err := a.WriteToUDPAddrPort(make([]byte, 70_000), at(b)); err == nil {
		t.Error("a packet of 70,000 bytes was sent")
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if got := <-arrivals; !errors.Is(got.err, net.ErrClosed) {
		t.Errorf("a read after Close fails with %v, want net.ErrClosed", got.err)
	}
	if _, err := b.WriteToUDPAddrPort([]byte("late"), at(a)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a write after Close fails with %v, want net.ErrClosed", err)
	}
}
