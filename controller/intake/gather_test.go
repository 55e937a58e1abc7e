package intake_test

import (
	"bytes"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"muster/mesh"
)

// counted counts writes on the connections of a listener: each is a packet.
type counted struct {
	net.Listener

	writes *atomic.Int64
}

func (c counted) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	return countedConn{conn, c.writes}, err
}

type countedConn struct {
	net.Conn

	writes *atomic.Int64
}

func (c countedConn) Write(b []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(b)
}

func TestAnswersTakeFewerPacketsThanWrites(t *testing.T) {
	g := newRig(t)
	m := g.enrolled("PF3X9Q2L")
	m.accept(m.report()) // the connection is set up
	before := g.writes.Load()
	const posts = 20
	for range posts {
		m.accept(m.report())
	}
	n := g.writes.Load() - before
	t.Logf("%d posts were answered by %d packets", posts, n)
	if n >= 2*posts { // on a machine that is very busy, a body may be late for its header
		t.Errorf("%d posts were answered by %d packets", posts, n)
	}
}

// oneConn is a listener of one connection.
type oneConn chan net.Conn

func (o oneConn) Accept() (net.Conn, error) {
	conn, ok := <-o
	if !ok {
		return nil, net.ErrClosed
	}
	return conn, nil
}
func (oneConn) Close() error   { return nil }
func (oneConn) Addr() net.Addr { return nil }

// pair is a gathering connection and what its other side has read, write by write.
func pair(t *testing.T) (conn net.Conn, read func() []string, wait func()) {
	t.Helper()
	own, other := net.Pipe()
	listener := make(oneConn, 1)
	listener <- own
	conn, err := mesh.GatherPairs(listener).Accept()
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var pieces []string
	var reading sync.WaitGroup
	reading.Go(func() {
		b := make([]byte, 64<<10)
		for {
			n, err := other.Read(b)
			if err != nil {
				return
			}
			mu.Lock()
			pieces = append(pieces, string(b[:n]))
			mu.Unlock()
		}
	})
	return conn, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return append([]string(nil), pieces...)
	}, reading.Wait
}

func TestHeaderAndBodyTravelTogetherAndALoneWriteSoonAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, read, wait := pair(t)
		for _, piece := range []string{"header ", "body", "ping"} {
			if _, err := io.WriteString(conn, piece); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if got := read(); len(got) != 1 || got[0] != "header body" {
			t.Errorf("at once came %q", got)
		}
		<-time.After(time.Millisecond)
		synctest.Wait()
		if got := read(); len(got) != 2 || got[1] != "ping" {
			t.Errorf("after a moment came %q", got)
		}
		large := bytes.Repeat([]byte("x"), 10_000)
		if _, err := conn.Write(large); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := read(); len(got) != 3 || len(got[2]) != len(large) {
			t.Errorf("a large write came in %d pieces", len(got)-2)
		}
		if _, err := io.WriteString(conn, "goodbye"); err != nil {
			t.Fatal(err)
		}
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
		wait()
		if got := read(); got[len(got)-1] != "goodbye" {
			t.Errorf("the last that came is %q", got[len(got)-1])
		}
		if _, err := io.WriteString(conn, "late"); err == nil {
			if _, err = io.WriteString(conn, "later"); err == nil {
				t.Error("a closed connection takes what it cannot send")
			}
		}
	})
}

func TestAHeldWriteThatFailsClosesTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		own, other := net.Pipe()
		listener := make(oneConn, 1)
		listener <- own
		conn, err := mesh.GatherPairs(listener).Accept()
		if err != nil {
			t.Fatal(err)
		}
		_ = other.Close()
		if _, err := io.WriteString(conn, "header"); err != nil {
			t.Errorf("what is held cannot have failed yet: %v", err)
		}
		if _, err := conn.Read(make([]byte, 1)); err == nil {
			t.Error("the reader does not hear of it")
		}
		<-time.After(time.Second)
		if _, err := io.WriteString(conn, "body"); err == nil {
			t.Error("the next write succeeds")
		}
		_ = conn.Close()
	})
}
