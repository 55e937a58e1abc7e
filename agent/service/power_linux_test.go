package service

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"

	"muster/inventory"
)

// told is a notice that the agent is being told; it answers when it has done.
type told struct {
	Notice
	done chan<- struct{}
}

// watch listens to a bus until the test is over.
func watch(t *testing.T, address string) <-chan told {
	t.Helper()
	heard := make(chan told)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		WatchPower(ctx, PowerOptions{Bus: address, Hear: func(_ context.Context, n Notice) {
			done := make(chan struct{})
			select {
			case heard <- told{n, done}:
				<-done
			case <-ctx.Done():
			}
		}})
	}()
	t.Cleanup(func() { cancel(); <-ended })
	return heard
}

func want(t *testing.T, heard <-chan told, turn Turn, reason inventory.LeaveReason) told {
	t.Helper()
	n := <-heard
	if n.Turn != turn || n.Reason != reason {
		t.Errorf("heard %s %q, want %s %q", n.Turn, n.Reason, turn, reason)
	}
	return n
}

func TestSleepWaitsForTheGoodbyeAndTheLockIsTakenAnew(t *testing.T) {
	address, _ := startBus(t)
	l := standIn(t, address)
	heard := watch(t, address)
	for range 3 {
		lock := <-l.locks
		if lock.what != "shutdown:sleep" || lock.mode != "delay" {
			t.Errorf("the lock is on %s, mode %s", lock.what, lock.mode)
		}
		l.emit("PrepareForSleep", true)
		close(want(t, heard, Sleeping, inventory.LeaveSleep).done)
		lock.released(t)
		l.emit("PrepareForSleep", false)
		close(want(t, heard, Woke, "").done)
	}
}

func TestAShutdownIsToldOnceAndByItsKind(t *testing.T) {
	for name, test := range map[string]struct {
		metadata  string
		scheduled string
		want      inventory.LeaveReason
	}{
		"restart":                     {metadata: "reboot", want: inventory.LeaveRestart},
		"shutdown":                    {metadata: "power-off", want: inventory.LeaveShutdown},
		"another kernel":              {metadata: "kexec", want: inventory.LeaveRestart},
		"old logind, diary":           {scheduled: "reboot", want: inventory.LeaveRestart},
		"old logind, nothing is said": {want: inventory.LeaveShutdown},
	} {
		t.Run(name, func(t *testing.T) {
			address, _ := startBus(t)
			l := standIn(t, address)
			l.scheduled = test.scheduled
			heard := watch(t, address)
			lock := <-l.locks
			if test.metadata != "" {
				l.emit("PrepareForShutdownWithMetadata", true, map[string]dbus.Variant{"type": dbus.MakeVariant(test.metadata)})
			}
			l.emit("PrepareForShutdown", true)
			close(want(t, heard, Stopping, test.want).done)
			lock.released(t)
			l.emit("PrepareForShutdown", false)
			close(want(t, heard, Staying, "").done)
			<-l.locks
		})
	}
}

func TestOnlyLogindIsBelieved(t *testing.T) {
	address, _ := startBus(t)
	l := standIn(t, address)
	heard := watch(t, address)
	<-l.locks
	other := connect(t, address)
	var names []string
	if err := other.BusObject().Call(busName+".ListNames", 0).Store(&names); err != nil {
		t.Fatal(err)
	}
	for _, name := range names { // broadcast, and straight to everybody
		forge(t, other, name, loginManager+".PrepareForSleep", true)
		forge(t, other, name, busName+".NameOwnerChanged", loginName, "", other.Names()[0])
	}
	forge(t, other, "", loginManager+".PrepareForShutdown", true)
	l.emit("PrepareForSleep", "no truth value")
	l.emit("PrepareForSleep")
	l.emit("PrepareForShutdownWithMetadata", false, "no dictionary")
	l.emit("PrepareForShutdown", false)
	if err := other.BusObject().Call(busName+".GetId", 0).Err; err != nil { // all of it has been passed on
		t.Fatal(err)
	}
	l.emit("PrepareForSleep", true)
	close(want(t, heard, Sleeping, inventory.LeaveSleep).done)
}

// forge sends a signal as anybody on the bus can.
func forge(t *testing.T, conn *dbus.Conn, to, signal string, values ...any) {
	t.Helper()
	i := strings.LastIndex(signal, ".")
	m := &dbus.Message{Type: dbus.TypeSignal, Headers: map[dbus.HeaderField]dbus.Variant{
		dbus.FieldPath: dbus.MakeVariant(dbus.ObjectPath(loginPath)), dbus.FieldInterface: dbus.MakeVariant(signal[:i]),
		dbus.FieldMember: dbus.MakeVariant(signal[i+1:]), dbus.FieldSignature: dbus.MakeVariant(dbus.SignatureOf(values...)),
	}, Body: values}
	if to != "" {
		m.Headers[dbus.FieldDestination] = dbus.MakeVariant(to)
	}
	if err := conn.Send(m, nil).Err; err != nil {
		t.Fatal(err)
	}
}

func TestTheLockIsTakenAnewWhenLogindIsRestarted(t *testing.T) {
	address, _ := startBus(t)
	first := standIn(t, address)
	heard := watch(t, address)
	lock := <-first.locks
	if err := first.conn.Close(); err != nil {
		t.Fatal(err)
	}
	lock.released(t)
	second := standIn(t, address)
	lock = <-second.locks
	second.emit("PrepareForSleep", true)
	close(want(t, heard, Sleeping, inventory.LeaveSleep).done)
	lock.released(t)
}

func TestLogindThatStartsAfterTheAgentIsHeard(t *testing.T) {
	address, _ := startBus(t)
	heard := watch(t, address)
	l := standIn(t, address)
	<-l.locks
	l.emit("PrepareForSleep", true)
	close(want(t, heard, Sleeping, inventory.LeaveSleep).done)
}

func TestTheEndReleasesTheLockAndLeavesNothingRunning(t *testing.T) {
	address, _ := startBus(t)
	l := standIn(t, address)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		WatchPower(ctx, PowerOptions{Bus: address, Hear: func(context.Context, Notice) {}})
	}()
	lock := <-l.locks
	cancel()
	lock.released(t)
	<-ended
	for running := true; running; { // what has said that it is done may yet be on its last step
		runtime.Gosched()
		b := make([]byte, 1<<20)
		running = bytes.Contains(b[:runtime.Stack(b, true)], []byte("service.(*bus)"))
	}
}

func TestABusThatEndsReleasesTheLock(t *testing.T) {
	address, stop := startBus(t)
	l := standIn(t, address)
	watch(t, address)
	lock := <-l.locks
	stop()
	lock.released(t)
}

func TestAMachineWithoutABusIsSaidOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	said := make(chan string, 8)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		log := slog.New(slog.NewTextHandler(lines(said), nil))
		WatchPower(ctx, PowerOptions{Bus: "unix:path=" + filepath.Join(t.TempDir(), "none"), Log: log, Hear: func(context.Context, Notice) {}})
	}()
	if line := <-said; !strings.Contains(line, "there is no system bus on this machine") {
		t.Errorf("said %s", line)
	}
	cancel()
	<-ended
}

// lines is a log that a test reads.
type lines chan<- string

func (l lines) Write(b []byte) (int, error) {
	l <- string(b)
	return len(b), nil
}
