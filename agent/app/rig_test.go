package app

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net/http"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"muster/agent/seal"
	"muster/inventory"
	"muster/inventory/wire"
	"muster/mesh/fabric"
)

var controllerAddr = netip.MustParseAddrPort("10.0.0.1:7946")

// shire is a county with one controller, which answers as intake would, and as
// many agents as a test starts.
type shire struct {
	t      *testing.T
	fabric *fabric.Fabric
	server *http.Server
	run    sync.WaitGroup

	key  *ecdsa.PrivateKey
	cert *x509.Certificate

	mu       sync.Mutex // guards all below
	life     time.Duration
	settings wire.Settings
	asks     []wire.ProbeSpec // in every reply
	refuse   *wire.Problem
	enrolled []wire.Enrolment
	keys     map[string]string // hash of the public key of each workstation
	renewals int
	reports  []wire.Report
	via      []string
	at       []time.Time
}

func newShire(t *testing.T) *shire {
	s := &shire{t: t, fabric: fabric.New(1), life: 30 * 24 * time.Hour, keys: map[string]string{}}
	s.settings = wire.Settings{Version: "one", Controllers: []string{controllerAddr.String()}, HomeSite: "mill", Site: "mill"}
	var err error
	if s.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(20, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, s.key.Public(), s.key)
	if err != nil {
		t.Fatal(err)
	}
	if s.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leaf := s.sign(own.Public(), seal.ServerName, x509.ExtKeyUsageServerAuth, 20*365*24*time.Hour)
	listener, err := s.fabric.Machine(controllerAddr.Addr(), "centre").Listen(controllerAddr)
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{
		MinVersion: tls.VersionTLS13, NextProtos: []string{"h2"}, ClientAuth: tls.RequestClientCert,
		Certificates: []tls.Certificate{{Certificate: [][]byte{leaf, s.cert.Raw}, PrivateKey: own}},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+wire.EnrolPath, s.enrol)
	mux.HandleFunc("POST "+wire.RenewPath, s.renew)
	mux.HandleFunc("POST "+wire.ReportPath, s.report)
	s.server = &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	s.run.Go(func() { _ = s.server.Serve(tls.NewListener(listener, config)) })
	return s
}

func (s *shire) close() {
	_ = s.server.Close()
	s.run.Wait()
	pass(3 * time.Minute) // what memberlist and the fabric leave behind ends
}

func (s *shire) sign(public any, name string, usage x509.ExtKeyUsage, life time.Duration) []byte {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(life),
		Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, ExtKeyUsage: []x509.ExtKeyUsage{usage},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, s.cert, public, s.key)
	if err != nil {
		s.t.Error(err)
	}
	return der
}

// token is a join token as the operator would hand it out.
func (s *shire) token() string {
	sum := sha256.Sum256(s.cert.Raw)
	return wire.JoinToken{
		ID: "tok1", Secret: "secret", CA: hex.EncodeToString(sum[:]), Controllers: []string{controllerAddr.String()},
	}.String()
}

func (s *shire) set(change func(*shire)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

func problem(w http.ResponseWriter, p wire.Problem) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

// issue signs the key of a CSR for a workstation.
func (s *shire) issue(der []byte, workstation string) ([][]byte, time.Time) {
	csr, err := x509.ParseCertificateRequest(der)
	if err != nil || csr.CheckSignature() != nil {
		s.t.Errorf("signing request: %v", err)
	}
	public, err := x509.MarshalPKIXPublicKey(csr.PublicKey)
	if err != nil {
		s.t.Error(err)
	}
	sum := sha256.Sum256(public)
	name := hex.EncodeToString(sum[:])
	if before := s.keys[workstation]; before != "" && before != name {
		s.t.Errorf("%s renews with another key", workstation)
	}
	s.keys[workstation] = name
	return [][]byte{s.sign(csr.PublicKey, workstation, x509.ExtKeyUsageClientAuth, s.life), s.cert.Raw}, time.Now().Add(s.life)
}

func (s *shire) enrol(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ask wire.Enrolment
	if err := json.NewDecoder(r.Body).Decode(&ask); err != nil {
		s.t.Error(err)
	}
	if ask.TokenSecret != "secret" {
		problem(w, wire.Problem{Type: wire.ProblemToken, Title: "token refused", Status: 403, Detail: "it is not known"})
		return
	}
	s.enrolled = append(s.enrolled, ask)
	workstation := fmt.Sprintf("w%08d", len(s.enrolled))
	certificates, until := s.issue(ask.CSR, workstation)
	_ = json.NewEncoder(w).Encode(wire.Enrolled{
		Wire: wire.Spoken(), Workstation: workstation, Certificates: certificates, NotAfter: until, Settings: s.settings,
	})
}

func (s *shire) renew(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ask wire.Renewal
	if err := json.NewDecoder(r.Body).Decode(&ask); err != nil {
		s.t.Error(err)
	}
	s.renewals++
	certificates, until := s.issue(ask.CSR, r.TLS.PeerCertificates[0].Subject.CommonName)
	_ = json.NewEncoder(w).Encode(wire.Renewed{Certificates: certificates, NotAfter: until})
}

func (s *shire) report(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse != nil {
		problem(w, *s.refuse)
		return
	}
	if len(r.TLS.PeerCertificates) == 0 {
		problem(w, wire.Problem{Type: wire.ProblemCert, Title: "no certificate", Status: 403})
		return
	}
	if peer := r.TLS.PeerCertificates[0]; time.Now().After(peer.NotAfter) {
		problem(w, wire.Problem{Type: wire.ProblemCert, Title: "certificate expired", Status: 403})
		return
	}
	raw, err := wire.Inflate(r.Body, r.Header.Get("Content-Encoding"), wire.MaxReport)
	if err != nil {
		s.t.Error(err)
	}
	report, err := wire.DecodeReport(raw)
	if err != nil {
		s.t.Error(err)
	}
	if report.Workstation != r.TLS.PeerCertificates[0].Subject.CommonName {
		s.t.Errorf("%s reports as %s", r.TLS.PeerCertificates[0].Subject.CommonName, report.Workstation)
	}
	s.reports, s.at, s.via = append(s.reports, report), append(s.at, time.Now()), append(s.via, r.Header.Get(wire.HeaderVia))
	reply := wire.Reply{Wire: wire.Spoken(), Seq: report.Seq, Now: time.Now(), Asks: s.asks}
	if report.SettingsVersion != s.settings.Version {
		settings := s.settings
		reply.Settings = &settings
	}
	_ = json.NewEncoder(w).Encode(reply)
}

func (s *shire) renewed() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.renewals
}

