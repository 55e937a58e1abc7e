package mesh

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// acceptStreams gives each TCP connection a goroutine of its own for as long as
// it has not said what it is, within the gate's bound.
func (p *Port) acceptStreams() {
	wait := 5 * time.Millisecond
	for {
		conn, err := p.listener.Accept()
		switch {
		case p.closing.Err() != nil || errors.Is(err, net.ErrClosed):
			if conn != nil {
				_ = conn.Close()
			}
			return
		case err != nil:
			// Out of file descriptors, most likely; wait for some to be closed.
			p.log.Warn("cannot accept stream", "error", err)
			if !p.pause(wait) {
				return
			}
			wait = min(2*wait, time.Second)
			continue
		}
		wait = 5 * time.Millisecond
		p.counts.streamsIn.Add(1)
		if !p.gate.enter(conn) {
			p.counts.streamsRefused.Add(1)
			_ = conn.Close()
			continue
		}
		p.running.Go(func() {
			defer p.gate.leave(conn)
			p.routeStream(conn)
		})
	}
}

// routeStream reads exactly the header and hands the connection on, or closes it.
func (p *Port) routeStream(conn net.Conn) {
	deadline := time.Now().Add(p.headerWithin)
	_ = conn.SetReadDeadline(deadline)
	var first [2]byte
	if _, err := io.ReadFull(conn, first[:1]); err != nil {
		p.counts.streamsSlow.Add(1)
		_ = conn.Close()
		return
	}
	switch first[0] {
	case tlsByte:
		p.counts.streamsTLS.Add(1)
		_ = conn.SetReadDeadline(time.Time{})
		p.tls.hand(&replayConn{Conn: conn, first: first[0], held: true}, time.Until(deadline))
	case labelByte:
		l, fault := p.readStreamLabel(conn)
		if l == nil {
			fault()
			_ = conn.Close()
			return
		}
		p.counts.streamsPool.Add(1)
		_ = conn.SetReadDeadline(time.Time{})
		l.hand(conn, time.Until(deadline))
	default:
		p.counts.streamsMalformed.Add(1)
		_ = conn.Close()
	}
}

// readStreamLabel reads a byte of length and the label, not a byte more: the
// header is a write of its own and what follows belongs to the pool.
func (p *Port) readStreamLabel(conn net.Conn) (l *lane, fault func()) {
	var size [1]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return nil, func() { p.counts.streamsSlow.Add(1) }
	}
	if size[0] == 0 || size[0] > MaxLabel {
		return nil, func() { p.counts.streamsMalformed.Add(1) }
	}
	label := make([]byte, size[0])
	if _, err := io.ReadFull(conn, label); err != nil {
		return nil, func() { p.counts.streamsSlow.Add(1) }
	}
	l, known := (*p.lanes.Load())[string(label)]
	if !known {
		return nil, func() { p.counts.streamsUnknown.Add(1) }
	}
	return l, nil
}

// gate bounds the connections that have not said what they are, in all and per
// source, and can close them all.
type gate struct {
	most, mostPerSource int

	// mu guards what follows.
	mu        sync.Mutex
	closed    bool
	waiting   map[net.Conn]netip.Addr
	perSource map[netip.Addr]int
}

func newGate(most int) *gate {
	return &gate{
		most: most, mostPerSource: max(4, most/8),
		waiting: make(map[net.Conn]netip.Addr), perSource: make(map[netip.Addr]int),
	}
}

func (g *gate) enter(conn net.Conn) bool {
	source := netip.Addr{}
	if a, err := addrPortOf(conn.RemoteAddr()); err == nil {
		source = a.Addr()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || len(g.waiting) >= g.most || g.perSource[source] >= g.mostPerSource {
		return false
	}
	g.waiting[conn] = source
	g.perSource[source]++
	return true
}

func (g *gate) leave(conn net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	source, inside := g.waiting[conn]
	if !inside {
		return
	}
	delete(g.waiting, conn)
	if g.perSource[source]--; g.perSource[source] == 0 {
		delete(g.perSource, source)
	}
}

// closeAll closes every waiting connection and lets no other in.
func (g *gate) closeAll() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	for conn := range g.waiting {
		_ = conn.SetReadDeadline(time.Unix(1, 0)) // its goroutine closes it
	}
}

// replayConn gives back the byte that was read to recognise TLS.
type replayConn struct {
	net.Conn
	first byte
	held  bool // read by one reader at a time, as net/http and crypto/tls do
}

// Read implements net.Conn.
func (c *replayConn) Read(b []byte) (int, error) {
	if c.held && len(b) > 0 {
		c.held = false
		b[0] = c.first
		return 1, nil
	}
	return c.Conn.Read(b)
}

// CloseWrite ends what this end sends, where the connection can.
func (c *replayConn) CloseWrite() error {
	if half, can := c.Conn.(interface{ CloseWrite() error }); can {
		return half.CloseWrite()
	}
	return c.Close()
}

// tlsListener hands out connections that the port recognised as TLS.
type tlsListener struct {
	addr  net.Addr
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func newTLSListener(addr net.Addr) *tlsListener {
	return &tlsListener{addr: addr, conns: make(chan net.Conn), done: make(chan struct{})}
}

// hand waits for an Accept; it closes the connection when none comes in time.
func (l *tlsListener) hand(conn net.Conn, within time.Duration) {
	handConn(l.conns, conn, l.done, within)
}

// Accept implements net.Listener.
func (l *tlsListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.done:
		return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: l.addr, Err: net.ErrClosed}
	}
}

// Close implements net.Listener.
func (l *tlsListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

// Addr implements net.Listener.
func (l *tlsListener) Addr() net.Addr { return l.addr }

func handConn(to chan<- net.Conn, conn net.Conn, done <-chan struct{}, within time.Duration) {
	timer := time.NewTimer(max(within, time.Millisecond))
	defer timer.Stop()
	select {
	case to <- conn:
	case <-done:
		_ = conn.Close()
	case <-timer.C:
		_ = conn.Close()
	}
}
