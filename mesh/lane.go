package mesh

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/memberlist"
)

// lane is one pool's share of a port: the transport that its memberlist uses.
// The label is stripped on the way in (by the port) and added on the way out (by
// memberlist, which also binds every sealed message to it).
type lane struct {
	port    *Port
	label   string
	packets chan *memberlist.Packet
	streams chan net.Conn
	once    sync.Once
	done    chan struct{}
	closing context.Context // ends with done and with the port; a dial under way ends too
	close   context.CancelFunc

	ring atomic.Pointer[keyRing] // nil until the pool is open
	// These are nil where nobody listens; they are set before ring, so whoever
	// has loaded ring may read them.
	onDirect     func(Direct)
	onController func(from netip.AddrPort)
	onSource     func(from netip.AddrPort)
	onStranger   func(from netip.AddrPort)
	listening    atomic.Bool // whether onSource is to be told
	// strange asks whether onStranger is to be told; nil until the pool is open.
	strange atomic.Pointer[func(from netip.AddrPort) bool]
	// controllers are the addresses whose packets onController hears of.
	controllers atomic.Pointer[[]netip.AddrPort]
}

var _ memberlist.NodeAwareTransport = (*lane)(nil)

func newLane(p *Port, label string) *lane {
	l := &lane{
		port: p, label: label,
		packets: make(chan *memberlist.Packet, 256),
		streams: make(chan net.Conn),
		done:    make(chan struct{}),
	}
	l.closing, l.close = context.WithCancel(p.closing)
	return l
}

// FinalAdvertiseAddr implements memberlist.Transport; a pool always says which
// address it advertises.
func (l *lane) FinalAdvertiseAddr(ip string, port int) (net.IP, int, error) {
	addr, err := netip.ParseAddr(ip)
	if err != nil || port <= 0 {
		return nil, 0, fmt.Errorf("cannot advertise %q port %d", ip, port)
	}
	return net.IP(addr.Unmap().AsSlice()), port, nil
}

// WriteTo implements memberlist.Transport.
func (l *lane) WriteTo(b []byte, addr string) (time.Time, error) {
	to, err := netip.ParseAddrPort(addr)
	if err != nil {
		return time.Time{}, fmt.Errorf("cannot send to %q: %w", addr, err)
	}
	if ring := l.ring.Load(); ring != nil && ring.restore() {
		l.port.counts.keysRestored.Add(1)
		l.port.log.Warn("keys changed by a member were put back", "label", l.label)
	}
	sent := time.Now()
	return sent, l.port.send(b, to)
}

// WriteToAddress implements memberlist.NodeAwareTransport.
func (l *lane) WriteToAddress(b []byte, addr memberlist.Address) (time.Time, error) {
	return l.WriteTo(b, addr.Addr)
}

// PacketCh implements memberlist.Transport.
func (l *lane) PacketCh() <-chan *memberlist.Packet { return l.packets }

// StreamCh implements memberlist.Transport.
func (l *lane) StreamCh() <-chan net.Conn { return l.streams }

// DialTimeout implements memberlist.Transport.
func (l *lane) DialTimeout(addr string, timeout time.Duration) (net.Conn, error) {
	to, err := netip.ParseAddrPort(addr)
	if err != nil {
		return nil, fmt.Errorf("cannot dial %q: %w", addr, err)
	}
	ctx, cancel := context.WithTimeout(l.closing, timeout)
	defer cancel()
	return l.port.dial(ctx, to)
}

// DialAddressTimeout implements memberlist.NodeAwareTransport.
func (l *lane) DialAddressTimeout(addr memberlist.Address, timeout time.Duration) (net.Conn, error) {
	return l.DialTimeout(addr.Addr, timeout)
}

// Shutdown implements memberlist.Transport. It only takes the label out: the
// port belongs to all pools.
func (l *lane) Shutdown() error {
	l.port.detach(l)
	l.drain()
	return nil
}

func (l *lane) drain() {
	l.once.Do(func() {
		close(l.done)
		l.close()
	})
}

func (l *lane) hand(conn net.Conn, within time.Duration) {
	handConn(l.streams, conn, l.done, within)
}

// noteSource tells onController of a packet from a controller's address, and
// onSource of any while it listens, and onStranger of one that the pool does not
// know, once it is known that a key holder sealed it: an address alone can be forged.
func (l *lane) noteSource(sealed []byte, from netip.AddrPort) {
	ring := l.ring.Load()
	if ring == nil {
		return
	}
	all := l.onSource != nil && l.listening.Load()
	known := l.controllers.Load()
	controller := l.onController != nil && known != nil && slices.Contains(*known, from)
	strange := false
	if ask := l.strange.Load(); ask != nil {
		strange = (*ask)(from)
	}
	if !all && !controller && !strange {
		return
	}
	if !ring.opens(sealed, l.label) {
		return
	}
	if controller {
		l.onController(from)
	}
	if all {
		l.onSource(from)
	}
	if strange {
		l.onStranger(from)
	}
}

// dial opens a TCP connection from the port's own address, so that the other
// side sees the machine under the address it knows.
func (p *Port) dial(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	from := p.addr.Addr()
	if from.IsUnspecified() {
		from = netip.Addr{}
	}
	return p.network.Dial(ctx, from, to)
}
