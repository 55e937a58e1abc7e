package mesh_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"muster/mesh"
	"muster/mesh/fabric"
)

// shire is a controller and some sites' workstations on a fabric.
type shire struct {
	t      *testing.T
	f      *fabric.Fabric
	ca     authority
	port   *mesh.Port
	ctl    *mesh.Controller
	desks  []*desk
	served sync.WaitGroup

	mu     sync.Mutex // guards events
	events []mesh.MemberEvent
}

var shireHQ = netip.MustParseAddrPort("10.0.0.1:7946")

// inShire runs a timeline in a bubble and then lets memberlist's last
// goroutines end.
func inShire(t *testing.T, timeline func(t *testing.T, c *shire)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := &shire{t: t, f: fabric.New(7), ca: newAuthority(t)}
		defer func() { // after a failure too: a bubble ends only when all is still
			for _, w := range c.desks {
				w.stop()
			}
			c.stopController()
			c.served.Wait()
			time.Sleep(time.Minute)
		}()
		timeline(t, c)
	})
}

func noLog() *slog.Logger { return slog.New(slog.DiscardHandler) }

func need[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// startController opens the controller with the given sites.
func (c *shire) startController(sites ...string) {
	c.t.Helper()
	network := c.f.Machine(shireHQ.Addr(), "hq")
	c.port = need(mesh.ListenPort(mesh.PortOptions{Network: network, Addr: shireHQ, Log: noLog()}))
	c.ctl = need(mesh.NewController(mesh.ControllerOptions{
		Port: c.port, Name: "controller-1", Advertise: shireHQ, Log: noLog(),
		OnEvent: func(e mesh.MemberEvent) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.events = append(c.events, e)
		},
	}))
	for _, site := range sites {
		m := c.membership(site)
		if err := c.ctl.Open(c.t.Context(), mesh.PoolSpec{Site: site, Label: m.Label, Keys: m.Keys, KeyVersion: 1}); err != nil {
			c.t.Fatal(err)
		}
	}
	c.serveTLS()
}

func (c *shire) serveTLS() {
	tlsListener := tls.NewListener(c.port.TLS(), c.ca.server())
	c.served.Go(func() { c.serve(tlsListener) })
}

// serve answers each line of TLS with the name in the client's certificate.
func (c *shire) serve(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		c.served.Go(func() {
			defer conn.Close()
			secure, _ := conn.(*tls.Conn)
			_ = conn.SetDeadline(time.Now().Add(10 * time.Minute))
			buf := make([]byte, 64)
			for {
				n, err := conn.Read(buf)
				if err != nil {
					return
				}
				name := secure.ConnectionState().PeerCertificates[0].Subject.CommonName
				if _, err := fmt.Fprintf(conn, "%s says %s", name, buf[:n]); err != nil {
					return
				}
			}
		})
	}
}

func (c *shire) stopController() {
	if c.ctl == nil {
		return
	}
	_ = c.ctl.Close()
	_ = c.port.Close()
	c.ctl, c.port = nil, nil
}

// membership is what the controller would send to an agent of the site.
func (c *shire) membership(site string) *mesh.Membership {
	return &mesh.Membership{
		Site: site, Label: site[:3], Keys: [][]byte{bytes.Repeat([]byte(site[:1]), mesh.KeyBytes)}, KeyVersion: 1,
		Controllers: []netip.AddrPort{shireHQ},
	}
}

// desk is one workstation with its agent's side of the mesh.
type desk struct {
	*mesh.Resident
	id   string
	addr netip.AddrPort
	port *mesh.Port
}

// workstation starts number n of a site, in the given group of the fabric.
func (c *shire) workstation(addr, group string, n int, change func(*mesh.ResidentOptions)) *desk {
	c.t.Helper()
	w := &desk{id: fmt.Sprintf("w%08d", n), addr: netip.AddrPortFrom(netip.MustParseAddr(addr), 7946)}
	w.port = c.listen(w.addr, group)
	o := mesh.ResidentOptions{Port: w.port, Workstation: w.id, Version: "1.0.0", Run: "r1", Log: noLog()}
	if change != nil {
		change(&o)
	}
	w.Resident = need(mesh.NewResident(o))
	c.desks = append(c.desks, w)
	return w
}

