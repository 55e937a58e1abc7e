package mesh

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// streamKeepAlive replaces Go's fifteen seconds, at which the probes of fifteen
// idle report streams and their answers, from both ends, cost a site's link more
// than 20 MB a day. Reports every five minutes keep a way open through firewalls
// and show a dead one; this only clears away what nobody used for long.
var streamKeepAlive = net.KeepAliveConfig{Enable: true, Idle: 20 * time.Minute, Interval: time.Minute, Count: 3}

// receiveBytes is asked of the system for a UDP socket: a controller's 130 pools
// may all speak in the same millisecond. The kernel takes memory only for what
// waits, so agents ask for the same.
const receiveBytes = 4 << 20

// OS is the machine's own network.
type OS struct{}

var _ Network = OS{}

// Listen implements Network.
func (OS) Listen(addr netip.AddrPort) (net.Listener, error) {
	conf := net.ListenConfig{KeepAliveConfig: streamKeepAlive}
	return conf.Listen(context.Background(), family("tcp", addr.Addr()), addr.String())
}

// ListenPacket implements Network.
func (OS) ListenPacket(addr netip.AddrPort) (PacketConn, error) {
	conn, err := net.ListenUDP(family("udp", addr.Addr()), net.UDPAddrFromAddrPort(addr))
	if err != nil {
		return nil, err
	}
	_ = conn.SetReadBuffer(receiveBytes) // the system may grant less
	return quiet(conn), nil
}

// Dial implements Network.
func (OS) Dial(ctx context.Context, from netip.Addr, to netip.AddrPort) (net.Conn, error) {
	d := net.Dialer{KeepAliveConfig: streamKeepAlive}
	if from.IsValid() {
		d.LocalAddr = &net.TCPAddr{IP: from.AsSlice()}
	}
	conn, err := d.DialContext(ctx, family("tcp", to.Addr()), to.String())
	if err != nil {
		return nil, fmt.Errorf("cannot dial %s: %w", to, err)
	}
	return conn, nil
}

// family keeps an IPv4 address on an IPv4 socket, so that senders show as such.
func family(network string, addr netip.Addr) string {
	switch {
	case addr.Is4() || addr.Is4In6():
		return network + "4"
	case addr.IsUnspecified():
		return network // [::]: both families, where the system has them
	default:
		return network + "6"
	}
}
