//go:build linux

package fleettest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"muster/controller/fleettest/lab"
	"muster/inventory"
	"muster/inventory/wire"
)

// street is the shipped programs on one machine: a controller and real agents,
// each with a loopback address of its own. It needs no routers, and the test's
// own client reaches everyone.
type street struct {
	lab.Binaries

	t      *testing.T
	dir    string
	folder string  // of the controller
	block  [3]byte // the street's /24
	env    []string
	serve  *program // nil while the controller is down
}

// program is one running process.
type program struct {
	cmd   *exec.Cmd
	said  *said
	ended chan struct{}
}

// said keeps what a program writes.
type said struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

// Write implements io.Writer.
func (s *said) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(b)
}

// String implements fmt.Stringer.
func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

// streets counts those that this process has built.
var streets atomic.Int32

// newStreet starts a controller with one site, S001. Extra variables go into the
// controller's environment and its operator's.
func newStreet(t *testing.T, env ...string) *street {
	t.Helper()
	return newStreetIn(t, filepath.Join(t.TempDir(), "controller"), env...)
}

// newStreetIn is a street whose controller keeps its things in data.
func newStreetIn(t *testing.T, data string, env ...string) *street {
	t.Helper()
	s := &street{Binaries: lab.Build(t), t: t, dir: t.TempDir(), folder: data, env: env}
	// Streets of one process lie side by side, and apart from those of another's.
	s.block = [3]byte{127, byte(64 + os.Getpid()%180), byte(streets.Add(1))}
	s.open()
	s.write("sites.csv", "code,name\nS001,Horsham Library\n")
	s.write("subnets.csv", fmt.Sprintf("prefix,site\n%s/24,S001\n", s.addr(0)))
	s.operate("site", "import", s.path("sites.csv"))
	s.operate("subnet", "import", s.path("subnets.csv"))
	return s
}

func (s *street) addr(last byte) netip.Addr {
	return netip.AddrFrom4([4]byte{s.block[0], s.block[1], s.block[2], last})
}

func (s *street) mesh() string               { return netip.AddrPortFrom(s.addr(2), 7946).String() }
func (s *street) web() string                { return netip.AddrPortFrom(s.addr(2), 8420).String() }
func (s *street) data() string               { return s.folder }
func (s *street) path(name string) string    { return filepath.Join(s.dir, name) }
func (s *street) write(name, content string) { writeFile(s.t, s.path(name), content) }

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// launch starts a program and sees to its end.
func (s *street) launch(env []string, name string, args ...string) *program {
	s.t.Helper()
	p := &program{cmd: exec.Command(name, args...), said: &said{}, ended: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = p.said, p.said
	if err := p.cmd.Start(); err != nil {
		s.t.Fatalf("cannot start %s: %v", name, err)
	}
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait() // its exit code is the test's own doing
	}()
	s.t.Cleanup(func() {
		p.kill()
		if s.t.Failed() {
			s.t.Logf("%s said last:\n%s", filepath.Base(name), tail(p.said.String(), 15))
		}
	})
	return p
}

func tail(text string, lines int) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// kill ends the program as a power cut does.
func (p *program) kill() {
	_ = p.cmd.Process.Kill() // gone already: ended says so
	<-p.ended
}

// terminate asks the program to end, and waits.
func (p *program) terminate() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	<-p.ended
}

// open starts the controller, again after an end, and waits until it is ready.
func (s *street) open() {
	s.t.Helper()
	s.serve = s.launch(s.env, s.Muster, "serve", "--data", s.data(), "--listen", s.web(), "--mesh-listen", s.mesh())
	s.within(20*time.Second, "the controller is ready", func() bool {
		select {
		case <-s.serve.ended:
			s.t.Fatalf("the controller ended: %s", s.serve.said)
		default:
		}
		code, _ := s.get("/readyz")
		return code == http.StatusOK
	})
}

// get asks the web side, without signing in.
func (s *street) get(path string) (int, string) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.web()+path, http.NoBody)
	if err != nil {
		s.t.Fatal(err)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer answer.Body.Close()
	var body bytes.Buffer
	_, _ = body.ReadFrom(answer.Body) // what came is what counts
	return answer.StatusCode, body.String()
}

// run runs a program to its end and returns its exit code and all that it said.
func (s *street) run(env []string, name string, args ...string) (int, string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		s.t.Fatalf("cannot run %s: %v", name, err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// try runs an operator's command.
func (s *street) try(args ...string) (int, string) {
	s.t.Helper()
	return s.run(s.env, s.Muster, append(args, "--data", s.data())...)
}

// operate runs an operator's command that must go well.
func (s *street) operate(args ...string) string {
	s.t.Helper()
	code, out := s.try(args...)
	if code != 0 {
		s.t.Fatalf("muster %s: exit %d: %s", strings.Join(args, " "), code, out)
	}
	return out
}

// read runs an operator's command with --json and decodes what it printed.
func (s *street) read(into any, args ...string) {
	s.t.Helper()
	out := s.operate(append(args, "--json")...)
	if err := json.Unmarshal([]byte(out), into); err != nil {
		s.t.Fatalf("cannot read what muster %s printed: %v: %s", strings.Join(args, " "), err, out)
	}
}

// workstations is everyone who is enrolled.
func (s *street) workstations() []inventory.WorkstationStanding {
	s.t.Helper()
	var page struct {
		Items []inventory.WorkstationStanding `json:"items"`
	}
	s.read(&page, "workstation", "list")
	return page.Items
}

// token makes a join token of S001.
func (s *street) token(uses int, more ...string) string {
	s.t.Helper()
	var made struct {
		Token string `json:"token"`
	}
	s.read(&made, append([]string{"token", "create", "--site", "S001", "--uses", fmt.Sprint(uses)}, more...)...)
	return made.Token
}

// changed is a token with something else in it.
func changed(t *testing.T, token string, change func(*wire.JoinToken)) string {
	t.Helper()
	parsed, err := wire.ParseJoinToken(token)
	if err != nil {
		t.Fatal(err)
	}
	change(&parsed)
	return parsed.String()
}

// within waits until is, on the wall clock: these are processes.
func (s *street) within(limit time.Duration, what string, is func() bool) time.Duration {
	s.t.Helper()
	begun := time.Now()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		if time.Since(begun) > limit {
			s.t.Fatalf("after %s it is still not so: %s", limit, what)
		}
		<-tick.C
	}
	return time.Since(begun)
}

// says fails the test where text lacks one of the words.
func says(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("want %q in what was said, got:\n%s", w, text)
		}
	}
}
