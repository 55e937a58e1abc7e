//go:build linux

package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"muster/inventory"
)

// Binaries are the two programs as they ship.
type Binaries struct{ Muster, Agent string }

// Programs names the variable with the folder of programs that are built already.
const Programs = "MUSTER_LAB_PROGRAMS"

// Build builds both programs, once for all tests of the process; Clean removes
// them. Where Programs is set, they are taken from there.
func Build(tb testing.TB) Binaries {
	tb.Helper()
	b, err := build()
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// built is where Build puts the programs of this process.
func built() string { return filepath.Join(os.TempDir(), "muster-lab-"+strconv.Itoa(os.Getpid())) }

var build = sync.OnceValues(func() (Binaries, error) {
	if dir := os.Getenv(Programs); dir != "" {
		b := Binaries{Muster: filepath.Join(dir, "muster"), Agent: filepath.Join(dir, "muster-agent")}
		for _, program := range []string{b.Muster, b.Agent} {
			if _, err := os.Stat(program); err != nil {
				return b, fmt.Errorf("%s says where the programs are: %w", Programs, err)
			}
		}
		return b, nil
	}
	dir := built()
	b := Binaries{Muster: filepath.Join(dir, "muster"), Agent: filepath.Join(dir, "muster-agent")}
	for out, pkg := range map[string]string{b.Muster: "muster/controller", b.Agent: "muster/agent"} {
		cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w -X main.version=lab", "-o", out, pkg)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if text, err := cmd.CombinedOutput(); err != nil {
			return b, fmt.Errorf("cannot build %s: %w\n%s", pkg, err, text)
		}
	}
	return b, nil
})

// Clean removes what Build made; TestMain calls it.
func Clean() error { return os.RemoveAll(built()) }

// Scene is a lab with the real programs running in it.
type Scene struct {
	*Lab
	Binaries

	tb     testing.TB
	dir    string
	web    string
	config string // of the controller; empty: none

	mu      sync.Mutex      // guards what follows
	logs    map[string]*log // by namespace
	running map[string]*exec.Cmd
}

// log keeps what a program said, for the day the test fails.
type log struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

// Write implements io.Writer.
func (l *log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *log) tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(l.buf.String()), "\n")
	return strings.Join(lines[max(0, len(lines)-12):], "\n")
}

// NewScene starts a controller in a new lab.
func NewScene(tb testing.TB, b Binaries) *Scene {
	tb.Helper()
	s := Set(tb, b)
	s.StartController()
	return s
}

// Set is a new lab without a controller: Configure, then StartController.
func Set(tb testing.TB, b Binaries) *Scene {
	tb.Helper()
	s := &Scene{
		Lab: New(tb), Binaries: b, tb: tb, dir: tb.TempDir(), web: "127.0.0.1:8420",
		logs: map[string]*log{}, running: map[string]*exec.Cmd{},
	}
	tb.Cleanup(s.stop)
	return s
}

// Configure writes files that lie beside each other; the one named muster.yaml is
// the controller's configuration.
func (s *Scene) Configure(files map[string]string) {
	s.tb.Helper()
	for name, content := range files {
		if err := os.WriteFile(s.Path(name), []byte(content), 0o600); err != nil {
			s.tb.Fatal(err)
		}
		if name == "muster.yaml" {
			s.config = s.Path(name)
		}
	}
}

// Path of a file of the scene.
func (s *Scene) Path(name string) string { return filepath.Join(s.dir, name) }

// StartController starts the controller, again after a Kill.
func (s *Scene) StartController() {
	s.tb.Helper()
	args := []string{"serve", "--data", s.Data(), "--listen", s.web, "--mesh-listen", netip.AddrPortFrom(ControllerAddr(), 7946).String()}
	if s.config != "" {
		args = append(args, "--config", s.config)
	}
	s.start(s.Controller(), s.Muster, args...)
	s.Within(10*time.Second, "the controller is ready", func() bool {
		return s.Command(context.Background(), s.Controller(), "curl", "-sf", "-m", "2", "http://"+s.web+"/readyz").Run() == nil
	})
}

