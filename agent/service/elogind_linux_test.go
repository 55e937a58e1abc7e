package service

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"

	"muster/inventory"
)

// unpacked is where `make test-deps` unpacks elogind; installed it would replace
// the machine's own logind.
const unpacked = "../../.tools/elogind"

// jail runs elogind where it can harm nothing: in its own mount and process
// namespaces, with a made-up /sys/power and a shutdown program that does nothing.
const jail = `set -eu
mount --make-rprivate /
mount -t tmpfs tmpfs /sys/power
echo 'freeze mem disk' > /sys/power/state
echo 's2idle [deep]' > /sys/power/mem_sleep
echo '[platform] shutdown' > /sys/power/disk
for p in /sbin/halt /sbin/poweroff /sbin/reboot /sbin/shutdown /bin/systemctl; do
	if [ -e "$p" ]; then mount --bind /bin/true "$(readlink -f "$p")"; fi
done
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/inhibit /run/systemd/seats /run/systemd/sessions /run/systemd/users
exec "$1"
`

// elogind runs the real elogind on a bus and returns a way to call it.
func elogind(t *testing.T, address string) dbus.BusObject {
	t.Helper()
	var program string
	libraries := map[string]bool{}
	err := filepath.WalkDir(unpacked, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.Name() == "elogind" && !d.IsDir() && !strings.Contains(path, "/etc/") && strings.Contains(path, "/lib"):
			program = path
		case strings.HasPrefix(d.Name(), "libelogind"):
			libraries[filepath.Dir(path)] = true
		}
		return nil
	})
	if err != nil || program == "" {
		t.Fatalf("elogind is not unpacked under %s (`make test-deps` does it): %v", unpacked, err)
	}
	if program, err = filepath.Abs(program); err != nil {
		t.Fatal(err)
	}
	var path []string
	for dir := range libraries {
		if dir, err = filepath.Abs(dir); err != nil {
			t.Fatal(err)
		}
		path = append(path, dir)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", jail, "jail", program)
	cmd.Env = append(os.Environ(), "DBUS_SYSTEM_BUS_ADDRESS="+address, "LD_LIBRARY_PATH="+strings.Join(path, ":"), "SYSTEMD_LOG_TARGET=console")
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // it was killed: that is no news
		if t.Failed() {
			t.Logf("elogind said:\n%s", said.String())
		}
	})
	return connect(t, address).Object(loginName, loginPath)
}

func TestTheRealLogindWaitsForTheGoodbye(t *testing.T) {
	address, _ := startBus(t)
	owned := owners(t, address)
	login := elogind(t, address)
	<-owned
	heard := watch(t, address)
	holdsALock := func() bool {
		var locks []struct {
			What, Who, Why, Mode string
			UID, PID             uint32
		}
		if err := login.Call(loginManager+".ListInhibitors", 0).Store(&locks); err != nil {
			t.Fatal(err)
		}
		for _, l := range locks {
			if l.Who == "Muster agent" {
				return l.What == "shutdown:sleep" && l.Mode == "delay" && int(l.PID) == os.Getpid()
			}
		}
		return false
	}
	await(holdsALock)

	asleep := login.Go(loginManager+".Suspend", 0, nil, false)
	n := want(t, heard, Sleeping, inventory.LeaveSleep)
	if !holdsALock() {
		t.Error("the machine may sleep before the goodbye was said")
	}
	close(n.done)
	close(want(t, heard, Woke, "").done)
	if err := (<-asleep.Done).Err; err != nil {
		t.Fatal(err)
	}
	await(holdsALock)

	if err := login.Call(loginManager+".Reboot", 0, false).Err; err != nil {
		t.Fatal(err)
	}
	n = want(t, heard, Stopping, inventory.LeaveShutdown) // elogind does not say which
	if !holdsALock() {
		t.Error("the machine may stop before the goodbye was said")
	}
	close(n.done)
	await(func() bool { return !holdsALock() })
}

// owners hears once when somebody takes logind's name.
func owners(t *testing.T, address string) <-chan *dbus.Signal {
	t.Helper()
	conn := connect(t, address)
	if err := conn.AddMatchSignal(dbus.WithMatchSender(busName), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, loginName)); err != nil {
		t.Fatal(err)
	}
	changed := make(chan *dbus.Signal, 8)
	conn.Signal(changed)
	return changed
}

// await asks until it is so, each time over the bus; the test's own limit is the
// only one.
func await(so func() bool) {
	for !so() {
		runtime.Gosched()
	}
}
