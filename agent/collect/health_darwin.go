package collect

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/shirou/gopsutil/v3/disk"
	"github.com/shirou/gopsutil/v3/load"

	"muster/inventory"
)

func (c *Collector) health(ctx context.Context) inventory.Health {
	h := inventory.Health{
		Disks:           c.diskHealth(ctx),
		MemoryUsedRatio: c.memoryUsed(ctx),
		MemoryPressure:  inventory.Unknown[float64](notThisSystem("how long work waited for memory")),
		LoadRatio:       loadRatio(ctx),
		RestartPending:  inventory.Unknown[bool](notThisSystem("whether a restart is pending")),
		ClockSynced:     inventory.Unknown[bool](notThisSystem("whether the clock is synchronised")),
		ClockSource:     inventory.Known("timed"),
		Protection:      inventory.Known([]inventory.Protection{xprotect()}),
		FirewallEnabled: firewall(ctx),
	}
	if _, clock := c.boot(); clock > 0 {
		h.UptimeSeconds = inventory.Known(int64(clock.Seconds()))
	}
	h.AgentCPUSeconds, h.AgentMemoryBytes = c.ownCost(ctx)
	return h
}

func loadRatio(ctx context.Context) inventory.Fact[float64] {
	l, err := load.AvgWithContext(ctx)
	threads, ok := sysctlInt("hw.logicalcpu").Get()
	if err != nil || !ok || threads == 0 {
		return inventory.Unknown[float64]("the kernel does not give its load")
	}
	return inventory.Known(ratio(l.Load1 / float64(threads)))
}

func xprotect() inventory.Protection {
	return inventory.Protection{
		Name: "XProtect", Enabled: inventory.Known(true),
		Current: inventory.Unknown[bool]("macOS does not show the age of its signatures"),
	}
}

func firewall(ctx context.Context) inventory.Fact[bool] {
	out, err := ask(ctx, 5*time.Second, "/usr/libexec/ApplicationFirewall/socketfilterfw", "--getglobalstate")
	if err != nil {
		return unknownErr[bool](err)
	}
	return inventory.Known(!bytes.Contains(out, []byte("State = 0")))
}

// diskHealth is the data volume's: macOS keeps the system apart and sealed.
func (c *Collector) diskHealth(ctx context.Context) inventory.Fact[[]inventory.DiskHealth] {
	const volume = "/System/Volumes/Data"
	usage, err := within(ctx, &c.patience, volume, 5*time.Second, func() (*disk.UsageStat, error) { return disk.Usage(volume) })
	if err != nil {
		return unknownErr[[]inventory.DiskHealth](fmt.Errorf("cannot read the space of %s: %w", volume, err))
	}
	return inventory.Known([]inventory.DiskHealth{{
		Mount: "/", TotalBytes: int64(usage.Total), FreeBytes: int64(usage.Free),
		WearRatio: inventory.Unknown[float64]("macOS does not give the wear of its disk"),
	}})
}
