package mesh

import (
	"net"
	"sync"
	"time"
)

// A post and its answer are two writes each, a header and a body. Sent at once
// they are two packets with two acknowledgements, 88 bytes of a site's link more
// than one; held back for a moment they are one.
const (
	gatherFor  = time.Millisecond
	gatherMost = 4 << 10 // bytes, about three packets; more is sent as it comes
	gatherKeep = 1 << 10 // bytes of buffer that an idle connection keeps
)

// GatherMoment returns a connection whose small writes of a moment are sent as
// one. It belongs below TLS.
func GatherMoment(conn net.Conn) net.Conn { return &gathered{Conn: conn} }

// GatherPairs returns a listener whose connections hold one small write back for
// the next, or for a moment where none comes. It belongs below TLS.
func GatherPairs(l net.Listener) net.Listener { return pairing{l} }

type pairing struct{ net.Listener }

// Accept implements net.Listener.
func (p pairing) Accept() (net.Conn, error) {
	conn, err := p.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &gathered{Conn: conn, pairs: true}, nil
}

// gathered is a connection that holds small writes back. An error of a write that
// was held back closes the connection, which its reader hears.
type gathered struct {
	net.Conn

	pairs bool // the second write sends both

	mu    sync.Mutex // guards what follows, and the order of writes
	held  []byte
	timer *time.Timer // nil until the first write; runs while something is held
	err   error
}

// Write implements net.Conn.
func (g *gathered) Write(b []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err != nil {
		return 0, g.err
	}
	first := len(g.held) == 0
	if first && len(b) >= gatherMost {
		n, err := g.Conn.Write(b)
		g.err = err
		return n, err
	}
	g.held = append(g.held, b...)
	switch {
	case first && g.timer == nil:
		g.timer = time.AfterFunc(gatherFor, g.ring)
	case first:
		g.timer.Reset(gatherFor)
	case g.pairs || len(g.held) >= gatherMost:
		g.timer.Stop()
		if err := g.flush(); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

func (g *gathered) ring() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.flush() != nil {
		_ = g.Conn.Close() // the error of the write is what counts
	}
}

// flush writes what is held; the caller holds mu.
func (g *gathered) flush() error {
	if len(g.held) == 0 || g.err != nil {
		return g.err
	}
	_, g.err = g.Conn.Write(g.held)
	if g.held = g.held[:0]; cap(g.held) > gatherKeep {
		g.held = nil
	}
	return g.err
}

// Close implements net.Conn. What is held still goes: it is a goodbye.
func (g *gathered) Close() error {
	if !g.mu.TryLock() { // a write to a dead peer holds it
		_ = g.SetWriteDeadline(time.Unix(1, 0)) // without one the system gives up in time
		g.mu.Lock()
	}
	defer g.mu.Unlock()
	if g.timer != nil {
		g.timer.Stop()
	}
	_ = g.SetWriteDeadline(time.Now().Add(gatherFor)) // never wait for a dead peer
	_ = g.flush()                                     // the other side hears the end in any case
	return g.Conn.Close()
}
