package collect

import (
	"math"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// boot reads the kernel's boot id and CLOCK_BOOTTIME; in a tree, the uptime.
func (c *Collector) boot() (string, time.Duration) {
	id := c.bootID()
	if c.live {
		var ts unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err == nil {
			return id, time.Duration(ts.Nano())
		}
	}
	return id, c.uptime()
}

// bootID is read once: the process ends with its boot.
func (c *Collector) bootID() string {
	if known := c.system.bootID.Load(); known != nil && c.live {
		return *known
	}
	id, err := c.readLine("proc/sys/kernel/random/boot_id")
	if err != nil || id == "" {
		return "unknown-boot"
	}
	c.system.bootID.Store(&id)
	return id
}

// uptime is the first number of /proc/uptime, which counts sleep too; 0 where it
// cannot be read.
func (c *Collector) uptime() time.Duration {
	text, err := c.readLine("proc/uptime")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(text, " ")
	seconds, err := strconv.ParseFloat(first, 64)
	if err != nil || math.IsNaN(seconds) || seconds < 0 || seconds > 1e9 {
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}
