//go:build !linux && !windows

package probe

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"

	"golang.org/x/net/icmp"
)

// systemEchoer uses the system's unprivileged ICMP sockets, else raw ones. It
// cannot forbid fragments there: the packet size of a path is measured by TCP.
type systemEchoer struct{}

// Echo implements Echoer.
func (systemEchoer) Echo(ctx context.Context, e Echo) (Reply, error) {
	if e.Whole || e.To.Is6() {
		return Reply{}, fmt.Errorf("cannot send such an echo here: %w", errors.ErrUnsupported)
	}
	conn, raw, err := listen()
	if err != nil {
		return Reply{}, fmt.Errorf("cannot open an ICMP socket: %w: %w", err, errors.ErrUnsupported)
	}
	defer conn.Close() // a socket for one echo
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	if e.TTL > 0 {
		if err := conn.IPv4PacketConn().SetTTL(e.TTL); err != nil {
			return Reply{}, fmt.Errorf("cannot bound an echo's way: %w", err)
		}
	}
	var to net.Addr = &net.UDPAddr{IP: e.To.AsSlice()}
	if raw {
		to = &net.IPAddr{IP: e.To.AsSlice()}
	}
	token := rand.Uint64()
	began := time.Now()
	if _, err := conn.WriteTo(echoPacket(e.To, e.Bytes, uint16(token), uint16(token>>16), token), to); err != nil {
		return Reply{}, fmt.Errorf("cannot send an echo to %s: %w", e.To, err)
	}
	buffer := make([]byte, 2048)
	for {
		n, from, err := conn.ReadFrom(buffer)
		switch {
		case ctx.Err() != nil:
			return Reply{}, fmt.Errorf("no echo from %s: %w", e.To, ctx.Err())
		case err != nil:
			return Reply{}, fmt.Errorf("cannot read the echo of %s: %w", e.To, err)
		case answers(e.To, buffer[:n], false, token):
			return Reply{From: e.To, RTT: time.Since(began), Reached: true}, nil
		case expired(buffer[:n], uint16(token>>16)):
			return Reply{From: addrOf(from), RTT: time.Since(began)}, nil
		}
	}
}

func listen() (conn *icmp.PacketConn, raw bool, err error) {
	if conn, err = icmp.ListenPacket("udp4", "0.0.0.0"); err == nil {
		return conn, false, nil
	}
	conn, err = icmp.ListenPacket("ip4:icmp", "0.0.0.0")
	return conn, true, err
}

// expired reports whether a router says that an echo with that number went too
// far, or cannot go on: it repeats the IP header and eight bytes of the echo.
func expired(packet []byte, seq uint16) bool {
	const header, inner = 8, 20
	if len(packet) < header+inner+8 || packet[0] != 11 && packet[0] != 3 {
		return false
	}
	echo := packet[header+min(int(packet[header]&0x0f)*4, len(packet)-header-8):]
	return echo[0] == echoAsk4 && binary.BigEndian.Uint16(echo[6:]) == seq
}

func addrOf(from net.Addr) netip.Addr {
	var ip net.IP
	switch a := from.(type) {
	case *net.UDPAddr:
		ip = a.IP
	case *net.IPAddr:
		ip = a.IP
	}
	addr, _ := netip.AddrFromSlice(ip)
	return addr.Unmap()
}
