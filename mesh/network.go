package mesh

import (
	"context"
	"net"
	"net/netip"
)

// Network is the seam between the mesh and the operating system. Two exist: OS,
// the real sockets, and mesh/fabric, an in-memory county with weather for tests
// and rehearsals.
type Network interface {
	// Listen opens a TCP listener. Port 0 picks a free one.
	Listen(addr netip.AddrPort) (net.Listener, error)
	// ListenPacket opens a UDP socket on exactly addr.
	ListenPacket(addr netip.AddrPort) (PacketConn, error)
	// Dial opens a TCP connection from the given local address (invalid: any).
	Dial(ctx context.Context, from netip.Addr, to netip.AddrPort) (net.Conn, error)
}

// PacketConn is the part of *net.UDPConn that the mesh uses. ReadFromUDPAddrPort
// returns net.ErrClosed after Close; writes are safe for concurrent use.
type PacketConn interface {
	ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error)
	WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error)
	LocalAddr() net.Addr
	Close() error
}
