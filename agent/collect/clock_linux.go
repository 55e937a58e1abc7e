package collect

import (
	"os"
	"time"

	"golang.org/x/sys/unix"

	"muster/inventory"
)

// clockServices are the programs that keep the clock, by the name of their process.
var clockServices = []struct{ process, name string }{
	{"chronyd", "chrony"},
	{"systemd-timesyn", "systemd-timesyncd"},
	{"ntpd", "ntpd"},
	{"ntpsec", "ntpsec"},
	{"openntpd", "openntpd"},
	{"ptp4l", "ptp4l"},
	{"VBoxService", "VirtualBox guest service"},
	{"vmtoolsd", "VMware tools"},
}

// clock asks the kernel whether something disciplines its clock, and looks for
// what does.
func (c *Collector) clock(running map[string]bool) (synced inventory.Fact[bool], source inventory.Fact[string]) {
	source = inventory.Unknown[string]("no time service that we know is running")
	for _, s := range clockServices {
		if running[s.process] {
			source = inventory.Known(s.name)
			break
		}
	}
	if !c.live {
		return inventory.Unknown[bool]("the kernel of this machine cannot be asked"), source
	}
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	if err != nil {
		return inventory.Unknown[bool]("the kernel does not tell the state of its clock"), source
	}
	return inventory.Known(state != unix.TIME_ERROR && t.Status&unix.STA_UNSYNC == 0), source
}

// runningFor is how long names of processes are believed: services that keep a
// clock or guard a machine seldom come and go, and a look asks for each process.
const runningFor = 10 * time.Minute

// running is the names of the processes, which may be some minutes old. The map
// must not be changed.
func (c *Collector) running() map[string]bool {
	c.system.mu.Lock()
	defer c.system.mu.Unlock()
	now := c.now()
	if age := now.Sub(c.system.ranAt); c.system.running == nil || age < 0 || age >= runningFor {
		c.system.running, c.system.ranAt = c.processes(), now
	}
	return c.system.running
}

// processes is the names of the processes, as the kernel cuts them (15 bytes).
// Only names are read: command lines may hold what is nobody's business.
func (c *Collector) processes() map[string]bool {
	names := make(map[string]bool)
	dir, err := os.Open(c.path("proc"))
	if err != nil {
		return names
	}
	defer dir.Close() // opened for reading
	entries, _ := dir.Readdirnames(20_000)
	for _, pid := range entries {
		if !numbered("p"+pid, "p") {
			continue
		}
		if name, err := c.readLine("proc/" + pid + "/comm"); err == nil {
			names[name] = true
		}
	}
	return names
}

// changedAt is a file's modification time in Unix seconds.
func (c *Collector) changedAt(name string) (int64, error) {
	at, err := os.Stat(c.path(name))
	if err != nil {
		return 0, plain(name, err)
	}
	return at.ModTime().Unix(), nil
}
