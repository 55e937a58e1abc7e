package report

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"muster/inventory/wire"
	"muster/mesh"
)

// server is a real HTTP/2 server over TLS on connections in memory.
type server struct {
	t       *testing.T
	conns   chan net.Conn
	config  *tls.Config
	http    *http.Server
	running sync.WaitGroup

	mu      sync.Mutex // guards all below
	handle  http.HandlerFunc
	dials   int
	resumed int
	stall   bool // take connections and answer nothing
	via     string
	last    net.Conn
	stalled []net.Conn
	peers   []string // names in the certificates shown
}

func certificate(t *testing.T, name string) *tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func newServer(t *testing.T) *server {
	s := &server{t: t, conns: make(chan net.Conn), via: mesh.ViaDirect}
	s.config = &tls.Config{
		MinVersion: tls.VersionTLS13, NextProtos: []string{"h2"}, ClientAuth: tls.RequestClientCert,
		Certificates: []tls.Certificate{*certificate(t, "controller.muster")},
	}
	s.handle = func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, "%d %s", len(body), r.Proto)
	}
	s.http = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		handle := s.handle
		if r.TLS.DidResume {
			s.resumed++
		}
		name := ""
		if len(r.TLS.PeerCertificates) > 0 {
			name = r.TLS.PeerCertificates[0].DNSNames[0]
		}
		s.peers = append(s.peers, name)
		s.mu.Unlock()
		handle(w, r)
	}), ErrorLog: nil, ReadHeaderTimeout: time.Minute}
	s.running.Go(func() { _ = s.http.Serve(tls.NewListener(listener{s}, s.config)) })
	return s
}

type listener struct{ s *server }

func (l listener) Accept() (net.Conn, error) {
	conn, ok := <-l.s.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return conn, nil
}
func (l listener) Close() error   { return nil }
func (l listener) Addr() net.Addr { return &net.TCPAddr{} }

func (s *server) dial(context.Context) (net.Conn, string, error) {
	near, far := pipe()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dials++
	s.last = far
	if !s.stall {
		s.conns <- far
	} else {
		s.stalled = append(s.stalled, far)
	}
	return near, s.via, nil
}

func (s *server) close() {
	close(s.conns)
	for _, conn := range s.stalled {
		_ = conn.Close()
	}
	_ = s.http.Close()
	s.running.Wait()
}

// pipe is net.Pipe with room for what the other side has not yet read: TLS and
// HTTP/2 write from both ends at once.
func pipe() (net.Conn, net.Conn) {
	a, b := net.Pipe()
	return roomy(a), roomy(b)
}

type roomyConn struct {
	net.Conn
	out    chan []byte
	closed chan struct{}
	once   sync.Once
}

func roomy(conn net.Conn) *roomyConn {
	c := &roomyConn{Conn: conn, out: make(chan []byte, 256), closed: make(chan struct{})}
	go func() { // ends with the connection
		for {
			select {
			case b := <-c.out:
				if _, err := conn.Write(b); err != nil {
					return
				}
			case <-c.closed:
				return
			}
		}
	}()
	return c
}

func (c *roomyConn) Write(b []byte) (int, error) {
	select {
	case c.out <- append([]byte(nil), b...):
		return len(b), nil
	case <-c.closed:
		return 0, net.ErrClosed
	}
}

func (c *roomyConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

func (c *roomyConn) SetWriteDeadline(time.Time) error { return nil }
func (c *roomyConn) SetDeadline(t time.Time) error    { return c.SetReadDeadline(t) }

// done closes both ends and lets what stands behind them end.
func done(c *Client, s *server) {
	c.Close()
	s.close()
	pass(5 * time.Minute)
}

func (s *server) client(t *testing.T, certificate func() *tls.Certificate, blame func(string, error)) *Client {
	t.Helper()
	c, err := NewClient(ClientOptions{
		Dial: s.dial, Blame: blame, ServerName: "controller.muster", Certificate: certificate,
		Verify: func(tls.ConnectionState) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestPostsShareOneConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client(t, nil, nil)
		for range 5 {
			answer, err := c.Post(t.Context(), wire.ReportPath, Body{Bytes: []byte("{}")}, nil)
			if err != nil || string(answer.Body) != "2 HTTP/2.0" || answer.Via != mesh.ViaDirect {
				t.Fatalf("%q via %q, %v", answer.Body, answer.Via, err)
			}
			pass(20 * time.Minute) // a quiet agent keeps its connection
		}
		if s.dials != 1 {
			t.Errorf("%d connections", s.dials)
		}
		done(c, s)
	})
}

func TestABrokenConnectionIsReplacedAndTheSessionResumed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		var own *tls.Certificate
		c := s.client(t, func() *tls.Certificate { return own }, nil)
		own = certificate(t, "old")
		for i := range 3 {
			if _, err := c.Post(t.Context(), wire.ReportPath, Body{}, nil); err != nil {
				t.Fatal(i, err)
			}
			synctest.Wait() // let the ticket arrive
			_ = s.last.Close()
			synctest.Wait()
		}
		if s.dials != 3 || s.resumed != 2 {
			t.Errorf("%d connections, %d resumed", s.dials, s.resumed)
		}
		own = certificate(t, "new")
		c.Forget()
		if _, err := c.Post(t.Context(), wire.ReportPath, Body{}, nil); err != nil {
			t.Fatal(err)
		}
		if s.resumed != 2 || s.peers[3] != "new" || s.peers[2] != "old" {
			t.Errorf("after renewal %d are resumed, shown were %v", s.resumed, s.peers)
		}
		done(c, s)
	})
}

