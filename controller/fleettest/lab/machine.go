//go:build linux

package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A machine of the lab is an agent in namespaces of its own, and what it reads of
// its system is made to fit: each boot has its own id and its own clock since boot,
// and what the system says as it goes down is what the test says.
const asMachine = `
for d in /sys/class/dmi/id /sys/firmware/dmi /var/log; do [ ! -d $d ] || mount -t tmpfs none $d; done
mount -t tmpfs none /run && mkdir -p /run/systemd/system
mount --bind "$MUSTER_LAB_BOOT" /proc/sys/kernel/random/boot_id
exec "$@"`

// Boot starts a workstation: a new boot of the same machine, with its agent.
func (s *Scene) Boot(w Workstation, token string) {
	s.tb.Helper()
	bin := filepath.Join(s.dir, w.Namespace+".bin")
	boot, err := os.ReadFile("/proc/sys/kernel/random/uuid")
	if err == nil {
		err = os.WriteFile(s.bootFile(w), boot, 0o644)
	}
	if err == nil {
		err = os.MkdirAll(bin, 0o755)
	}
	if err == nil { // what systemd would say of its jobs; nothing but while it shuts down
		err = os.WriteFile(filepath.Join(bin, "systemctl"), fmt.Appendf(nil, "#!/bin/sh\ncat %s 2>/dev/null\n", s.jobsFile(w)), 0o755)
	}
	if err == nil {
		err = os.RemoveAll(s.jobsFile(w))
	}
	if err != nil {
		s.tb.Errorf("cannot boot %s: %v", w.Namespace, err)
		return
	}
	args := append(s.agentEnv(w), "MUSTER_JOIN_TOKEN="+token, "MUSTER_JOIN_SPREAD=2s", "MUSTER_LAB_BOOT="+s.bootFile(w),
		"PATH="+bin+":"+os.Getenv("PATH"), "sh", "-c", asMachine, "sh",
		"unshare", "--time", "--boottime", strconv.Itoa(-s.uptime()+bootedFor), s.Agent, "run")
	s.start(w.Namespace, "env", args...)
}

// bootedFor is how long a machine has been up when its agent starts.
const bootedFor = 4

// uptime of the machine under the lab, in seconds.
func (s *Scene) uptime() int {
	s.tb.Helper()
	b, err := os.ReadFile("/proc/uptime")
	whole, _, _ := strings.Cut(string(b), ".")
	n, convErr := strconv.Atoi(whole)
	if err != nil || convErr != nil {
		s.tb.Errorf("cannot read the uptime in %q: %v", b, err)
	}
	return n
}

func (s *Scene) bootFile(w Workstation) string { return filepath.Join(s.dir, w.Namespace+".boot") }
func (s *Scene) jobsFile(w Workstation) string { return filepath.Join(s.dir, w.Namespace+".jobs") }

// PowerOff shuts a workstation down as its person does at five o'clock: the system
// queues its own end and asks the agent to stop.
func (s *Scene) PowerOff(w Workstation) {
	s.tb.Helper()
	if err := os.WriteFile(s.jobsFile(w), []byte("71 poweroff.target start running\n"), 0o644); err != nil {
		s.tb.Errorf("cannot shut %s down: %v", w.Namespace, err)
	}
	s.Terminate(w.Namespace)
}
