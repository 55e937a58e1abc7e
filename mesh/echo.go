package mesh

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
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

var _ Echoer = OS{}

// Echo implements Echoer with the system's unprivileged ICMP sockets, or raw ones
// where the process may open them.
func (OS) Echo(ctx context.Context, from, to netip.Addr) error {
	conn, raw, err := listenICMP(from, to)
	if err != nil {
		return fmt.Errorf("cannot open an ICMP socket: %w: %w", errors.ErrUnsupported, err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()

	token := rand.Uint64()
	request, err := echoRequest(to, token)
	if err != nil {
		return err
	}
	var target net.Addr = &net.UDPAddr{IP: to.AsSlice(), Zone: to.Zone()}
	if raw {
		target = &net.IPAddr{IP: to.AsSlice(), Zone: to.Zone()}
	}
	if _, err := conn.WriteTo(request, target); err != nil {
		return fmt.Errorf("cannot send echo request to %s: %w", to, err)
	}
	buffer := make([]byte, 512)
	for {
		n, _, err := conn.ReadFrom(buffer)
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("no echo from %s: %w", to, ctx.Err())
		case err != nil:
			return fmt.Errorf("cannot read echo of %s: %w", to, err)
		case isEchoReply(to, buffer[:n], token):
			return nil
		}
	}
}

func listenICMP(from, to netip.Addr) (conn *icmp.PacketConn, raw bool, err error) {
	networks, local := [2]string{"udp4", "ip4:icmp"}, "0.0.0.0"
	if to.Is6() {
		networks, local = [2]string{"udp6", "ip6:ipv6-icmp"}, "::"
	}
	if from.IsValid() && from.Is6() == to.Is6() {
		local = from.String()
	}
	for i, network := range networks {
		if conn, err = icmp.ListenPacket(network, local); err == nil {
			return conn, i == 1, nil
		}
	}
	return nil, false, err
}

// echoRequest carries a random token: identifiers are rewritten by the system on
// unprivileged sockets, what is inside is not.
func echoRequest(to netip.Addr, token uint64) ([]byte, error) {
	m := icmp.Message{
		Type: ipv4.ICMPTypeEcho,
		Body: &icmp.Echo{ID: int(token & 0xffff), Seq: 1, Data: binary.BigEndian.AppendUint64(nil, token)},
	}
	if to.Is6() {
		m.Type = ipv6.ICMPTypeEchoRequest
	}
	return m.Marshal(nil)
}

func isEchoReply(to netip.Addr, packet []byte, token uint64) bool {
	protocol := 1
	if to.Is6() {
		protocol = 58
	}
	m, err := icmp.ParseMessage(protocol, packet)
	if err != nil || m.Type != ipv4.ICMPTypeEchoReply && m.Type != ipv6.ICMPTypeEchoReply {
		return false
	}
	echo, ok := m.Body.(*icmp.Echo)
	return ok && len(echo.Data) == 8 && binary.BigEndian.Uint64(echo.Data) == token
}
