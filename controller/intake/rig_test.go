package intake_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"muster/controller/identity"
	"muster/controller/intake"
	"muster/controller/store"
	"muster/inventory"
	"muster/inventory/wire"
	"muster/mesh"
)

// rig is a controller's door with a real store on SQLite behind it and a real
// TLS listener before it.
type rig struct {
	tb        testing.TB
	authority *identity.Authority
	store     *store.Store
	intake    *intake.Intake
	registry  *prometheus.Registry
	addr      string
	writes    atomic.Int64 // packets sent, as far as that can be told here
	skew      atomic.Int64 // nanoseconds that the controller's clock is ahead of the machine's
	settings  wire.Settings
	opts      intake.Options
	accepted  chan intake.Accepted
}

func (g *rig) now() time.Time { return time.Now().Add(time.Duration(g.skew.Load())) }

// ahead moves the controller's clock.
func (g *rig) ahead(d time.Duration) { g.skew.Add(int64(d)) }

type rigOption func(*rig, *intake.Options)

func withLimits(l intake.Limits) rigOption {
	return func(_ *rig, o *intake.Options) { o.Limits = l }
}

func withStore(wrap func(intake.Store) intake.Store) rigOption {
	return func(_ *rig, o *intake.Options) { o.Store = wrap(o.Store) }
}

func newRig(tb testing.TB, opts ...rigOption) *rig {
	tb.Helper()
	g := &rig{
		tb: tb, registry: prometheus.NewRegistry(), accepted: make(chan intake.Accepted, 10_000),
		settings: wire.Settings{Version: "s1", HomeSite: "MILL", Site: "MILL"},
	}
	dir := tb.TempDir()
	var err error
	if g.authority, err = identity.Open(identity.Options{Dir: filepath.Join(dir, "ca"), Now: g.now}); err != nil {
		tb.Fatal(err)
	}
	if g.store, err = store.Open(tb.Context(), store.Options{URL: "sqlite:" + filepath.Join(dir, "muster.db"), Now: g.now}); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = g.store.Close() })
	o := intake.Options{
		Authority: g.authority, Store: g.store, Log: slog.New(slog.DiscardHandler), Now: g.now, Registry: g.registry,
		Settings: func(context.Context, string, string) (wire.Settings, error) { return g.settings, nil },
		OnReport: func(a intake.Accepted) {
			select {
			case g.accepted <- a:
			default:
			}
		},
	}
	for _, opt := range opts {
		opt(g, &o)
	}
	g.opts = o
	g.open()
	if _, err := g.store.Site(tb.Context(), "MILL"); err != nil {
		g.declare(inventory.NounSite, "MILL", inventory.Site{Code: "MILL", Name: "Mill Lane Library"})
	}
	return g
}

// open makes the intake and its listener.
func (g *rig) open() {
	g.tb.Helper()
	var err error
	if g.intake, err = intake.New(g.opts); err != nil {
		g.tb.Fatal(err)
	}
	made := g.intake
	g.tb.Cleanup(func() {
		if err := made.Close(context.WithoutCancel(g.tb.Context())); err != nil {
			g.tb.Error(err)
		}
	})
	g.listen()
}

// restart puts another intake in the place of the one before, on the same store.
func (g *rig) restart() {
	g.tb.Helper()
	if err := g.intake.Close(g.tb.Context()); err != nil {
		g.tb.Fatal(err)
	}
	g.registry = prometheus.NewRegistry()
	g.opts.Registry = g.registry
	g.open()
}

func (g *rig) listen() {
	l, err := new(net.ListenConfig).Listen(g.tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		g.tb.Fatal(err)
	}
	g.addr = l.Addr().String()
	srv := &http.Server{
		Handler: g.intake.Handler(), TLSConfig: g.authority.ServerConfig([]string{"127.0.0.1"}, nil),
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug), ReadHeaderTimeout: time.Minute,
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.ServeTLS(mesh.GatherPairs(counted{l, &g.writes}), "", "") }()
	g.tb.Cleanup(func() { _ = srv.Close(); <-done })
}