func (s *shire) enrolments() []wire.Enrolment {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]wire.Enrolment(nil), s.enrolled...)
}

// reportsOf are the reports of one workstation so far.
func (s *shire) reportsOf(workstation string) (reports []wire.Report) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.reports {
		if r.Workstation == workstation {
			reports = append(reports, r)
		}
	}
	return reports
}

// pc is a Machine.
type pc struct {
	mu       sync.Mutex // guards all below
	serial   string
	boot     string
	bootedAt time.Time
	gateway  wire.Reachable
	power    wire.PowerSource
	network  inventory.Network
	stops    []inventory.Stop
	looks    time.Duration                              // that a look at the surroundings takes
	answer   func(wire.ProbeSpec) inventory.ProbeResult // nil: all is well
	probed   []wire.ProbeSpec
}

func newPC(serial string) *pc {
	return &pc{serial: serial, boot: "boot-one", bootedAt: time.Now().Add(-time.Hour), gateway: wire.Yes, power: wire.PowerMains}
}

func (p *pc) set(change func(*pc)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p)
}

func (p *pc) Hardware(context.Context) inventory.Hardware {
	p.mu.Lock()
	defer p.mu.Unlock()
	return inventory.Hardware{Serial: inventory.Known(p.serial), Chassis: inventory.Known("Notebook")}
}

func (p *pc) Stops(context.Context) ([]inventory.Stop, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stops == nil {
		return nil, errors.New("the record is empty")
	}
	return p.stops, nil
}

// Probe answers as the test says, and remembers what was asked.
func (p *pc) Probe(_ context.Context, spec wire.ProbeSpec) inventory.ProbeResult {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.probed = append(p.probed, spec)
	r := inventory.ProbeResult{OK: true}
	if p.answer != nil {
		r = p.answer(spec)
	}
	r.Ask, r.Kind, r.Why, r.Service, r.Target = spec.Ask, spec.Kind, spec.Why, spec.Service, spec.Target
	return r
}

func (p *pc) Firmware(context.Context) inventory.Firmware { return inventory.Firmware{} }
func (p *pc) OS(context.Context) inventory.OS             { return inventory.OS{} }
func (p *pc) Software(context.Context) ([]inventory.Program, error) {
	return []inventory.Program{{Name: "Firefox"}}, nil
}

func (p *pc) Identity(context.Context) inventory.Identity {
	p.mu.Lock()
	defer p.mu.Unlock()
	return inventory.Identity{Serial: p.serial}
}
func (p *pc) Name() string { return "PC" }

func (p *pc) Boot() (string, time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.boot, time.Since(p.bootedAt)
}
func (p *pc) Health(context.Context) inventory.Health { return inventory.Health{} }
func (p *pc) Network(context.Context, netip.Addr) inventory.Network {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.network
}

func (p *pc) Surroundings(context.Context) (gateway, carrier wire.Reachable, power wire.PowerSource) {
	p.mu.Lock()
	gateway, power = p.gateway, p.power
	looks := p.looks
	p.mu.Unlock()
	if looks > 0 {
		<-time.After(looks)
	}
	return gateway, wire.Yes, power
}

// options are those of an agent at an address of the mill.
func (s *shire) options(p *pc, dir, addr string) Options {
	at := netip.MustParseAddr(addr)
	return Options{
		StateDir: filepath.Join(dir, "state"), Token: s.token(), Network: s.fabric.Machine(at, "mill-"+addr), Machine: p,
		Addr: netip.AddrPortFrom(at, 7946), Version: "1.0.0", JournalSize: 64 << 10, StatusFile: true,
	}
}

func (s *shire) start(o Options) *App {
	s.t.Helper()
	a, err := New(o)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := a.Start(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	return a
}

func stop(t *testing.T, a *App) {
	t.Helper()
	if err := a.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// bubble runs a test on fake time.
func bubble(t *testing.T, run func(t *testing.T, s *shire)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newShire(t)
		defer s.close()
		run(t, s)
	})
}

func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}
