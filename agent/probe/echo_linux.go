package probe

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// systemEchoer uses the kernel's unprivileged ICMP sockets
// (net.ipv4.ping_group_range), else raw ones, else, for what routers answer by
// themselves, UDP to a port that nobody uses. What routers say comes by the
// socket's error queue, for which no rights are needed.
type systemEchoer struct{}

// tracePort is where traceroute sends: nobody listens, so who gets there says so.
const tracePort = 33434

// Echo implements Echoer.
func (systemEchoer) Echo(ctx context.Context, e Echo) (Reply, error) {
	s, err := openEcho(e)
	if err != nil {
		return Reply{}, err
	}
	defer s.file.Close() // a socket for one echo
	stop := context.AfterFunc(ctx, func() { _ = s.file.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	return s.exchange(ctx, e)
}

// echoSocket is one socket that sends one echo.
type echoSocket struct {
	file  *os.File
	raw   bool
	udp   bool
	token uint64
}

func openEcho(e Echo) (*echoSocket, error) {
	family, protocol := unix.AF_INET, unix.IPPROTO_ICMP
	if e.To.Is6() {
		family, protocol = unix.AF_INET6, unix.IPPROTO_ICMPV6
	}
	const flags = unix.SOCK_NONBLOCK | unix.SOCK_CLOEXEC
	s := &echoSocket{token: rand.Uint64()}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|flags, protocol)
	if err != nil {
		s.raw = true
		fd, err = unix.Socket(family, unix.SOCK_RAW|flags, protocol)
	}
	if err != nil && (e.TTL > 0 || e.Whole) {
		s.raw, s.udp = false, true
		fd, err = unix.Socket(family, unix.SOCK_DGRAM|flags, unix.IPPROTO_UDP)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot open an ICMP socket: %w: %w", err, errors.ErrUnsupported)
	}
	if err := prepare(fd, e); err != nil {
		_ = unix.Close(fd) // the first error is the one that counts
		return nil, fmt.Errorf("cannot prepare an ICMP socket: %w", err)
	}
	s.file = os.NewFile(uintptr(fd), "icmp")
	return s, nil
}

// prepare asks for errors, and for the fate of large packets to be told.
func prepare(fd int, e Echo) error {
	level, errorsOn, discover, hops := unix.IPPROTO_IP, unix.IP_RECVERR, unix.IP_MTU_DISCOVER, unix.IP_TTL
	if e.To.Is6() {
		level, errorsOn, discover, hops = unix.IPPROTO_IPV6, unix.IPV6_RECVERR, unix.IPV6_MTU_DISCOVER, unix.IPV6_UNICAST_HOPS
	}
	if err := unix.SetsockoptInt(fd, level, errorsOn, 1); err != nil {
		return err
	}
	if e.Whole { // and whatever the kernel remembers of the path
		if err := unix.SetsockoptInt(fd, level, discover, unix.IP_PMTUDISC_PROBE); err != nil {
			return err
		}
	}
	if e.TTL > 0 {
		return unix.SetsockoptInt(fd, level, hops, e.TTL)
	}
	return nil
}

func (s *echoSocket) exchange(ctx context.Context, e Echo) (Reply, error) {
	conn, err := s.file.SyscallConn()
	if err != nil {
		return Reply{}, fmt.Errorf("cannot use an ICMP socket: %w", err)
	}
	began := time.Now()
	var sent error
	if err := conn.Control(func(fd uintptr) { sent = s.send(int(fd), e) }); err != nil {
		return Reply{}, fmt.Errorf("cannot use an ICMP socket: %w", err)
	}
	switch {
	case errors.Is(sent, unix.EMSGSIZE):
		return Reply{TooLarge: true}, nil
	case sent != nil:
		return Reply{}, fmt.Errorf("cannot send an echo to %s: %w", e.To, sent)
	}
	var reply Reply
	var failed error
	buffer, control := make([]byte, 2048), make([]byte, 512)
	err = conn.Read(func(fd uintptr) bool {
		var done bool
		reply, done, failed = s.receive(int(fd), e, buffer, control)
		return done
	})
	reply.RTT = time.Since(began)
	switch {
	case ctx.Err() != nil && err != nil:
		return Reply{}, fmt.Errorf("no echo from %s: %w", e.To, ctx.Err())
	case err != nil:
		return Reply{}, fmt.Errorf("cannot read the echo of %s: %w", e.To, err)
	case failed != nil:
		return Reply{}, fmt.Errorf("no echo from %s: %w", e.To, failed)
	}
	return reply, nil
}

func (s *echoSocket) send(fd int, e Echo) error {
	packet := echoPacket(e.To, e.Bytes, uint16(s.token), uint16(s.token>>16), s.token)
	port := 0
	if s.udp {
		port = tracePort + max(e.TTL, 1)
		packet = packet[echoHeader:] // UDP has a header of its own, as long
	}
	var to unix.Sockaddr = &unix.SockaddrInet4{Port: port, Addr: as4(e.To)}
	if e.To.Is6() {
		to = &unix.SockaddrInet6{Port: port, Addr: e.To.As16()}
	}
	return unix.Sendto(fd, packet, 0, to)
}

func as4(addr netip.Addr) [4]byte {
	if !addr.Is4() {
		return [4]byte{}
	}
	return addr.As4()
}

// receive reads what has come: answers, then errors. done is false while nothing
// of it belongs to the echo.
func (s *echoSocket) receive(fd int, e Echo, buffer, control []byte) (reply Reply, done bool, err error) {
	for {
		n, _, err := unix.Recvfrom(fd, buffer, 0)
		if err == nil {
			if !s.udp && answers(e.To, buffer[:n], s.raw, s.token) {
				return Reply{From: e.To, Reached: true}, true, nil
			}
			continue // another program's
		}
		_, size, _, _, queued := unix.Recvmsg(fd, buffer, control, unix.MSG_ERRQUEUE)
		switch {
		case queued == nil:
			if reply, mine := s.readError(control[:size], e); mine {
				return reply, true, nil
			}
		case errors.Is(err, unix.EAGAIN):
			return Reply{}, false, nil
		default:
			return Reply{}, true, err
		}
	}
}

// Offsets in the kernel's struct sock_extended_err, behind which the address of
// whoever complained stands.
const (
	errorOrigin = 4
	errorType   = 5
	errorCode   = 6
	errorSize   = 16
)

// readError takes an entry of the error queue apart.
func (s *echoSocket) readError(control []byte, e Echo) (Reply, bool) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return Reply{}, false
	}
	for _, m := range messages {
		known := m.Header.Level == unix.IPPROTO_IP && m.Header.Type == unix.IP_RECVERR ||
			m.Header.Level == unix.IPPROTO_IPV6 && m.Header.Type == unix.IPV6_RECVERR
		if !known || len(m.Data) < errorSize {
			continue
		}
		if unix.Errno(binary.NativeEndian.Uint32(m.Data)) == unix.EMSGSIZE {
			return Reply{From: offender(m.Data[errorSize:]), TooLarge: true}, true
		}
		if m.Data[errorOrigin] == unix.SO_EE_ORIGIN_LOCAL {
			continue
		}
		from := offender(m.Data[errorSize:])
		// Over UDP the target itself says that nobody listens at the port.
		return Reply{From: from, Reached: s.udp && from == e.To && portClosed(m.Data, e.To)}, true
	}
	return Reply{}, false
}

func portClosed(entry []byte, to netip.Addr) bool {
	if to.Is6() {
		return entry[errorType] == 1 && entry[errorCode] == 4
	}
	return entry[errorType] == 3 && entry[errorCode] == 3
}

// offender reads a sockaddr_in or sockaddr_in6.
func offender(b []byte) netip.Addr {
	if len(b) < 8 {
		return netip.Addr{}
	}
	switch binary.NativeEndian.Uint16(b) {
	case unix.AF_INET:
		return netip.AddrFrom4([4]byte(b[4:8]))
	case unix.AF_INET6:
		if len(b) >= 24 {
			return netip.AddrFrom16([16]byte(b[8:24])).Unmap()
		}
	}
	return netip.Addr{}
}
