package intake

import (
	"net"
	"sync"
	"time"
)

// An answer is two writes, its header and its body. Sent at once they are two
// packets, 88 bytes of a site's link more than one; so the first is held back for
// the second, or for a moment where none comes.
const (
	gatherFor  = time.Millisecond
	gatherMost = 4 << 10 // bytes, about three packets; more is sent as it comes
	gatherKeep = 1 << 10 // bytes of buffer that an idle connection keeps
)

// Gather returns a listener whose connections send the header and the body of a
// small answer as one packet. It belongs below TLS.
func Gather(l net.Listener) net.Listener { return gathering{l} }

type gathering struct{ net.Listener }

// Accept implements net.Listener.
func (g gathering) Accept() (net.Conn, error) {
	conn, err := g.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &gathered{Conn: conn}, nil
}

// gathered is a connection that holds one small write back for the next. An error
// of a write that was held back closes the connection, which its reader hears.
type gathered struct {
	net.Conn

	mu    sync.Mutex // guards what follows, and the order of writes
	held  []byte
	timer *time.Timer // nil until the first write
	err   error
}

// Write implements net.Conn.
func (g *gathered) Write(b []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err != nil {
		return 0, g.err
	}
	second := len(g.held) > 0
	if !second && len(b) >= gatherMost {
		n, err := g.Conn.Write(b)
		g.err = err
		return n, err
	}
	g.held = append(g.held, b...)
	switch {
	case second || len(g.held) >= gatherMost:
		g.timer.Stop()
		if err := g.flush(); err != nil {
			return 0, err
		}
	case g.timer == nil:
		g.timer = time.AfterFunc(gatherFor, g.ring)
	default:
		g.timer.Reset(gatherFor)
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