func TestASilentConnectionIsGivenUpWithinTwentySecondsAndBlamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		var blamed []string
		c := s.client(t, nil, func(via string, _ error) { blamed = append(blamed, via) })
		if _, err := c.Post(t.Context(), wire.ReportPath, Body{}, nil); err != nil {
			t.Fatal(err)
		}
		release := make(chan struct{})
		usual := s.handle
		s.mu.Lock()
		s.via = "w0000wxyz"
		s.handle = func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get(wire.HeaderVia) == "" {
				<-release // the direct way went silent
			}
			usual(w, r)
		}
		s.mu.Unlock()
		began := time.Now()
		answer, err := c.Post(t.Context(), wire.ReportPath, Body{}, nil)
		if err != nil || answer.Via != "w0000wxyz" || time.Since(began) > 20*time.Second {
			t.Errorf("via %q after %s, %v", answer.Via, time.Since(began), err)
		}
		if len(blamed) != 1 || blamed[0] != mesh.ViaDirect {
			t.Errorf("blamed are %v", blamed)
		}
		close(release)
		done(c, s)
	})
}

func TestAStalledHandshakeHasItsClass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		s.stall = true
		c := s.client(t, nil, nil)
		_, err := c.Post(t.Context(), wire.ReportPath, Body{}, nil)
		if mesh.ClassifyUplink(err) != mesh.UplinkStall {
			t.Errorf("%s: %v", mesh.ClassifyUplink(err), err)
		}
		done(c, s)
	})
}

func TestAProblemIsUnderstood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client(t, nil, nil)
		s.handle = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.Header().Set("Retry-After", "30")
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = io.WriteString(w, `{"type":"urn:muster:busy","title":"cannot store now","detail":"the disk is full"}`)
		}
		_, err := c.Post(t.Context(), wire.ReportPath, Body{}, nil)
		var later *RetryLater
		if !errors.As(err, &later) || later.After != 30*time.Second || later.Problem.Type != wire.ProblemBusy ||
			err.Error() != "cannot store now: the disk is full" {
			t.Errorf("error is %v", err)
		}
		s.handle = func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "what?", http.StatusNotFound) }
		_, err = c.Post(t.Context(), wire.ReportPath, Body{}, nil)
		var problem *wire.Problem
		if !errors.As(err, &problem) || problem.Status != http.StatusNotFound || s.dials != 1 {
			t.Errorf("error is %v after %d connections", err, s.dials)
		}
		s.handle = func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, wire.MaxReply+1)) }
		if _, err = c.Post(t.Context(), wire.ReportPath, Body{}, nil); err == nil {
			t.Error("an endless answer was taken")
		}
		done(c, s)
	})
}

func TestAnUnverifiedControllerGetsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		foreign := errors.New("foreign")
		c, err := NewClient(ClientOptions{
			Dial: s.dial, ServerName: "controller.muster",
			Verify: func(tls.ConnectionState) error { return foreign },
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Post(t.Context(), wire.ReportPath, Body{}, nil); !errors.Is(err, foreign) {
			t.Errorf("error is %v", err)
		}
		if len(s.peers) != 0 {
			t.Error("a request got through")
		}
		done(c, s)
	})
}

// TestAnAbandonedConnectionIsLeftAtOnce abandons the direct way while a post waits
// on it, and while none does.
func TestAnAbandonedConnectionIsLeftAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		c := s.client(t, nil, func(via string, err error) { t.Errorf("%s is blamed again: %v", via, err) })
		if c.Abandon() {
			t.Error("there is nothing to abandon yet")
		}
		if _, err := c.Post(t.Context(), wire.ReportPath, Body{}, nil); err != nil {
			t.Fatal(err)
		}
		release := make(chan struct{})
		usual := s.handle
		s.mu.Lock()
		s.via = "w0000wxyz"
		s.handle = func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get(wire.HeaderVia) == "" {
				<-release
			}
			usual(w, r)
		}
		s.mu.Unlock()
		began := time.Now()
		timer := time.AfterFunc(2*time.Second, func() {
			if !c.Abandon() {
				t.Error("the direct connection is not found")
			}
		})
		defer timer.Stop()
		answer, err := c.Post(t.Context(), wire.ReportPath, Body{}, nil)
		if err != nil || answer.Via != "w0000wxyz" || time.Since(began) > 3*time.Second {
			t.Errorf("via %q after %s, %v", answer.Via, time.Since(began), err)
		}
		if c.Abandon() {
			t.Error("a relayed connection is abandoned")
		}
		close(release)
		done(c, s)
	})
}