// declare puts one noun into the register.
func (g *rig) declare(noun inventory.Noun, key string, v any) {
	g.tb.Helper()
	after, err := json.Marshal(v)
	if err != nil {
		g.tb.Fatal(err)
	}
	if _, err := g.store.Apply(g.tb.Context(), inventory.Batch{
		Source: "test", Author: "test",
		Changes: []inventory.Change{{Noun: noun, Key: key, After: after}},
	}); err != nil {
		g.tb.Fatal(err)
	}
}

func (g *rig) token(kind inventory.TokenKind, site string, uses int, expiresAt time.Time) wire.JoinToken {
	g.tb.Helper()
	t, _, join := g.authority.NewToken(kind, site, uses, expiresAt)
	t.CreatedBy = "test"
	if err := t.Validate(); err != nil {
		g.tb.Fatal(err)
	}
	if err := g.store.AddToken(g.tb.Context(), t); err != nil {
		g.tb.Fatal(err)
	}
	join.Controllers = []string{g.addr}
	return join
}

func (g *rig) siteToken() wire.JoinToken {
	return g.token(inventory.TokenSite, "MILL", 100, g.now().Add(time.Hour))
}

// machine is an agent as far as the door can see.
type machine struct {
	rig    *rig
	key    *ecdsa.PrivateKey
	id     string
	cert   *tls.Certificate
	client *http.Client
	run    string
	boot   string
	// process names the agent's process; empty: an older agent.
	process string
	clock   time.Duration
	seq     uint64
}

func newKey(tb testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	tb.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

func csrOf(tb testing.TB, key any) []byte {
	tb.Helper()
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		tb.Fatal(err)
	}
	return csr
}

func (g *rig) machine() *machine {
	m := &machine{rig: g, key: newKey(g.tb, elliptic.P256()), run: "run-1", boot: "boot-1", clock: time.Hour}
	m.dial()
	return m
}

// dial gives the machine a fresh client with its present certificate.
func (m *machine) dial() {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(m.rig.authority.CAPEM())
	config := &tls.Config{RootCAs: pool, ServerName: identity.ServerName, MinVersion: tls.VersionTLS13, Time: m.rig.now}
	if m.cert != nil {
		config.Certificates = []tls.Certificate{*m.cert}
	}
	tr := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true, DisableCompression: true}
	m.client = &http.Client{Transport: tr}
	m.rig.tb.Cleanup(tr.CloseIdleConnections)
}

// answer is what came back from a call.
type answer struct {
	status  int
	header  http.Header
	body    []byte
	problem wire.Problem
}

func (m *machine) send(req *http.Request) answer {
	m.rig.tb.Helper()
	resp, err := m.client.Do(req)
	if err != nil {
		m.rig.tb.Fatal(err)
	}
	defer resp.Body.Close()
	a := answer{status: resp.StatusCode, header: resp.Header}
	if a.body, err = io.ReadAll(resp.Body); err != nil {
		m.rig.tb.Fatal(err)
	}
	if a.status != http.StatusOK {
		if got := resp.Header.Get("Content-Type"); got != "application/problem+json" {
			m.rig.tb.Fatalf("status %d has content type %q", a.status, got)
		}
		if err := json.Unmarshal(a.body, &a.problem); err != nil {
			m.rig.tb.Fatalf("status %d: %v: %s", a.status, err, a.body)
		}
	}
	return a
}

func (m *machine) request(path string, body []byte, header map[string]string) *http.Request {
	req, err := http.NewRequestWithContext(m.rig.tb.Context(), http.MethodPost, "https://"+m.rig.addr+path, bytes.NewReader(body))
	if err != nil {
		m.rig.tb.Fatal(err)
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	return req
}

func (m *machine) post(path string, v any) answer {
	m.rig.tb.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		m.rig.tb.Fatal(err)
	}
	return m.send(m.request(path, body, nil))
}

func (m *machine) enrolment(t wire.JoinToken, id inventory.Identity) wire.Enrolment {
	return wire.Enrolment{
		Wire: wire.Spoken(), TokenID: t.ID, TokenSecret: t.Secret, CSR: csrOf(m.rig.tb, m.key), Name: "PC-7",
		Kind: inventory.AssetDesktop, Identity: id, AgentVersion: "1.0.0",
	}
}

