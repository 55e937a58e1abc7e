package probe

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"muster/inventory"
	"muster/inventory/wire"
)

// town resolves names of example.org to this machine, and leads their usual ports
// to the servers that a test started.
type town struct {
	mu    sync.Mutex // guards what follows
	ports map[string]string
	down  map[string]bool // names that do not exist
	in    int64
	out   int64
}

func newTown() *town { return &town{ports: map[string]string{}, down: map[string]bool{}} }

// put leads a port to a server.
func (w *town) put(port string, server *httptest.Server) {
	w.ports[port] = strings.TrimPrefix(strings.TrimPrefix(server.URL, "https://"), "http://")
}

func (w *town) prober(roots *x509.CertPool) *Prober {
	return New(Options{
		Roots: roots,
		Lookup: func(_ context.Context, name string) ([]netip.Addr, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.down[name] {
				return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
			}
			return []netip.Addr{netip.MustParseAddr("192.0.2.1")}, nil
		},
		Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			_, port, err := net.SplitHostPort(addr)
			if err != nil {
				return nil, err
			}
			w.mu.Lock()
			if to := w.ports[port]; to != "" {
				addr = to
			}
			w.mu.Unlock()
			conn, err := new(net.Dialer).DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return &counted{Conn: conn, town: w}, nil
		},
	})
}

// counted counts what a probe's connections carry.
type counted struct {
	net.Conn
	town *town
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.town.mu.Lock()
	c.town.in += int64(n)
	c.town.mu.Unlock()
	return n, err
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.town.mu.Lock()
	c.town.out += int64(n)
	c.town.mu.Unlock()
	return n, err
}

func (w *town) carried() (in, out int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.in, w.out
}

// serve answers requests by a function, on loopback.
func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

func serveTLS(t *testing.T, handler http.HandlerFunc) (*httptest.Server, *x509.CertPool) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	t.Cleanup(server.Close)
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	return server, pool
}

// raw serves connections by a function; what is left open ends with the test.
func raw(t *testing.T, serve func(conn net.Conn, ended <-chan struct{})) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer conn.Close()
				serve(conn, ended)
			})
		}
	})
	t.Cleanup(func() { close(ended); _ = listener.Close(); serving.Wait() })
	return listener.Addr().String()
}

func ask(target string) wire.ProbeSpec {
	return wire.ProbeSpec{Kind: inventory.ProbeHTTP, Why: inventory.ProbeRota, Service: "records", Target: target, Timeout: 10}
}

// want holds a result against a class, and against what every result promises.
func want(t *testing.T, r inventory.ProbeResult, class inventory.ProbeError, words ...string) {
	t.Helper()
	if r.Error != class || r.OK != (class == "") {
		t.Errorf("the probe ended as %q (%s), want %q", r.Error, r.Detail, class)
	}
	for _, word := range words {
		if !strings.Contains(r.Detail, word) {
			t.Errorf("the detail %q does not say %q", r.Detail, word)
		}
	}
	report := wire.Report{
		Version: wire.Version, Workstation: "w0000abcd", Run: "run-1", Boot: "boot-1", Seq: 1, Wall: time.Now(),
		Probes: []inventory.ProbeResult{r},
	}
	if err := report.Validate(); err != nil {
		t.Errorf("the result may not travel: %v", err)
	}
}