// Data is the controller's folder.
func (s *Scene) Data() string { return filepath.Join(s.dir, "controller") }

// Operate runs an operator's command beside the controller and returns what it printed.
func (s *Scene) Operate(args ...string) string {
	s.tb.Helper()
	out, err := s.Ask(context.Background(), args...)
	if err != nil {
		s.tb.Fatal(err)
	}
	return string(out)
}

// Ask is Operate for goroutines beside the test's own, which may not end it.
func (s *Scene) Ask(ctx context.Context, args ...string) ([]byte, error) {
	var stderr bytes.Buffer
	cmd := s.Command(ctx, s.Controller(), s.Muster, append(args, "--data", s.Data())...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("cannot run muster %s: %w\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return out, nil
}

// Import imports a file of the given noun.
func (s *Scene) Import(noun, content string) {
	s.tb.Helper()
	file := filepath.Join(s.dir, noun+".csv")
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		s.tb.Fatal(err)
	}
	s.Operate(noun, "import", file)
}

// Token makes a join token for a site.
func (s *Scene) Token(site string, uses int) string {
	s.tb.Helper()
	var made struct {
		Token string `json:"token"`
	}
	out := s.Operate("token", "create", "--site", site, "--uses", fmt.Sprint(uses), "--json")
	if err := json.Unmarshal([]byte(out), &made); err != nil || made.Token == "" {
		s.tb.Fatalf("cannot read the token in %q: %v", out, err)
	}
	return made.Token
}

// StartAgent starts the real agent on a workstation. What the machine under the
// lab says of its own serial number is hidden: all would be one machine.
func (s *Scene) StartAgent(w Workstation, token string) {
	s.tb.Helper()
	const hide = `for d in /sys/class/dmi/id /sys/firmware/dmi; do [ ! -d $d ] || mount -t tmpfs none $d; done; exec "$@"`
	s.start(w.Namespace, "env", append(s.agentEnv(w), "MUSTER_JOIN_TOKEN="+token, "MUSTER_JOIN_SPREAD=2s",
		"sh", "-c", hide, "sh", s.Agent, "run")...)
}

// agentEnv sets an agent's configuration, as MUSTER_ variables.
func (s *Scene) agentEnv(w Workstation) []string {
	return []string{
		"MUSTER_STATE_DIR=" + filepath.Join(s.dir, w.Namespace),
		"MUSTER_LISTEN=" + netip.AddrPortFrom(w.Addr, 7946).String(),
	}
}

func (s *Scene) start(namespace, program string, args ...string) {
	s.tb.Helper()
	s.mu.Lock()
	l := s.logs[namespace]
	if l == nil {
		l = &log{}
		s.logs[namespace] = l
	}
	s.mu.Unlock()
	cmd := s.Command(context.Background(), namespace, program, args...)
	cmd.Stdout, cmd.Stderr = l, l
	if err := cmd.Start(); err != nil {
		s.tb.Fatalf("cannot start %s in %s: %v", program, namespace, err)
	}
	s.mu.Lock()
	s.running[namespace] = cmd
	s.mu.Unlock()
}

// PID of the program in a namespace: ip netns exec becomes it.
func (s *Scene) PID(namespace string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running[namespace].Process.Pid
}

// Kill kills the program in a namespace with SIGKILL.
func (s *Scene) Kill(namespace string) { s.end(namespace, syscall.SIGKILL) }

// Terminate asks it to end, and waits.
func (s *Scene) Terminate(namespace string) { s.end(namespace, syscall.SIGTERM) }

func (s *Scene) end(namespace string, signal syscall.Signal) {
	s.mu.Lock()
	cmd := s.running[namespace]
	delete(s.running, namespace)
	s.mu.Unlock()
	if cmd == nil {
		return
	}
	_ = cmd.Process.Signal(signal) // gone already: Wait says how
	_ = cmd.Wait()                 // its exit code is the test's own doing
}

func (s *Scene) stop() {
	for namespace := range s.logs {
		s.Kill(namespace)
		if s.tb.Failed() {
			s.tb.Logf("%s said last:\n%s", namespace, s.logs[namespace].tail())
		}
	}
}

// SiteView is a site as the API shows it.
type SiteView struct {
	Code         string               `json:"code"`
	Workstations inventory.SiteCounts `json:"workstations"`
	Link         struct {
		State inventory.ReachState `json:"state"`
	} `json:"link"`
}

// Site reads a site through the operator's command.
func (s *Scene) Site(code string) SiteView {
	s.tb.Helper()
	var v SiteView
	if err := json.Unmarshal([]byte(s.Operate("site", "show", code, "--json")), &v); err != nil {
		s.tb.Fatalf("cannot read site %s: %v", code, err)
	}
	return v
}

// AgentStatus is part of what `muster-agent status --json` prints.
type AgentStatus struct {
	Workstation string    `json:"workstation"`
	Uplink      string    `json:"uplink"`
	Via         string    `json:"via"`
	LastAckAt   time.Time `json:"last_acknowledged_at"`
}

// Status asks a workstation's agent how it stands.
func (s *Scene) Status(w Workstation) AgentStatus {
	s.tb.Helper()
	out, err := s.Command(context.Background(), w.Namespace, "env", append(s.agentEnv(w), s.Agent, "status", "--json")...).CombinedOutput()
	var v AgentStatus
	if err == nil {
		err = json.Unmarshal(out, &v)
	}
	if err != nil {
		s.tb.Fatalf("cannot read the status of %s: %v: %s", w.Namespace, err, out)
	}
	return v
}

// Within waits until is, on the wall clock: the lab's programs are processes.
func (s *Scene) Within(limit time.Duration, what string, is func() bool) time.Duration {
	s.tb.Helper()
	begun := time.Now()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		if time.Since(begun) > limit {
			s.tb.Fatalf("after %s it is still not so: %s", limit, what)
		}
		<-tick.C
	}
	return time.Since(begun)
}

