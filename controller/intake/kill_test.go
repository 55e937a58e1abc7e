//go:build unix

package intake_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"muster/controller/identity"
	"muster/controller/intake"
	"muster/controller/store"
	"muster/inventory"
	"muster/inventory/wire"
)

var kills = flag.Int("kills", 10, "how often the controller is killed under load")

// The child of the kill test is this same program, told so by the environment.
const childDir = "MUSTER_INTAKE_KILL_DIR"

func TestMain(m *testing.M) {
	flag.Parse()
	if dir := os.Getenv(childDir); dir != "" {
		if err := serveUntilKilled(dir, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// serveUntilKilled is a controller's door over the state in dir, on a listener
// that it inherits. It says when it is ready and ends with its input: an orphan
// does not stay.
func serveUntilKilled(dir string, in io.Reader, out io.Writer) error {
	ctx := context.Background()
	authority, err := identity.Open(identity.Options{Dir: filepath.Join(dir, "ca")})
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, store.Options{URL: "sqlite:" + filepath.Join(dir, "muster.db")})
	if err != nil {
		return err
	}
	i, err := intake.New(intake.Options{
		Authority: authority, Store: s, Registry: prometheus.NewRegistry(), Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
		Settings: func(context.Context, string, string) (wire.Settings, error) { return wire.Settings{Version: "s1"}, nil },
		Limits:   intake.Limits{ReportPerSecond: 1e6, ReportBurst: 1e6},
	})
	if err != nil {
		return err
	}
	l, err := net.FileListener(os.NewFile(3, "listener")) // the parent keeps the port
	if err != nil {
		return err
	}
	srv := &http.Server{
		Handler: i.Handler(), TLSConfig: authority.ServerConfig(nil, nil), ReadHeaderTimeout: time.Minute,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug),
	}
	go func() { _ = srv.ServeTLS(l, "", "") }()
	fmt.Fprintln(out, "ready")
	_, err = io.Copy(io.Discard, in)
	return err
}

// TestKilledControllerLosesNoAcknowledgedReport kills the process that runs
// intake and store with SIGKILL at random moments while reports arrive, starts
// it again, and goes on. In the end every acknowledged report is on disk, once,
// as it was sent; a report that is sent again is known as a repeat.
func TestKilledControllerLosesNoAcknowledgedReport(t *testing.T) {
	c := newCasualty(t)
	ctx, stop := context.WithCancel(t.Context())
	var senders sync.WaitGroup
	for _, s := range c.senders {
		senders.Go(func() { s.run(ctx) })
	}
	for n := range *kills {
		child := c.start()
		if n%5 == 4 { // now and then while it is still starting
			<-time.After(rand.N(100 * time.Millisecond))
		} else {
			c.underLoad(child)
		}
		child.kill()
	}
	last := c.start()
	c.underLoad(last)
	stop()
	senders.Wait()
	last.kill()
	c.check()
}

// casualty is a controller that is killed, and those who report to it.
type casualty struct {
	t        *testing.T
	dir      string
	listener *os.File
	senders  []*insistent
	acks     chan struct{} // one for an acknowledgement, where somebody waits for it
}

func newCasualty(t *testing.T) *casualty {
	c := &casualty{t: t, dir: t.TempDir(), acks: make(chan struct{})}
	authority, err := identity.Open(identity.Options{Dir: filepath.Join(c.dir, "ca")})
	if err != nil {
		t.Fatal(err)
	}
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	addr := l.Addr().String()
	if c.listener, err = l.(*net.TCPListener).File(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.listener.Close() })
	s := c.open()
	token, _, _ := authority.NewToken(inventory.TokenDepot, "", 100, time.Now().Add(time.Hour))
	if err := s.AddToken(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority.CAPEM())
	for range 20 {
		key, id := newKey(t, elliptic.P256()), identity.NewWorkstationID()
		cert, err := authority.Issue(csrOf(t, key), id)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Enrol(t.Context(), inventory.EnrolChange{
			TokenID: token.ID, At: time.Now(), Author: "test", Certificate: cert.Kept(id),
			Workstation: inventory.Workstation{ID: id, Name: id, Kind: inventory.AssetDesktop, EnrolledAt: time.Now()},
		}); err != nil {
			t.Fatal(err)
		}
		tr := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{
			RootCAs: roots, ServerName: identity.ServerName, MinVersion: tls.VersionTLS13,
			Certificates: []tls.Certificate{{Certificate: cert.DER, PrivateKey: key}},
		}}
		t.Cleanup(tr.CloseIdleConnections)
		c.senders = append(c.senders, &insistent{
			t: t, id: id, url: "https://" + addr + wire.ReportPath, client: &http.Client{Transport: tr, Timeout: 5 * time.Second},
			acked: make(map[uint64][32]byte), acks: c.acks,
		})
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *casualty) open() *store.Store {
	s, err := store.Open(context.Background(), store.Options{URL: "sqlite:" + filepath.Join(c.dir, "muster.db")})
	if err != nil {
		c.t.Fatal(err)
	}
	return s
}

