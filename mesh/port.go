package mesh

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/memberlist"
)

// PortOptions says where a port listens.
type PortOptions struct {
	Network Network
	Addr    netip.AddrPort // port 0 picks a free one
	Log     *slog.Logger
	// MaxUnrouted bounds TCP connections that have not yet said what they are;
	// zero means 256. One source may hold an eighth of them, and at least four.
	MaxUnrouted int
	// HeaderWithin is how long a connection may take to say what it is; zero
	// means five seconds.
	HeaderWithin time.Duration
}

// Port is the one UDP and TCP port of a process. Pools register their label on
// it; TLS connections go to TLS. All methods are safe for concurrent use.
type Port struct {
	network  Network
	addr     netip.AddrPort
	log      *slog.Logger
	packets  PacketConn
	listener net.Listener
	tls      *tlsListener
	gate     *gate
	counts   portCounts

	headerWithin time.Duration

	closing context.Context // done when Close begins
	close   context.CancelFunc
	running sync.WaitGroup

	// lanes is replaced as a whole, so the packet reader takes no lock.
	lanes atomic.Pointer[map[string]*lane]
	// mu guards replacing lanes and closed.
	mu     sync.Mutex
	closed bool
}

// The read buffer's size. Pools send at most 1,200 bytes (UDPBufferSize) and
// query answers of 1,024 and their overhead; a longer packet is none of ours.
const packetBytes = 2048

// ListenPort opens the port and starts serving it. TCP and UDP get the same
// number, also where Addr leaves the choice.
func ListenPort(o PortOptions) (*Port, error) {
	switch {
	case o.Network == nil:
		return nil, errors.New("cannot open mesh port: no network")
	case !o.Addr.IsValid():
		return nil, errors.New("cannot open mesh port: no address")
	case o.Log == nil:
		return nil, errors.New("cannot open mesh port: no log")
	case o.MaxUnrouted < 0 || o.HeaderWithin < 0:
		return nil, errors.New("cannot open mesh port: negative bound")
	}
	listener, packets, err := listenBoth(o.Network, o.Addr)
	if err != nil {
		return nil, err
	}
	local, err := addrPortOf(listener.Addr())
	if err != nil {
		return nil, errors.Join(err, listener.Close(), packets.Close())
	}
	p := &Port{
		network: o.Network, addr: local, log: o.Log.With("component", "mesh", "port", local.String()),
		packets: packets, listener: listener,
		gate:         newGate(orDefault(o.MaxUnrouted, 256)),
		headerWithin: orDefault(o.HeaderWithin, 5*time.Second),
	}
	p.closing, p.close = context.WithCancel(context.Background())
	p.tls = newTLSListener(listener.Addr())
	p.lanes.Store(&map[string]*lane{})
	p.running.Go(p.readPackets)
	p.running.Go(p.acceptStreams)
	return p, nil
}

// listenBoth opens TCP and UDP on one number. A free TCP number may be taken for
// UDP, so a free choice is tried again a few times.
func listenBoth(network Network, addr netip.AddrPort) (net.Listener, PacketConn, error) {
	attempts := 1
	if addr.Port() == 0 {
		attempts = 10
	}
	var last error
	for range attempts {
		listener, err := network.Listen(addr)
		if err != nil {
			return nil, nil, fmt.Errorf("cannot listen on TCP %s: %w", addr, err)
		}
		local, err := addrPortOf(listener.Addr())
		if err != nil {
			return nil, nil, errors.Join(err, listener.Close())
		}
		packets, err := network.ListenPacket(netip.AddrPortFrom(addr.Addr(), local.Port()))
		if err == nil {
			return listener, packets, nil
		}
		last = errors.Join(fmt.Errorf("cannot listen on UDP %s: %w", local, err), listener.Close())
	}
	return nil, nil, last
}

// Addr is the address that the port listens on, with the number it got.
func (p *Port) Addr() netip.AddrPort { return p.addr }

// TLS is the listener of the connections that began with a TLS record. The byte
// that was read to find out is replayed. Closing it refuses further ones; Close
// closes it too.
func (p *Port) TLS() net.Listener { return p.tls }

