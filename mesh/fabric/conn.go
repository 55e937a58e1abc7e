package fabric

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"
)

const (
	window    = 64 << 10               // bytes on their way or unread, per direction
	stallTry  = 250 * time.Millisecond // how often a cut path is tried again
	lossAgain = 200 * time.Millisecond // what a lost segment costs beside the path
	// giveUp ends the tries of a connection that was closed into a cut path.
	giveUp = 30 * time.Second
)

// conn is one end of a TCP connection.
type conn struct {
	f             *Fabric
	local, remote netip.AddrPort
	in, out       *stream
	m             *Machine // whose end it is
}

// newConns makes the two ends of a connection.
func newConns(f *Fabric, near, far netip.AddrPort) (a, b *conn) {
	there := newStream(f, near.Addr(), far.Addr())
	back := newStream(f, far.Addr(), near.Addr())
	return &conn{f: f, local: near, remote: far, in: back, out: there},
		&conn{f: f, local: far, remote: near, in: there, out: back}
}

// Read implements net.Conn.
func (c *conn) Read(b []byte) (int, error) { return c.wrap("read")(c.in.read(b)) }

// Write implements net.Conn.
func (c *conn) Write(b []byte) (int, error) { return c.wrap("write")(c.out.write(b)) }

func (c *conn) wrap(op string) func(int, error) (int, error) {
	return func(n int, err error) (int, error) {
		if err == nil || errors.Is(err, io.EOF) {
			return n, err
		}
		return n, &net.OpError{
			Op: op, Net: "tcp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: err,
		}
	}
}

// Close implements net.Conn: what was written still arrives.
func (c *conn) Close() error {
	c.forget()
	c.in.stopReading()
	c.out.finish()
	return nil
}

// forget takes the connection off its machine's list.
func (c *conn) forget() {
	c.f.mu.Lock()
	defer c.f.mu.Unlock()
	if c.m != nil {
		delete(c.m.conns, c)
	}
}

// CloseWrite ends what this end sends, as *net.TCPConn does.
func (c *conn) CloseWrite() error {
	c.out.finish()
	return nil
}

// LocalAddr implements net.Conn.
func (c *conn) LocalAddr() net.Addr { return net.TCPAddrFromAddrPort(c.local) }

// RemoteAddr implements net.Conn.
func (c *conn) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(c.remote) }

// SetDeadline implements net.Conn.
func (c *conn) SetDeadline(t time.Time) error {
	c.in.setReadDeadline(t)
	c.out.setWriteDeadline(t)
	return nil
}

// SetReadDeadline implements net.Conn.
func (c *conn) SetReadDeadline(t time.Time) error { c.in.setReadDeadline(t); return nil }

// SetWriteDeadline implements net.Conn.
func (c *conn) SetWriteDeadline(t time.Time) error { c.out.setWriteDeadline(t); return nil }

// piece is a segment on its way; the last one of a stream has no bytes.
type piece struct {
	bytes []byte
	at    time.Time // when it may arrive
}

// largest is the size of its largest packet.
func (p piece) largest() int { return tcpHeader + min(len(p.bytes), segment) }

// stream is one direction of a connection.
type stream struct {
	f        *Fabric
	from, to netip.Addr

	// mu guards what follows.
	mu            sync.Mutex
	changed       chan struct{} // closed and replaced at each change
	ready         []byte
	flying        []piece
	flyingBytes   int
	moving        bool // a timer for the first piece is set
	ended         bool // the last piece has arrived
	finished      bool // the writer has closed
	finishedAt    time.Time
	unread        bool // the reader has closed
	readDeadline  time.Time
	writeDeadline time.Time
}

func newStream(f *Fabric, from, to netip.Addr) *stream {
	return &stream{f: f, from: from, to: to, changed: make(chan struct{})}
}

// change wakes everyone who waits; the caller holds mu.
func (s *stream) change() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// await lets go of mu until something changes or the deadline comes; it returns
// an error when the deadline has come. The caller holds mu before and after.
func (s *stream) await(deadline time.Time) error {
	if deadline.IsZero() {
		changed := s.changed
		s.mu.Unlock()
		<-changed
		s.mu.Lock()
		return nil
	}
	left := time.Until(deadline)
	if left <= 0 {
		return os.ErrDeadlineExceeded
	}
	changed := s.changed
	s.mu.Unlock()
	timer := time.NewTimer(left)
	select {
	case <-changed:
	case <-timer.C:
	}
	timer.Stop()
	s.mu.Lock()
	return nil
}

