package service

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/godbus/dbus/v5"
)

// busConfig is a bus on which everything is allowed, as for root on the real one.
const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><listen>unix:path=%s</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/></policy></busconfig>
`

// startBus runs a real dbus-daemon of the test's own and returns its address.
func startBus(t *testing.T) (address string, stop func()) {
	t.Helper()
	program, err := exec.LookPath("dbus-daemon")
	if err != nil {
		t.Fatal("dbus-daemon is missing; `make test-deps` installs it")
	}
	dir, err := os.MkdirTemp("", "bus") //nolint:usetesting // a socket's path has 107 bytes at most
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	file := filepath.Join(dir, "bus.conf")
	if err := os.WriteFile(file, fmt.Appendf(nil, busConfig, filepath.Join(dir, "bus")), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "--config-file="+file, "--nofork", "--nopidfile", "--print-address")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = func() { cancel(); _ = cmd.Wait() } // it was killed: that is no news
	t.Cleanup(stop)
	address, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("dbus-daemon did not start: %v", err)
	}
	return strings.TrimSpace(address), stop
}

func connect(t *testing.T, address string) *dbus.Conn {
	t.Helper()
	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// inhibitor is a lock that the stand-in gave out.
type inhibitor struct {
	what, mode string
	end        *os.File // reads the end of file once the lock is released
}

// released waits until the lock is closed on the other side.
func (i inhibitor) released(t *testing.T) {
	t.Helper()
	if n, err := i.end.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("the lock says something: %d bytes, %v", n, err)
	}
	_ = i.end.Close()
}

// login1 stands in for logind where the real one cannot run or cannot say a
// thing: on a real bus, with its name, its signals and its locks.
type login1 struct {
	t         *testing.T
	conn      *dbus.Conn
	locks     chan inhibitor // those given out, once they are on their way
	scheduled string

	mu    sync.Mutex // guards what follows
	made  map[dbus.UnixFD]lock
	going map[uint32]lock // by the serial of the reply that carries it
}

// lock is one that is being given out: our copy of it goes when the bus has its
// own, or its release could not be seen.
type lock struct {
	file *os.File
	inhibitor
}

func standIn(t *testing.T, address string) *login1 {
	t.Helper()
	l := &login1{t: t, locks: make(chan inhibitor, 8), made: make(map[dbus.UnixFD]lock), going: make(map[uint32]lock)}
	var err error
	l.conn, err = dbus.Connect(address, dbus.WithOutgoingInterceptor(l.leaves), dbus.WithSerialGenerator(&serials{l: l}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.conn.Close() })
	if err := l.conn.Export(l, loginPath, loginManager); err != nil {
		t.Fatal(err)
	}
	if err := l.conn.Export(properties{l}, loginPath, "org.freedesktop.DBus.Properties"); err != nil {
		t.Fatal(err)
	}
	if reply, err := l.conn.RequestName(loginName, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatalf("cannot own %s: %v, %v", loginName, reply, err)
	}
	return l
}

// Inhibit gives out a lock: the other end of a pipe, as logind does.
func (l *login1) Inhibit(what, _, _, mode string) (dbus.UnixFD, *dbus.Error) {
	end, file, err := os.Pipe()
	if err != nil {
		return 0, dbus.MakeFailedError(err)
	}
	fd := dbus.UnixFD(file.Fd())
	l.mu.Lock()
	defer l.mu.Unlock()
	l.made[fd] = lock{file, inhibitor{what, mode, end}}
	return fd, nil
}

// leaves sees each message before it is sent.
func (l *login1) leaves(m *dbus.Message) {
	if m.Type != dbus.TypeMethodReply || len(m.Body) != 1 {
		return
	}
	fd, ok := m.Body[0].(dbus.UnixFD)
	l.mu.Lock()
	defer l.mu.Unlock()
	if made, known := l.made[fd]; ok && known {
		delete(l.made, fd)
		l.going[m.Serial()] = made
	}
}

// serials counts messages and hears when a reply was sent.
type serials struct {
	l    *login1
	last atomic.Uint32
}

// GetSerial implements dbus.SerialGenerator.
func (s *serials) GetSerial() uint32 { return s.last.Add(1) }

// RetireSerial implements dbus.SerialGenerator.
func (s *serials) RetireSerial(serial uint32) {
	s.l.mu.Lock()
	sent, ok := s.l.going[serial]
	delete(s.l.going, serial)
	s.l.mu.Unlock()
	if ok {
		_ = sent.file.Close() // the bus has a copy
		s.l.locks <- sent.inhibitor
	}
}

// properties answers for ScheduledShutdown.
type properties struct{ l *login1 }

// Get implements org.freedesktop.DBus.Properties.
func (p properties) Get(_, name string) (dbus.Variant, *dbus.Error) {
	if name != "ScheduledShutdown" {
		return dbus.Variant{}, dbus.MakeFailedError(fmt.Errorf("no property %s", name))
	}
	return dbus.MakeVariant(struct {
		Kind string
		At   uint64
	}{p.l.scheduled, 1}), nil
}

func (l *login1) emit(signal string, values ...any) {
	l.t.Helper()
	if err := l.conn.Emit(loginPath, loginManager+"."+signal, values...); err != nil {
		l.t.Fatal(err)
	}
}