func (c *shire) listen(addr netip.AddrPort, group string) *mesh.Port {
	return need(mesh.ListenPort(mesh.PortOptions{Network: c.f.Machine(addr.Addr(), group), Addr: addr, Log: noLog()}))
}

// room starts n workstations of a site and puts them into its pool.
func (c *shire) room(site string, subnet, n int) []*desk {
	c.t.Helper()
	var room []*desk
	for i := range n {
		w := c.workstation(fmt.Sprintf("10.%d.0.%d", subnet, i+10), site, subnet*100+i, nil)
		if err := w.Use(c.t.Context(), c.membership(site)); err != nil {
			c.t.Fatal(err)
		}
		room = append(room, w)
	}
	return room
}

func (w *desk) stop() {
	_ = w.Close(context.Background())
	_ = w.port.Close()
}

// inTime waits until ok, in the bubble's time, and returns how long it took.
func inTime(t *testing.T, limit time.Duration, what string, ok func() bool) time.Duration {
	t.Helper()
	start := time.Now()
	for !ok() {
		if time.Since(start) > limit {
			t.Fatalf("not within %s: %s", limit, what)
		}
		time.Sleep(100 * time.Millisecond)
	}
	return time.Since(start)
}

// wholeWithin is the time a pool of n is given until everyone knows everyone. In
// a large one gossip misses a pair now and then, for only one newcomer in three
// makes a full exchange soon: until the one that was passed by has probed the other
// twice, each time within three seconds for each member.
func wholeWithin(n int) time.Duration {
	if n > 8 {
		return 6 * time.Minute
	}
	return 40 * time.Second
}

func whole(n int, room ...*desk) func() bool {
	return func() bool {
		for _, w := range room {
			if s := w.Standing(); s.Neighbours != n-1 || !s.Controller {
				return false
			}
		}
		return true
	}
}

// alive lists the workstations that the controller sees alive in a site's pool.
func (c *shire) alive(site string) []mesh.Member {
	return slices.DeleteFunc(c.ctl.Members(site), func(m mesh.Member) bool {
		return m.State != mesh.StateAlive || m.Controller
	})
}

func (c *shire) heard(match func(mesh.MemberEvent) bool) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, e := range c.events {
		if match(e) {
			n++
		}
	}
	return n
}

// report dials the controller as an agent does, speaks mutual TLS, and returns
// who the controller says it heard.
func (c *shire) report(ctx context.Context, w *desk, text string) (answer, via string, err error) {
	conn, via, err := w.DialController(ctx)
	if err != nil {
		return "", "", err
	}
	defer conn.Close()
	secure := tls.Client(conn, c.ca.client(w.id))
	if err := secure.HandshakeContext(ctx); err != nil {
		return "", via, fmt.Errorf("cannot shake hands: %w", err)
	}
	if _, err := secure.Write([]byte(text)); err != nil {
		return "", via, err
	}
	_ = secure.SetReadDeadline(time.Now().Add(10 * time.Second))
	buf := make([]byte, 128)
	n, err := secure.Read(buf)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", via, err
	}
	return string(buf[:n]), via, nil
}

// authority issues certificates for both ends.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key := need(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	cert := need(x509.ParseCertificate(need(x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key))))
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return authority{cert, key, pool}
}

func (a authority) issue(name string) tls.Certificate {
	key := need(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	der := need(x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func (a authority) server() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{a.issue("controller.muster")},
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: a.pool,
	}
}

func (a authority) client(name string) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{a.issue(name)},
		RootCAs: a.pool, ServerName: "controller.muster",
	}
}