// enrol enrols and takes the certificate.
func (m *machine) enrol(t wire.JoinToken, id inventory.Identity) wire.Enrolled {
	m.rig.tb.Helper()
	a := m.post(wire.EnrolPath, m.enrolment(t, id))
	if a.status != http.StatusOK {
		m.rig.tb.Fatalf("enrolment: %d %s", a.status, a.body)
	}
	var e wire.Enrolled
	if err := json.Unmarshal(a.body, &e); err != nil {
		m.rig.tb.Fatal(err)
	}
	m.id = e.Workstation
	m.take(e.Certificates)
	return e
}

func (m *machine) take(der [][]byte) {
	m.cert = &tls.Certificate{Certificate: der, PrivateKey: m.key}
	m.dial()
}

// enrolled is a machine of its own with a certificate.
func (g *rig) enrolled(serial string) *machine {
	g.tb.Helper()
	m := g.machine()
	m.enrol(g.siteToken(), inventory.Identity{Serial: serial})
	return m
}

// report is the machine's next report, without lists.
func (m *machine) report() wire.Report {
	m.seq++
	m.clock += time.Minute
	return wire.Report{
		Version: wire.Version, Workstation: m.id, Run: m.run, Seq: m.seq, Boot: m.boot, BootClock: m.clock,
		Wall: m.rig.now().UTC(), Agent: "1.0.0", SettingsVersion: m.rig.settings.Version,
	}
}

func (m *machine) headers() map[string]string {
	h := map[string]string{
		wire.HeaderBoot: m.boot, wire.HeaderBootClock: strconv.FormatInt(int64(m.clock), 10), "Content-Type": "application/json",
	}
	if m.process != "" {
		h[wire.HeaderProcess] = m.process
	}
	return h
}

func (m *machine) postReport(r wire.Report) answer {
	m.rig.tb.Helper()
	body, err := json.Marshal(r)
	if err != nil {
		m.rig.tb.Fatal(err)
	}
	return m.send(m.request(wire.ReportPath, body, m.headers()))
}

// accept posts a report and wants it acknowledged.
func (m *machine) accept(r wire.Report) wire.Reply {
	m.rig.tb.Helper()
	a := m.postReport(r)
	if a.status != http.StatusOK {
		m.rig.tb.Fatalf("report: %d %s", a.status, a.body)
	}
	var reply wire.Reply
	if err := json.Unmarshal(a.body, &reply); err != nil {
		m.rig.tb.Fatal(err)
	}
	return reply
}

// refused wants a problem of this kind whose detail holds each word.
func (a answer) refused(tb testing.TB, status int, kind string, words ...string) {
	tb.Helper()
	if a.status != status || a.problem.Type != kind || a.problem.Status != status || a.problem.Title == "" {
		tb.Fatalf("got %d %+v (%s), want %d %s", a.status, a.problem, a.body, status, kind)
	}
	for _, word := range words {
		if !bytes.Contains([]byte(a.problem.Detail), []byte(word)) {
			tb.Errorf("detail %q does not say %q", a.problem.Detail, word)
		}
	}
}

// stored is how many reports of all workstations are on disk.
func (g *rig) stored() int {
	g.tb.Helper()
	reports, err := g.store.ReportsAfter(g.tb.Context(), 0, 10_000)
	if err != nil {
		g.tb.Fatal(err)
	}
	return len(reports)
}

// events is the bodies of all events of a kind.
func (g *rig) events(kind string) []string {
	g.tb.Helper()
	events, _, err := g.store.Events(g.tb.Context(), inventory.EventFilter{Kind: kind, Page: inventory.Page{Limit: 100}})
	if err != nil {
		g.tb.Fatal(err)
	}
	var bodies []string
	for _, e := range events {
		bodies = append(bodies, fmt.Sprintf("%s %s", e.Subject.Key, e.Body))
	}
	return bodies
}
