package mesh

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// pipeNet hands out connections over net.Pipe with the addresses a test wants.
type pipeNet struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func newPipeNet() *pipeNet { return &pipeNet{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipeNet) dial(from string) net.Conn {
	near, far := net.Pipe()
	addr := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(from))
	select {
	case p.conns <- addressed{far, addr}:
		return near
	case <-p.done:
		return nil
	}
}

func (p *pipeNet) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipeNet) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipeNet) Addr() net.Addr { return &net.TCPAddr{} }

type addressed struct {
	net.Conn
	remote net.Addr
}

func (a addressed) RemoteAddr() net.Addr { return a.remote }

// echo answers what it is told, at the far end of each dial.
func echo() func(context.Context) (net.Conn, error) {
	return func(context.Context) (net.Conn, error) {
		near, far := net.Pipe()
		go func() {
			_, _ = io.Copy(far, far)
			_ = far.Close()
		}()
		return near, nil
	}
}

func openTestRelay(t *testing.T, o RelayOptions) (*Relay, *pipeNet) {
	t.Helper()
	listener := newPipeNet()
	o.Listener, o.Log = listener, slog.New(slog.DiscardHandler)
	if o.Neighbour == nil {
		o.Neighbour = func(a netip.Addr) bool { return netip.MustParsePrefix("10.1.0.0/24").Contains(a) }
	}
	if o.Dial == nil {
		o.Dial = echo()
	}
	relay, err := NewRelay(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = relay.Close() })
	return relay, listener
}

func say(t *testing.T, c net.Conn, text string) error {
	t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		return err
	}
	got := make([]byte, len(text))
	if _, err := io.ReadFull(c, got); err != nil {
		return err
	}
	if string(got) != text {
		t.Errorf("said %q, heard %q", text, got)
	}
	return nil
}

func TestRelayServesNeighboursAndRefusesStrangers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay, listener := openTestRelay(t, RelayOptions{})
		neighbour := listener.dial("10.1.0.5:40000")
		if err := say(t, neighbour, "report"); err != nil {
			t.Fatal(err)
		}
		stranger := listener.dial("10.2.0.5:40000")
		if err := say(t, stranger, "let me in"); err == nil {
			t.Error("a stranger was served")
		}
		_ = neighbour.Close()
		synctest.Wait()
		if s := relay.Stats(); s.Spliced != 1 || s.Strangers != 1 || s.Active != 0 || s.Bytes != 12 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestRelayIsBoundedPerNeighbourAndInAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay, listener := openTestRelay(t, RelayOptions{MaxSplices: 4})
		open := func(from string) error {
			c := listener.dial(from)
			t.Cleanup(func() { _ = c.Close() })
			return say(t, c, "x")
		}
		for range relayPerNeighbour {
			if err := open("10.1.0.5:1000"); err != nil {
				t.Fatal(err)
			}
		}
		if open("10.1.0.5:1000") == nil {
			t.Error("one neighbour took more than its share")
		}
		if err := open("10.1.0.6:1000"); err != nil {
			t.Errorf("another neighbour was refused: %v", err)
		}
		if open("10.1.0.7:1000") == nil {
			t.Error("more than the limit in all")
		}
		if s := relay.Stats(); s.Active != 4 || s.Busy != 2 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestRelayRefusesAFloodOfConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay, listener := openTestRelay(t, RelayOptions{})
		for range 200 {
			_ = listener.dial("10.1.0.5:1000").Close()
			synctest.Wait()
		}
		if s := relay.Stats(); s.Spliced > relayOpensBurst || s.Spliced+s.Busy+s.Failed != 200 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestRelayHoldsItsRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, listener := openTestRelay(t, RelayOptions{BytesPerSec: 64 << 10})
		c := listener.dial("10.1.0.5:1000")
		defer c.Close()
		const sent = 512 << 10
		start := time.Now()
		go func() { _, _ = c.Write(make([]byte, sent)) }()
		if _, err := io.CopyN(io.Discard, c, sent); err != nil {
			t.Fatal(err)
		}
		took := time.Since(start) // twice over the relay, less one second's burst
		if want := 15 * time.Second; took < want-time.Second || took > want+time.Second {
			t.Errorf("%d bytes there and back took %s, want %s", sent, took, want)
		}
	})
}

func TestRelayKeepsASilentReportStreamButNotADeadOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, listener := openTestRelay(t, RelayOptions{})
		c := listener.dial("10.1.0.5:1000")
		for range 5 {
			time.Sleep(12 * time.Minute)
			if err := say(t, c, "x"); err != nil {
				t.Fatalf("silent for 12 minutes, and then: %v", err)
			}
		}
		time.Sleep(relayIdleFor + time.Second)
		if say(t, c, "x") == nil {
			t.Error("an idle splice lives")
		}
	})
}

func TestOneWayTrafficKeepsASpliceAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got atomic.Int64
		_, listener := openTestRelay(t, RelayOptions{Dial: func(context.Context) (net.Conn, error) {
			near, far := net.Pipe()
			go func() {
				b := make([]byte, 1)
				for {
					if _, err := far.Read(b); err != nil {
						return
					}
					got.Add(1)
				}
			}()
			return near, nil
		}})
		c := listener.dial("10.1.0.5:1000")
		defer c.Close()
		for i := range int64(4) {
			time.Sleep(10 * time.Minute)
			if _, err := c.Write([]byte("x")); err != nil {
				t.Fatalf("byte %d: %v", i, err)
			}
		}
		synctest.Wait()
		if got.Load() != 4 {
			t.Errorf("%d bytes arrived", got.Load())
		}
	})
}

func TestRelayHangsUpWhenNoControllerAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay, listener := openTestRelay(t, RelayOptions{Dial: func(context.Context) (net.Conn, error) { return nil, errors.New("no route") }})
		c := listener.dial("10.1.0.5:1000")
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("read: %v", err)
		}
		synctest.Wait()
		if s := relay.Stats(); s.Failed != 1 || s.Active != 0 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestClosedRelayEndsEverySplice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		relay, listener := openTestRelay(t, RelayOptions{})
		c := listener.dial("10.1.0.5:1000")
		if err := say(t, c, "x"); err != nil {
			t.Fatal(err)
		}
		if err := relay.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Error("the splice lives on")
		}
		if listener.dial("10.1.0.5:1000") != nil {
			t.Error("a closed relay accepts")
		}
	})
}
