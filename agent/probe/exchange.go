package probe

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"

	"muster/inventory"
)

// smallSegments is what TCP is held to for a packet that every path carries.
const smallSegments = 536

// padding is what a request carries so that it fills more than one packet.
const padding = 3000

var errNotConnected = errors.New("no connection")

// exchange connects and lets more than a packet of bytes go each way: a TLS
// handshake, whose certificates fill packets, and a request with padding, to
// which any answer will do. segment bounds a packet; zero is the system's own.
func (p *Prober) exchange(ctx context.Context, to netip.Addr, target inventory.ProbeTarget, segment int) error {
	dial := p.opts.Dial
	if segment > 0 {
		small, err := smallDialer(segment)
		if err != nil {
			return err
		}
		dial = small.DialContext
	}
	conn, err := dial(ctx, "tcp", netip.AddrPortFrom(to, target.Port).String())
	if err != nil {
		return fmt.Errorf("%w: %w", errNotConnected, err)
	}
	defer conn.Close() // what it carries is of no use to anybody
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if target.Secure {
		config := &tls.Config{
			ServerName: target.Name, MinVersion: tls.VersionTLS12,
			InsecureSkipVerify: true, // the size of packets is measured, and nothing is said
		}
		secure := tls.Client(conn, config)
		if err := secure.HandshakeContext(ctx); err != nil {
			return handshake(ctx, err)
		}
		conn = secure
	}
	if target.Address == "" {
		return nil
	}
	return pad(conn, target.Name)
}

// pad sends a request of more than one packet and waits for the first line.
func pad(conn net.Conn, name string) error {
	request := "GET / HTTP/1.1\r\nHost: " + name + "\r\nUser-Agent: " + userAgent + "\r\nConnection: close\r\nX-Padding: " +
		strings.Repeat("0", padding) + "\r\n\r\n"
	if _, err := io.WriteString(conn, request); err != nil {
		return err
	}
	_, err := bufio.NewReaderSize(io.LimitReader(conn, maxHeader), 512).ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		err = nil // an answer of whatever form
	}
	return err
}
