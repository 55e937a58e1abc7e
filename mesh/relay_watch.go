package mesh

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

const (
	stallFor     = 6 * time.Second // written to, and nothing came back
	stallAtLeast = 3 * time.Second // the owner gave up sooner, but waited for so long
	relayedFor   = 5 * time.Minute // then the direct way gets another chance
	relayedQuiet = 2 * time.Second // a moment at which closing disturbs nobody
)

// watchedConn watches whether anything comes back on a fresh connection. A TCP
// connection alone proves little: a neighbour accepts before it has reached a
// controller, and a path with a broken MTU lets the handshake of TCP through but
// not the one of TLS. The first byte read settles it, once.
//
// A connection through a neighbour also ends by itself, at a quiet moment, after
// relayedFor: report streams live for hours, and would otherwise never return to
// the direct way.
type watchedConn struct {
	net.Conn
	settle func(error) // called once at most; nil means that the way works

	relayed bool

	mu      sync.Mutex // guards what follows
	settled bool
	closed  bool
	wrote   time.Time // first write; zero: none yet
	touched time.Time // last read or write
	stall   *time.Timer
	retire  *time.Timer
}

func watch(conn net.Conn, relayed bool, settle func(error)) *watchedConn {
	w := &watchedConn{Conn: conn, settle: settle, relayed: relayed, touched: time.Now()}
	if relayed {
		w.mu.Lock() // the timer's function reads w.retire
		defer w.mu.Unlock()
		w.retire = time.AfterFunc(relayedFor+rand.N(relayedFor/2), w.retireWhenQuiet)
	}
	return w
}

// Read implements net.Conn.
func (w *watchedConn) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	if n > 0 {
		w.touch()
		w.conclude(nil)
	} else if err != nil {
		w.fail(err)
	}
	return n, err
}

// Write implements net.Conn.
func (w *watchedConn) Write(b []byte) (int, error) {
	w.mu.Lock()
	w.touched = time.Now()
	if w.wrote.IsZero() && !w.settled && !w.closed {
		w.wrote = w.touched
		w.stall = time.AfterFunc(stallFor, w.stalled)
	}
	w.mu.Unlock()
	return w.Conn.Write(b)
}

// Close implements net.Conn.
func (w *watchedConn) Close() error {
	w.mu.Lock()
	w.closed = true
	stopTimer(w.stall)
	stopTimer(w.retire)
	waited := !w.wrote.IsZero() && time.Since(w.wrote) >= stallAtLeast
	w.mu.Unlock()
	if waited {
		w.conclude(w.stallError())
	}
	return w.Conn.Close()
}

func (w *watchedConn) touch() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.touched = time.Now()
}

// fail judges a read that brought nothing. What the owner did itself, by Close or
// by a deadline that passed soon, says nothing about the way. A controller that
// hangs up late heard nothing either: it waits for the first bytes less long than
// stallFor, and a path with a broken MTU swallows ours. A neighbour hangs up late
// when it reaches no controller.
func (w *watchedConn) fail(err error) {
	w.mu.Lock()
	closed := w.closed
	waited := !w.wrote.IsZero() && time.Since(w.wrote) >= stallAtLeast
	w.mu.Unlock()
	var timeout net.Error
	switch {
	case closed:
	case !errors.As(err, &timeout) || !timeout.Timeout():
		if waited && !w.relayed {
			err = w.stallError()
		}
		w.conclude(err)
	case waited:
		w.conclude(w.stallError())
	}
}

func (w *watchedConn) stalled() {
	w.conclude(w.stallError())
	_ = w.Close() // its reader learns of it
}

func (w *watchedConn) stallError() error {
	return fmt.Errorf("%s: %w", w.RemoteAddr(), ErrStalled)
}

func (w *watchedConn) conclude(err error) {
	w.mu.Lock()
	first := !w.settled
	w.settled = true
	stopTimer(w.stall)
	w.mu.Unlock()
	if first {
		w.settle(err)
	}
}

func (w *watchedConn) retireWhenQuiet() {
	w.mu.Lock()
	quiet := time.Since(w.touched) >= relayedQuiet
	if !quiet && !w.closed {
		w.retire.Reset(relayedQuiet)
	}
	w.mu.Unlock()
	if quiet {
		_ = w.Close() // the owner dials again
	}
}

func stopTimer(t *time.Timer) {
	if t != nil {
		t.Stop()
	}
}