// exporterAddr is where the node exporter listens inside its namespace.
const exporterAddr = "127.0.0.1:9100"

// StartExporter runs Prometheus' node exporter beside a workstation's agent, for
// comparison, and returns its process.
func (s *Scene) StartExporter(w Workstation) int {
	s.tb.Helper()
	path, err := exec.LookPath("prometheus-node-exporter")
	if err != nil {
		s.tb.Fatalf("cannot compare with the node exporter: %v; install it with: apt-get install prometheus-node-exporter", err)
	}
	cmd := s.Command(context.Background(), w.Namespace, path, "--web.listen-address="+exporterAddr)
	if err := cmd.Start(); err != nil {
		s.tb.Fatalf("cannot start the node exporter: %v", err)
	}
	s.tb.Cleanup(func() {
		_ = cmd.Process.Kill() // gone already: Wait says so
		_ = cmd.Wait()
	})
	s.Within(10*time.Second, "the node exporter answers", func() bool { return s.scrape(w) == nil })
	return cmd.Process.Pid
}

// Scrape reads the exporter once, as a Prometheus would.
func (s *Scene) Scrape(w Workstation) {
	s.tb.Helper()
	if err := s.scrape(w); err != nil {
		s.tb.Fatalf("cannot scrape the node exporter: %v", err)
	}
}

func (s *Scene) scrape(w Workstation) error {
	return s.Command(context.Background(), w.Namespace, "curl", "-sf", "-m", "5", "-o", "/dev/null", "http://"+exporterAddr+"/metrics").Run()
}

// Pass lets time pass on the wall clock.
func (s *Scene) Pass(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	<-timer.C
}
