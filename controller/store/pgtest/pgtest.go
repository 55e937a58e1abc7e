// Package pgtest runs a PostgreSQL server for tests, from the binaries that
// Debian installs, in a temporary folder and on a free loopback port. Tests on
// it never skip: where the binaries are missing, Start says how to get them.
package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// Install is the command that brings the binaries.
const Install = "apt-get install --no-install-recommends postgresql"

// Server is a running PostgreSQL. It is safe for concurrent use.
type Server struct {
	dir    string
	port   int
	server *exec.Cmd
	leash  io.Closer
	output *output
	ended  chan struct{}

	mu    sync.Mutex // guards count
	count int
}

// watched runs the server until its standard input ends: when the tests stop it,
// and also when they are killed, so that neither server nor folder is left.
const watched = `exec 3<&0
"$@" </dev/null 3<&- &
server=$!
{ cat <&3 >/dev/null; kill -INT $server 2>/dev/null; } &
wait $server
ended=$?
kill $! 2>/dev/null
rm -rf -- "$0"
exit $ended`

// Start makes a database cluster and runs it. The caller stops it.
func Start(ctx context.Context) (*Server, error) {
	bin, err := Binaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "muster-pgtest-")
	if err != nil {
		return nil, fmt.Errorf("cannot start PostgreSQL: %w", err)
	}
	s := &Server{dir: dir, output: &output{}, ended: make(chan struct{})}
	if err := s.start(ctx, bin); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot start PostgreSQL: %w", err), os.RemoveAll(dir))
	}
	return s, nil
}

// Binaries is the folder of the newest PostgreSQL server installed.
func Binaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return "", fmt.Errorf("cannot find PostgreSQL's server binaries in /usr/lib/postgresql: install them with %q", Install)
	}
	newest := slices.MaxFunc(found, func(a, b string) int { return major(a) - major(b) })
	return filepath.Dir(newest), nil
}

func major(path string) int {
	n, err := strconv.Atoi(strings.Split(path, "/")[4])
	if err != nil {
		return 0
	}
	return n
}

func (s *Server) start(ctx context.Context, bin string) error {
	prefix, err := s.unprivileged()
	if err != nil {
		return err
	}
	cluster := filepath.Join(s.dir, "cluster")
	initdb := append(slices.Clone(prefix), filepath.Join(bin, "initdb"),
		"-A", "trust", "-U", "muster", "-D", cluster, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	run := exec.CommandContext(ctx, initdb[0], initdb[1:]...)
	run.Dir = s.dir
	if out, err := run.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, bytes.TrimSpace(out))
	}
	if s.port, err = freePort(); err != nil {
		return err
	}
	postgres := append(slices.Clone(prefix), "sh", "-c", watched, s.dir, filepath.Join(bin, "postgres"), "-D", cluster, "-p", strconv.Itoa(s.port),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "max_connections=200")
	s.server = exec.Command(postgres[0], postgres[1:]...)
	s.server.Dir, s.server.Stdout, s.server.Stderr = s.dir, s.output, s.output
	if s.leash, err = s.server.StdinPipe(); err != nil {
		return err
	}
	if err := s.server.Start(); err != nil {
		return err
	}
	go func() {
		defer close(s.ended)
		_ = s.server.Wait() // its log says how it ended
	}()
	if err := s.ready(ctx); err != nil {
		return errors.Join(err, s.Stop())
	}
	return nil
}

// unprivileged is what precedes a command so that it does not run as root,
// which PostgreSQL refuses.
func (s *Server) unprivileged() ([]string, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL refuses to run as root: %w: install it with %q", err, Install)
	}
	uid, err := strconv.Atoi(account.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(account.Gid)
	if err != nil {
		return nil, err
	}
	if err := os.Chown(s.dir, uid, gid); err != nil {
		return nil, err
	}
	return []string{"setpriv", "--reuid", account.Uid, "--regid", account.Gid, "--clear-groups"}, nil
}

// startFor bounds how long the server may take to answer.
const startFor = 30 * time.Second

func (s *Server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startFor)
	defer cancel()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		conn, err := pgx.Connect(ctx, s.url("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-s.ended:
			return fmt.Errorf("the server ended: %s", s.output)
		case <-ctx.Done():
			return fmt.Errorf("the server does not answer: %w: %s", err, s.output)
		case <-again.C:
		}
	}
}

// Database makes an empty database and returns its address.
func (s *Server) Database(ctx context.Context) (string, error) {
	s.mu.Lock()
	s.count++
	name := fmt.Sprintf("muster%d", s.count)
	s.mu.Unlock()
	conn, err := pgx.Connect(ctx, s.url("postgres"))
	if err != nil {
		return "", fmt.Errorf("cannot make a database: %w", err)
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+name)
	if err := errors.Join(err, conn.Close(ctx)); err != nil {
		return "", fmt.Errorf("cannot make a database: %w", err)
	}
	return s.url(name), nil
}

func (s *Server) url(database string) string {
	u := url.URL{
		Scheme: "postgres", User: url.User("muster"), Path: database, RawQuery: "sslmode=disable",
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)),
	}
	return u.String()
}

// Stop ends the server at once and removes its folder.
func (s *Server) Stop() error {
	err := s.leash.Close()
	select {
	case <-s.ended:
	case <-time.After(startFor):
		err = errors.Join(err, s.server.Process.Kill())
		<-s.ended
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return 0, errors.Join(fmt.Errorf("no port in %s", l.Addr()), l.Close())
	}
	return addr.Port, l.Close()
}

// output keeps the end of what the server said.
type output struct {
	mu   sync.Mutex // guards text
	text []byte
}

const maxOutput = 16 << 10

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text = append(o.text, p...)
	if excess := len(o.text) - maxOutput; excess > 0 {
		o.text = slices.Clone(o.text[excess:])
	}
	return len(p), nil
}

// String implements fmt.Stringer.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(bytes.TrimSpace(o.text))
}