func (s *stream) read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.unread:
			return 0, net.ErrClosed
		case !s.readDeadline.IsZero() && !time.Now().Before(s.readDeadline):
			return 0, os.ErrDeadlineExceeded
		case len(s.ready) > 0:
			n := copy(b, s.ready)
			s.ready = s.ready[n:]
			if len(s.ready) == 0 {
				s.ready = nil
			}
			s.change()
			return n, nil
		case s.ended:
			return 0, io.EOF
		case len(b) == 0:
			return 0, nil
		}
		if err := s.await(s.readDeadline); err != nil {
			return 0, err
		}
	}
}

func (s *stream) write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sent := 0
	for sent < len(b) {
		switch {
		case s.finished:
			return sent, net.ErrClosed
		case s.unread && s.pathOpen(0): // across a cut nobody learns that the reader has gone
			return sent, syscall.EPIPE
		case !s.writeDeadline.IsZero() && !time.Now().Before(s.writeDeadline):
			return sent, os.ErrDeadlineExceeded
		}
		if room := window - s.flyingBytes - len(s.ready); room > 0 {
			n := min(len(b)-sent, room, 16*segment)
			s.fly(append([]byte(nil), b[sent:sent+n]...))
			sent += n
			continue
		}
		if err := s.await(s.writeDeadline); err != nil {
			return sent, err
		}
	}
	return sent, nil
}

// fly sends a piece on its way behind those before it; the caller holds mu.
func (s *stream) fly(b []byte) {
	at := time.Now().Add(s.cost(len(b)))
	if n := len(s.flying); n > 0 && at.Before(s.flying[n-1].at) {
		at = s.flying[n-1].at
	}
	s.flying = append(s.flying, piece{bytes: b, at: at})
	s.flyingBytes += len(b)
	s.move()
}

// cost counts the segments of n bytes with their acknowledgements and returns
// how long the last of them takes.
func (s *stream) cost(n int) time.Duration {
	longest := time.Duration(0)
	segments := max(1, (n+segment-1)/segment)
	for range segments {
		d := s.f.judge(s.from, s.to, tcp, tcpHeader+n/segments)
		again := time.Duration(0)
		for tries := 0; d.open && d.lost && tries < 8; tries++ {
			again += lossAgain << tries
			d = s.f.judge(s.from, s.to, tcp, tcpHeader+n/segments)
		}
		longest = max(longest, d.after+again)
	}
	acks := (segments + 1) / 2
	s.f.tally(s.to, s.from, acks, acks*tcpHeader)
	return longest
}

// move sets the timer for the first piece; the caller holds mu.
func (s *stream) move() {
	if s.moving || len(s.flying) == 0 {
		return
	}
	s.moving = true
	time.AfterFunc(max(0, time.Until(s.flying[0].at)), s.arrive)
}

// arrive takes what has arrived, or tries later where the path is cut.
func (s *stream) arrive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moving = false
	now := time.Now()
	next := 0
	if len(s.flying) > 0 {
		next = s.flying[0].largest()
	}
	open := s.pathOpen(next)
	switch {
	case s.unread || !open && s.finished && now.Sub(s.finishedAt) > giveUp:
		s.flying, s.flyingBytes = nil, 0
		s.change()
		return
	case !open:
		s.moving = true
		time.AfterFunc(stallTry, s.arrive)
		return
	}
	for len(s.flying) > 0 && !s.flying[0].at.After(now) {
		p := s.flying[0]
		if p.largest() > next && !s.pathOpen(p.largest()) {
			break // a black hole for large packets
		}
		s.flying = s.flying[1:]
		s.flyingBytes -= len(p.bytes)
		s.ready = append(s.ready, p.bytes...)
		if len(p.bytes) == 0 {
			s.ended = true
		}
	}
	s.change()
	s.move()
}

func (s *stream) pathOpen(bytes int) bool {
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	_, open := s.f.open(s.from, s.to, tcp, bytes)
	return open
}

// finish ends the stream behind what was written.
func (s *stream) finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.finished {
		return
	}
	s.finished, s.finishedAt = true, time.Now()
	s.change()
	if s.unread {
		return
	}
	s.fly(nil)
}

// stopReading drops what comes; the writer learns of it by an error.
func (s *stream) stopReading() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unread, s.ready, s.flying, s.flyingBytes = true, nil, nil, 0
	s.change()
}

func (s *stream) setReadDeadline(t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readDeadline = t
	s.change()
}

func (s *stream) setWriteDeadline(t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writeDeadline = t
	s.change()
}
