package fabric

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"time"

	"muster/mesh"
)

// Machine is one machine's network.
type Machine struct {
	f *Fabric

	// f.mu guards what follows.
	addr      netip.Addr
	listeners map[uint16]*listener
	sockets   map[uint16]*socket
	conns     map[*conn]bool
	ended     bool // the processes behind it were killed
}

var (
	_ mesh.Network = (*Machine)(nil)
	_ mesh.Echoer  = (*Machine)(nil)
)

// Addr is the machine's address now.
func (m *Machine) Addr() netip.Addr {
	m.f.mu.Lock()
	defer m.f.mu.Unlock()
	return m.addr
}

// Kill ends the machine's processes as a kill does: ports close and connections
// with them, and who still holds m sends nothing any more. The address goes on
// answering echoes; Fabric.Machine gives its next process a network.
func (m *Machine) Kill() {
	m.f.mu.Lock()
	m.ended = true
	if e := m.f.ends[m.addr]; e != nil && e.machine == m {
		e.machine = &Machine{
			f: m.f, addr: m.addr,
			listeners: make(map[uint16]*listener), sockets: make(map[uint16]*socket), conns: make(map[*conn]bool),
		}
	}
	listeners, sockets, conns := slices.Collect(maps.Values(m.listeners)), slices.Collect(maps.Values(m.sockets)), slices.Collect(maps.Keys(m.conns))
	m.f.mu.Unlock()
	for _, l := range listeners {
		_ = l.Close()
	}
	for _, s := range sockets {
		_ = s.Close()
	}
	for _, c := range conns {
		_ = c.Close()
	}
}

// Headers of IPv4 with UDP, TCP with timestamps, and an echo of 56 bytes.
const (
	udpHeader = 28
	tcpHeader = 52
	echoBytes = 84
	segment   = 1448
)

// synAgain is how long a lost SYN takes to be sent again.
const synAgain = time.Second

// Listen implements mesh.Network.
func (m *Machine) Listen(addr netip.AddrPort) (net.Listener, error) {
	m.f.mu.Lock()
	defer m.f.mu.Unlock()
	at, err := m.claim(addr, func(port uint16) bool { return m.listeners[port] != nil })
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: "tcp", Err: err}
	}
	l := &listener{m: m, addr: at, conns: make(chan net.Conn, 128), done: make(chan struct{})}
	m.listeners[at.Port()] = l
	return l, nil
}

// ListenPacket implements mesh.Network.
func (m *Machine) ListenPacket(addr netip.AddrPort) (mesh.PacketConn, error) {
	m.f.mu.Lock()
	defer m.f.mu.Unlock()
	at, err := m.claim(addr, func(port uint16) bool { return m.sockets[port] != nil })
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: "udp", Err: err}
	}
	s := &socket{m: m, addr: at, packets: make(chan packet, 1024), done: make(chan struct{})}
	m.sockets[at.Port()] = s
	return s, nil
}

// claim checks an address and picks a port where none is given; f.mu is held.
func (m *Machine) claim(addr netip.AddrPort, taken func(port uint16) bool) (netip.AddrPort, error) {
	if m.ended {
		return netip.AddrPort{}, syscall.ENETDOWN
	}
	if !addr.Addr().IsUnspecified() && addr.Addr() != m.addr {
		return netip.AddrPort{}, syscall.EADDRNOTAVAIL
	}
	port := addr.Port()
	if port == 0 {
		port = m.f.freePort()
	}
	if taken(port) {
		return netip.AddrPort{}, syscall.EADDRINUSE
	}
	return netip.AddrPortFrom(addr.Addr(), port), nil
}

// freePort goes round the ephemeral ports of the whole county; f.mu is held.
func (f *Fabric) freePort() uint16 {
	if f.nextPort < 49152 {
		f.nextPort = 49152
	}
	port := f.nextPort
	f.nextPort++
	return port
}

// Dial implements mesh.Network. A cut path keeps it waiting until ctx ends.
func (m *Machine) Dial(ctx context.Context, from netip.Addr, to netip.AddrPort) (net.Conn, error) {
	if from.IsValid() && from != m.Addr() && !from.IsUnspecified() {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.EADDRNOTAVAIL}
	}
	for {
		again, here := time.Duration(0), m.Addr()
		out := m.f.judge(here, to.Addr(), tcp, tcpHeader+8)
		back := fate{}
		if out.open && !out.lost {
			back = m.f.judgeAfter(out.after, to.Addr(), here, tcp, tcpHeader+8)
		}
		if !back.open || back.lost {
			again = synAgain
		}
		if err := pause(ctx, max(again, out.after+back.after)); err != nil {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: net.TCPAddrFromAddrPort(to), Err: err}
		}
		if again > 0 {
			continue
		}
		if conn, answered := m.connect(to); answered {
			if conn == nil {
				return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: net.TCPAddrFromAddrPort(to), Err: syscall.ECONNREFUSED}
			}
			return conn, nil
		}
	}
}