// underLoad returns at a random moment while child acknowledges reports.
func (c *casualty) underLoad(child *child) {
	child.waitReady()
	late := time.After(time.Minute)
	for range 20 + rand.N(150) {
		select {
		case <-c.acks:
		case <-late:
			child.kill()
			c.t.Fatalf("the controller acknowledges too little: %s", child.errors.String())
		}
	}
	<-time.After(rand.N(5 * time.Millisecond)) // the next commit is then at any point
}

// child is one life of the controller.
type child struct {
	t      *testing.T
	cmd    *exec.Cmd
	in     io.Closer
	out    *bufio.Reader
	errors bytes.Buffer
}

func (c *casualty) start() *child {
	self, err := os.Executable()
	if err != nil {
		c.t.Fatal(err)
	}
	ch := &child{t: c.t, cmd: exec.CommandContext(context.Background(), self)}
	ch.cmd.Env = append(os.Environ(), childDir+"="+c.dir)
	ch.cmd.Stderr = &ch.errors
	ch.cmd.ExtraFiles = []*os.File{c.listener}
	in, err := ch.cmd.StdinPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	out, err := ch.cmd.StdoutPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	ch.in, ch.out = in, bufio.NewReader(out)
	if err := ch.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	return ch
}

func (ch *child) waitReady() {
	if line, err := ch.out.ReadString('\n'); err != nil || line != "ready\n" {
		ch.kill()
		ch.t.Fatalf("the controller did not start: %q, %v: %s", line, err, ch.errors.String())
	}
}

func (ch *child) kill() {
	_ = ch.cmd.Process.Signal(syscall.SIGKILL)
	_ = ch.cmd.Wait() // says that it was killed
	_ = ch.in.Close()
}

// insistent is an agent that sends each report until it is acknowledged, and now
// and then one that was.
type insistent struct {
	t      *testing.T
	id     string
	url    string
	client *http.Client
	seq    uint64
	acked  map[uint64][32]byte
	acks   chan<- struct{}
}

func (s *insistent) run(ctx context.Context) {
	for ctx.Err() == nil {
		s.seq++
		body, err := json.Marshal(wire.Report{
			Version: wire.Version, Workstation: s.id, Run: "run-" + s.id, Seq: s.seq, Boot: "boot-1",
			BootClock: time.Duration(s.seq) * time.Second, Wall: time.Now().UTC(), Agent: strings.Repeat("x", 200),
		})
		if err != nil {
			s.t.Error(err)
			return
		}
		reply, ok := s.insist(ctx, body)
		if !ok {
			return
		}
		if reply.Seq != s.seq {
			s.t.Errorf("%s: report %d was acknowledged as %d", s.id, s.seq, reply.Seq)
		}
		s.acked[s.seq] = sha256.Sum256(body)
		select {
		case s.acks <- struct{}{}:
		default:
		}
		if s.seq%10 == 0 {
			if again, ok := s.insist(ctx, body); ok && !again.Repeat {
				s.t.Errorf("%s: report %d was acknowledged and is counted again", s.id, s.seq)
			}
		}
	}
}

func (s *insistent) insist(ctx context.Context, body []byte) (wire.Reply, bool) {
	for ctx.Err() == nil {
		if reply, ok := s.post(ctx, body); ok {
			return reply, true
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	return wire.Reply{}, false
}

func (s *insistent) post(ctx context.Context, body []byte) (reply wire.Reply, ok bool) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		s.t.Error(err)
		return reply, false
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return reply, false
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		answer, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != http.StatusServiceUnavailable {
			s.t.Errorf("%s: %d %s", s.id, resp.StatusCode, answer)
		}
		return reply, false
	}
	return reply, json.NewDecoder(resp.Body).Decode(&reply) == nil
}

// check reads what is on disk against what was acknowledged.
func (c *casualty) check() {
	s := c.open()
	defer s.Close()
	type name struct {
		workstation string
		seq         uint64
	}
	stored := make(map[name][32]byte)
	twice, position := 0, int64(0)
	for {
		rows, err := s.ReportsAfter(c.t.Context(), position, 10_000)
		if err != nil {
			c.t.Fatal(err)
		}
		if len(rows) == 0 {
			break
		}
		for _, row := range rows {
			position = row.Position
			n := name{row.Workstation, row.Seq}
			if _, there := stored[n]; there {
				twice++
			}
			stored[n] = row.Hash
			if sha256.Sum256(row.Body) != row.Hash {
				c.t.Errorf("%v: its body is not what its hash says", n)
			}
		}
	}
	acked, lost := 0, 0
	for _, sender := range c.senders {
		for seq, hash := range sender.acked {
			acked++
			if stored[name{sender.id, seq}] != hash {
				lost++
			}
		}
	}
	c.t.Logf("%d kills: %d reports acknowledged, %d stored, %d lost, %d counted twice", *kills, acked, len(stored), lost, twice)
	if lost > 0 || twice > 0 {
		c.t.Errorf("%d acknowledged reports are lost, %d are counted twice", lost, twice)
	}
	if acked < 20*(*kills) {
		c.t.Errorf("only %d reports were acknowledged: the controller was not under load", acked)
	}
}
