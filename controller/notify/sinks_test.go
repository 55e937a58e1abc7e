package notify_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"muster/controller/notify"
	"muster/inventory"
)

func message() inventory.Delivery {
	return inventory.Delivery{
		ID: "i00000001-update-0-abc", Kind: inventory.DeliverUpdate, Incident: "i00000001", Sink: "mail", Address: "net@example.org",
		Title: "UPDATE S003 Mühle: power cut, proven", Body: "Circuit NN-001.\nhttps://muster.example.org/incidents/i00000001",
		Thread: "i00000001-opening-0-abc", CreatedAt: time.Now(),
	}
}

// post is a real mail server that keeps what it gets.
type post struct {
	mu     sync.Mutex
	mails  []string
	signed int
	refuse *smtp.SMTPError
}

type session struct{ post *post }

func (p *post) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{p}, nil }
func (s *session) AuthMechanisms() []string                 { return []string{sasl.Plain} }
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "muster" || password != "s3cret" {
			return smtp.ErrAuthFailed
		}
		s.post.mu.Lock()
		defer s.post.mu.Unlock()
		s.post.signed++
		return nil
	}), nil
}
func (s *session) Mail(string, *smtp.MailOptions) error { return nil }
func (s *session) Rcpt(string, *smtp.RcptOptions) error {
	if s.post.refuse != nil {
		return s.post.refuse
	}
	return nil
}

func (s *session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	s.post.mu.Lock()
	defer s.post.mu.Unlock()
	s.post.mails = append(s.post.mails, string(b))
	return err
}
func (*session) Reset()        {}
func (*session) Logout() error { return nil }

// mailServer starts one on loopback with a certificate of its own.
func mailServer(t *testing.T, p *post) (addr string, trust *tls.Config) {
	t.Helper()
	web := httptest.NewTLSServer(http.NotFoundHandler()) // for its certificate
	t.Cleanup(web.Close)
	s := smtp.NewServer(p)
	s.TLSConfig = &tls.Config{Certificates: web.TLS.Certificates} //nolint:gosec // a test's server
	s.Domain = "example.com"
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(listener) }()
	t.Cleanup(func() { _ = s.Close(); <-served })
	transport, _ := web.Client().Transport.(*http.Transport)
	return listener.Addr().String(), transport.TLSClientConfig
}

func TestMailGoesOverTLSSignedInAndInOneThread(t *testing.T) {
	p := &post{}
	addr, trust := mailServer(t, p)
	s := &notify.SMTP{Server: addr, From: "muster@example.org", User: "muster", Password: func() (string, error) { return "s3cret", nil }, TLS: trust}
	if err := s.Send(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	if len(p.mails) != 1 || p.signed != 1 {
		t.Fatalf("%d mails, %d times signed in", len(p.mails), p.signed)
	}
	for _, want := range []string{
		"Message-ID: <muster.i00000001-update-0-abc@example.org>", "In-Reply-To: <muster.i00000001-opening-0-abc@example.org>",
		"From: <muster@example.org>", "To: <net@example.org>", "Auto-Submitted: auto-generated", "Circuit NN-001.",
	} {
		if !strings.Contains(p.mails[0], want) {
			t.Errorf("the mail lacks %q:\n%s", want, p.mails[0])
		}
	}
}

func TestMailThatIsRefusedForGoodIsNotTriedAgainAndBusyIs(t *testing.T) {
	for code, final := range map[int]bool{550: true, 451: false} {
		p := &post{refuse: &smtp.SMTPError{Code: code, EnhancedCode: smtp.NoEnhancedCode, Message: "no"}}
		addr, trust := mailServer(t, p)
		err := (&notify.SMTP{Server: addr, From: "muster@example.org", TLS: trust}).Send(t.Context(), message())
		if err == nil || errors.Is(err, notify.ErrRefused) != final {
			t.Errorf("%d: %v; final should be %t", code, err, final)
		}
	}
}

func TestAPasswordNeverGoesWithoutTLS(t *testing.T) {
	p := &post{}
	addr, _ := mailServer(t, p)
	s := &notify.SMTP{Server: addr, From: "muster@example.org", User: "muster", Password: func() (string, error) { return "s3cret", nil }}
	if err := s.Send(t.Context(), message()); err == nil {
		t.Error("mail went to a server whose certificate nobody trusts")
	}
	if p.signed != 0 {
		t.Error("the password was sent to a server that nobody trusts")
	}
}

func TestAWebhookIsSignedAndItsAnswersAreJudged(t *testing.T) {
	var mu sync.Mutex
	status := http.StatusOK
	var got *http.Request
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		body, _ = io.ReadAll(r.Body)
		got = r
		w.WriteHeader(status)
	}))
	defer server.Close()
	hook := &notify.Webhook{URL: server.URL, Client: server.Client(), Now: time.Now, Secret: func() (string, error) { return "k", nil }}
	if err := hook.Send(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	stamp, mac, _ := strings.Cut(strings.TrimPrefix(got.Header.Get("Muster-Signature"), "t="), ",v1=")
	h := hmac.New(sha256.New, []byte("k"))
	_, _ = io.WriteString(h, stamp+".")
	_, _ = h.Write(body)
	if hex.EncodeToString(h.Sum(nil)) != mac {
		t.Error("the signature does not verify")
	}
	var said map[string]any
	if err := json.Unmarshal(body, &said); err != nil || said["incident"] != "i00000001" || said["kind"] != "update" {
		t.Errorf("body %s, %v", body, err)
	}
	for code, final := range map[int]bool{400: true, 404: true, 408: false, 429: false, 500: false, 503: false} {
		mu.Lock()
		status = code
		mu.Unlock()
		if err := hook.Send(t.Context(), message()); err == nil || errors.Is(err, notify.ErrRefused) != final {
			t.Errorf("%d: %v; final should be %t", code, err, final)
		}
	}
}

