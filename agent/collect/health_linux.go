package collect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/shirou/gopsutil/v3/load"

	"muster/inventory"
)

func (c *Collector) health(ctx context.Context) inventory.Health {
	running := c.running()
	h := inventory.Health{
		Disks:           c.diskHealth(ctx),
		MemoryUsedRatio: c.memoryUsed(ctx),
		MemoryPressure:  c.memoryPressure(),
		LoadRatio:       c.loadRatio(ctx),
		RestartPending:  c.restartPending(),
		Protection:      c.protection(running),
		FirewallEnabled: c.firewall(running),
	}
	h.UptimeSeconds = inventory.Unknown[int64]("cannot read the clock since boot")
	if _, clock := c.boot(); clock > 0 {
		h.UptimeSeconds = inventory.Known(int64(clock.Seconds()))
	}
	h.ClockSynced, h.ClockSource = c.clock(running)
	h.AgentCPUSeconds, h.AgentMemoryBytes = c.ownCost(ctx)
	return h
}

// memoryPressure is the share of the last minute in which some task waited for
// memory (PSI, "some avg60").
func (c *Collector) memoryPressure() inventory.Fact[float64] {
	text, err := c.readBytes("proc/pressure/memory", maxLine)
	if errors.Is(err, fs.ErrNotExist) {
		return inventory.Unknown[float64]("the kernel keeps no pressure figures")
	}
	if err != nil {
		return unknownErr[float64](err)
	}
	var avg10, avg60 float64
	if _, err := fmt.Sscanf(string(text), "some avg10=%f avg60=%f", &avg10, &avg60); err != nil {
		return inventory.Unknown[float64]("cannot read the kernel's pressure figures")
	}
	return inventory.Known(ratio(avg60 / 100))
}

// loadRatio is the load of the last minute per thread.
func (c *Collector) loadRatio(ctx context.Context) inventory.Fact[float64] {
	if !c.exists("proc/loadavg") { // gopsutil would fall back to a system call, which does not know of our root
		return unknownErr[float64](missing("loadavg"))
	}
	l, err := load.AvgWithContext(c.gopsutil(ctx))
	if err != nil {
		return unknownErr[float64](plain("loadavg", err))
	}
	threads := c.threads()
	if threads == 0 {
		return inventory.Unknown[float64]("the number of threads is not known")
	}
	return inventory.Known(ratio(l.Load1 / float64(threads)))
}

// threads is how many processors share the load.
func (c *Collector) threads() int {
	c.system.mu.Lock()
	defer c.system.mu.Unlock()
	c.system.threads = c.system.threads.or(c.now(), func() int { return c.processors().threads })
	return c.system.threads.value
}

// restartPending is what the distribution says, or a kernel on disk that is
// newer than this boot.
func (c *Collector) restartPending() inventory.Fact[bool] {
	if c.exists("run/reboot-required") || c.exists("var/run/reboot-required") {
		return inventory.Known(true)
	}
	booted, ok := c.bootedAt()
	kernels, err := c.list("boot")
	seen := false
	for _, name := range kernels {
		if !strings.HasPrefix(name, "vmlinuz") {
			continue
		}
		seen = true
		if at, err := c.changedAt("boot/" + name); err == nil && ok && at > booted {
			return inventory.Known(true)
		}
	}
	switch {
	case err != nil || !seen:
		return inventory.Unknown[bool]("nothing here says whether a restart is pending")
	case !ok:
		return inventory.Unknown[bool]("the time of the last start is not known")
	}
	return inventory.Known(false)
}

// bootedAt is the wall time of the boot in Unix seconds.
func (c *Collector) bootedAt() (int64, bool) {
	b, err := c.readBytes("proc/stat", maxFile)
	if err != nil {
		return 0, false
	}
	_, rest, ok := bytes.Cut(b, []byte("\nbtime "))
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	at, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 10, 64)
	return at, ok && err == nil
}