// connect makes the two ends. answered is false where nobody is at the address
// or the queue is full; conn is nil where the port is closed.
func (m *Machine) connect(to netip.AddrPort) (near net.Conn, answered bool) {
	m.f.mu.Lock()
	e := m.f.ends[to.Addr()]
	if e == nil || m.ended {
		m.f.mu.Unlock()
		return nil, m.ended
	}
	other := e.machine
	if other == nil {
		m.f.mu.Unlock()
		return nil, e.known && !e.mute
	}
	l := other.listeners[to.Port()]
	if l == nil {
		m.f.mu.Unlock()
		return nil, true
	}
	here := m.addr
	a, b := newConns(m.f, netip.AddrPortFrom(here, m.f.freePort()), to)
	a.m, b.m = m, other
	m.conns[a], other.conns[b] = true, true
	m.f.mu.Unlock()
	select {
	case l.conns <- b:
		m.f.tally(here, to.Addr(), 1, tcpHeader)
		return a, true
	default:
		a.forget()
		b.forget()
		return nil, false
	}
}

// Echo implements mesh.Echoer.
func (m *Machine) Echo(ctx context.Context, _, to netip.Addr) error {
	here := m.Addr()
	out := m.f.judge(here, to, icmp, echoBytes)
	back := fate{}
	if out.open && !out.lost && m.f.answers(to) {
		back = m.f.judgeAfter(out.after, to, here, icmp, echoBytes)
	}
	if !back.open || back.lost {
		<-ctx.Done()
		return fmt.Errorf("no echo from %s: %w", to, ctx.Err())
	}
	return pause(ctx, out.after+back.after)
}

// answers reports whether an address answers an echo.
func (f *Fabric) answers(addr netip.Addr) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := f.ends[addr]
	return e != nil && !e.mute
}

func pause(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// listener is a TCP listener.
type listener struct {
	m     *Machine
	addr  netip.AddrPort
	conns chan net.Conn
	done  chan struct{}
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.done:
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: net.ErrClosed}
	}
}

// Close implements net.Listener; what waits to be accepted is closed.
func (l *listener) Close() error {
	l.m.f.mu.Lock()
	if l.m.listeners[l.addr.Port()] != l {
		l.m.f.mu.Unlock()
		return nil
	}
	delete(l.m.listeners, l.addr.Port())
	close(l.done)
	l.m.f.mu.Unlock()
	for {
		select {
		case conn := <-l.conns:
			_ = conn.Close()
		default:
			return nil
		}
	}
}

// Addr implements net.Listener.
func (l *listener) Addr() net.Addr { return net.TCPAddrFromAddrPort(l.addr) }

type packet struct {
	bytes []byte
	from  netip.AddrPort
}

// socket is a UDP socket.
type socket struct {
	m       *Machine
	addr    netip.AddrPort
	packets chan packet // dropped when full, as a kernel does
	done    chan struct{}
}

// ReadFromUDPAddrPort implements mesh.PacketConn.
func (s *socket) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	select {
	case p := <-s.packets:
		return copy(b, p.bytes), p.from, nil
	case <-s.done:
		return 0, netip.AddrPort{}, &net.OpError{Op: "read", Net: "udp", Err: net.ErrClosed}
	}
}

// WriteToUDPAddrPort implements mesh.PacketConn. As with UDP, the sender never
// learns what became of a packet.
func (s *socket) WriteToUDPAddrPort(b []byte, to netip.AddrPort) (int, error) {
	select {
	case <-s.done:
		return 0, &net.OpError{Op: "write", Net: "udp", Err: net.ErrClosed}
	default:
	}
	here := s.m.Addr()
	d := s.m.f.judge(here, to.Addr(), udp, len(b)+udpHeader)
	if !d.open || d.lost {
		return len(b), nil
	}
	p := packet{bytes: append([]byte(nil), b...), from: netip.AddrPortFrom(here, s.addr.Port())}
	time.AfterFunc(d.after, func() { s.m.f.deliver(p, to) })
	return len(b), nil
}

// deliver puts a packet into its socket, when that is still there.
func (f *Fabric) deliver(p packet, to netip.AddrPort) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := f.ends[to.Addr()]
	if e == nil || e.machine == nil || e.machine.sockets[to.Port()] == nil {
		return
	}
	select {
	case e.machine.sockets[to.Port()].packets <- p:
	default:
	}
}

// LocalAddr implements mesh.PacketConn.
func (s *socket) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(s.addr) }

// Close implements mesh.PacketConn.
func (s *socket) Close() error {
	s.m.f.mu.Lock()
	defer s.m.f.mu.Unlock()
	if s.m.sockets[s.addr.Port()] == s {
		delete(s.m.sockets, s.addr.Port())
		close(s.done)
	}
	return nil
}