func TestShoutrrrSendsAndItsSecretsStayOutOfErrors(t *testing.T) {
	var mu sync.Mutex
	var body bytes.Buffer
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		_, _ = body.ReadFrom(r.Body)
	}))
	host := strings.TrimPrefix(server.URL, "http://")
	urls := func() ([]string, error) {
		return []string{"generic://" + host + "/hook?disabletls=yes&template=json&@authorization=s3cret"}, nil
	}
	sink := &notify.Shoutrrr{URLs: urls}
	if err := sink.Send(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	if !strings.Contains(body.String(), "Circuit NN-001.") {
		t.Errorf("sent %s", body.String())
	}
	mu.Unlock()
	server.Close()
	err := sink.Send(t.Context(), message())
	if err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("a server that is gone: %v", err)
	}
}

func TestTheDeadMansAddressIsAskedOnlyWhileWorkIsDone(t *testing.T) {
	asked := make(chan struct{}, 10)
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked <- struct{}{} }))
	defer server.Close()
	var mu sync.Mutex
	var ill error
	p := &notify.Pinger{URL: server.URL, Every: time.Millisecond, Client: server.Client(), Now: time.Now, Log: quiet(), Alive: func() error {
		mu.Lock()
		defer mu.Unlock()
		return ill
	}}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); p.Run(ctx) }()
	<-asked
	<-asked
	mu.Lock()
	ill = errors.New("the engine has not stepped for 30 s")
	mu.Unlock()
	for p.Health().Problem == "" {
		select {
		case <-asked:
		case <-t.Context().Done():
			t.Fatal("the illness is not shown")
		default:
		}
	}
	cancel()
	<-done
	if h := p.Health(); !strings.Contains(h.Problem, "not stepped") {
		t.Errorf("health %+v", h)
	}
}

func TestBadConfigurationIsNamedWithItsPlace(t *testing.T) {
	for text, want := range map[string]string{
		"sinks:\n  - {name: a, knd: smtp}\n":                             `n.yaml:2: unknown word "knd"`,
		"sinks: [{name: a, kind: pigeon}]":                               `kind "pigeon" is none of smtp`,
		"sinks: [{name: a, kind: webhook, url: \"https://u:p@x.org/\"}]": "has a password in it",
		"routes: [{name: r, to: [{sink: a}]}]":                           `unknown sink "a"`,
		"sinks: [{name: a, kind: webhook, url: \"https://x.org/\"}]\nroutes: [{to: [{sink: a}], match: {causes: [gremlins]}}]": `n.yaml:2: route 1: unknown cause "gremlins"`,
		"sinks: [{name: a, kind: smtp, server: \"x:25\", from: m@x, tls: none, user: u, password_file: f}]":                    "a password goes over TLS only",
		"zone: Mars/Olympus": "n.yaml:1: zone: \"Mars/Olympus\" is not a time zone",
		"sinks:\n  - {name: a, kind: webhook, url: \"https://x.org/\"}\nroutes:\n  - name: r\n    to: [{sink: a}]\n    match:\n      severity: [terrible]\n": `n.yaml:7: route r: unknown severity "terrible"`,
		"sinks:\n  - {name: a, kind: webhook, url: \"https://x.org/\"}\nroutes:\n  - name: r\n    to:\n    - {sink: b}\n":                                    `n.yaml:6: route r: unknown sink "b"`,
		"deadman: {url: \"https://x.org\", every: 1s}": "too often",
		"routes: [{escalate: [{after: soon}]}]":        "is not a time such as 15m",
		"sinks: [{name: a, kind: alertmanager}]":       "urls is missing",
	} {
		if _, err := notify.ParseConfig("n.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n gave %v, want %s", text, err, want)
		}
	}
}

func TestSecretsComeFromFiles(t *testing.T) {
	dir := t.TempDir()
	urls := filepath.Join(dir, "teams.urls")
	if err := os.WriteFile(urls, []byte("# Teams\nlogger://\n\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := notify.ParseConfig("n.yaml", []byte("sinks: [{name: teams, kind: shoutrrr, url_file: "+urls+"}]\nroutes: [{to: [{sink: teams}]}]"))
	if err != nil {
		t.Fatal(err)
	}
	sinks, _, err := c.Build(notify.Parts{Client: http.DefaultClient, Now: time.Now})
	if err != nil || sinks["teams"] == nil {
		t.Fatalf("built %v, %v", sinks, err)
	}
	if err := os.Remove(urls); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Build(notify.Parts{Client: http.DefaultClient, Now: time.Now}); err == nil {
		t.Error("a sink without its secret is taken")
	}
}

func TestTheExampleInConfigsCanBeUsed(t *testing.T) {
	c, err := notify.ReadConfig("../../configs/notify.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if sinks, managers, err := c.Build(notify.Parts{Client: new(http.Client), Now: time.Now}); err != nil || len(sinks) != 2 || len(managers) != 1 {
		t.Errorf("built %d sinks and %d Alertmanagers, %v", len(sinks), len(managers), err)
	}
}
