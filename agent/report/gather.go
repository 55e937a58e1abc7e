package report

import (
	"net"
	"sync"
	"time"
)

// A post is two writes, its header and its body. Sent at once they are two
// packets with two acknowledgements; gathered for a moment they are one.
const (
	gatherFor  = time.Millisecond
	gatherMost = 4 << 10 // bytes, about three packets; more is sent as it comes
)

// gathered is a connection that holds small writes back for a moment. An error
// of a write that was held back closes the connection, which its reader hears.
type gathered struct {
	net.Conn

	mu      sync.Mutex // guards what follows, and the order of writes
	held    []byte
	timer   *time.Timer // nil until the first write
	err     error
	waiting bool // the timer runs
}

// Write implements net.Conn.
func (g *gathered) Write(b []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err != nil {
		return 0, g.err
	}
	g.held = append(g.held, b...)
	switch {
	case len(g.held) >= gatherMost:
		if err := g.flush(); err != nil {
			return 0, err
		}
	case g.waiting:
	case g.timer == nil:
		g.waiting, g.timer = true, time.AfterFunc(gatherFor, g.ring)
	default:
		g.waiting = true
		g.timer.Reset(gatherFor)
	}
	return len(b), nil
}

func (g *gathered) ring() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting = false
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
	g.held = g.held[:0]
	if cap(g.held) > gatherMost {
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