// Close stops the port and waits for its goroutines. Pools that are still open
// hear nothing more; connections that were handed out stay with their owners.
func (p *Port) Close() error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil
	}
	p.closed = true
	p.mu.Unlock()
	p.close()
	err := errors.Join(p.packets.Close(), p.listener.Close(), p.tls.Close())
	p.gate.closeAll()
	for _, l := range *p.lanes.Load() {
		l.drain() // a stream may be waiting for its pool
	}
	p.running.Wait()
	return err
}

// attach registers a label.
func (p *Port) attach(label string) (*lane, error) {
	if label == "" || len(label) > MaxLabel {
		return nil, fmt.Errorf("cannot open pool: label of %d bytes, want 1 to %d", len(label), MaxLabel)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, fmt.Errorf("cannot open pool %q: %w", label, net.ErrClosed)
	}
	old := *p.lanes.Load()
	if _, taken := old[label]; taken {
		return nil, fmt.Errorf("cannot open pool: label %q is already open on %s", label, p.addr)
	}
	l := newLane(p, label)
	lanes := maps.Clone(old)
	lanes[label] = l
	p.lanes.Store(&lanes)
	return l, nil
}

// detach takes a label out; packets and streams of it are unknown from now on.
func (p *Port) detach(l *lane) {
	p.mu.Lock()
	defer p.mu.Unlock()
	lanes := maps.Clone(*p.lanes.Load())
	if lanes[l.label] == l {
		delete(lanes, l.label)
		p.lanes.Store(&lanes)
	}
}

func (p *Port) readPackets() {
	buffer := make([]byte, packetBytes)
	for {
		n, from, err := p.packets.ReadFromUDPAddrPort(buffer)
		switch {
		case p.closing.Err() != nil || errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			// An ICMP answer to an earlier packet surfaces here; it says nothing
			// about the next packet.
			p.counts.packetErrors.Add(1)
			if !p.pause(5 * time.Millisecond) {
				return
			}
			continue
		}
		p.counts.packetsIn.Add(1)
		p.counts.bytesIn.Add(uint64(n))
		if n == len(buffer) {
			p.counts.packetsMalformed.Add(1)
			continue
		}
		p.routePacket(buffer[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()))
	}
}

// routePacket hands a copy of the packet to its lane: memberlist keeps what it
// is given, the read buffer is used again.
func (p *Port) routePacket(packet []byte, from netip.AddrPort) {
	label, rest, err := splitHeader(packet)
	if err != nil || len(rest) == 0 {
		p.counts.packetsMalformed.Add(1)
		return
	}
	l, known := (*p.lanes.Load())[string(label)]
	if !known {
		p.counts.packetsUnknown.Add(1)
		return
	}
	if rest[0] == directByte {
		l.receiveDirect(rest, from)
		return
	}
	l.noteSource(rest, from)
	select {
	case l.packets <- &memberlist.Packet{Buf: append([]byte(nil), rest...), From: net.UDPAddrFromAddrPort(from), Timestamp: time.Now()}:
	default:
		p.counts.packetsDropped.Add(1)
	}
}

func (p *Port) send(b []byte, to netip.AddrPort) error {
	n, err := p.packets.WriteToUDPAddrPort(b, to)
	if err != nil {
		return err
	}
	p.counts.packetsOut.Add(1)
	p.counts.bytesOut.Add(uint64(n))
	return nil
}

// pause waits, and reports false when the port is closing.
func (p *Port) pause(wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-p.closing.Done():
		return false
	}
}

func addrPortOf(addr net.Addr) (netip.AddrPort, error) {
	switch a := addr.(type) {
	case *net.TCPAddr:
		return unmapped(a.AddrPort()), nil
	case *net.UDPAddr:
		return unmapped(a.AddrPort()), nil
	}
	parsed, err := netip.ParseAddrPort(addr.String())
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("cannot read address %q: %w", addr, err)
	}
	return unmapped(parsed), nil
}

func unmapped(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

func orDefault[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}
