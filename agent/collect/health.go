package collect

import (
	"context"
	"fmt"
	"math"

	"github.com/shirou/gopsutil/v3/mem"
	"github.com/shirou/gopsutil/v3/process"

	"muster/inventory"
)

// memoryUsed is the share of memory that is neither free nor a cache that the
// system would give back.
func (c *Collector) memoryUsed(ctx context.Context) inventory.Fact[float64] {
	m, err := mem.VirtualMemoryWithContext(c.gopsutil(ctx))
	switch {
	case err != nil:
		return unknownErr[float64](plain("meminfo", err))
	case m.Total == 0 || m.Available > m.Total:
		return inventory.Unknown[float64]("the system's memory figures contradict each other")
	}
	return inventory.Known(ratio(1 - float64(m.Available)/float64(m.Total)))
}

// ratio rounds to a thousandth: more digits only make a report differ.
func ratio(f float64) float64 { return math.Round(f*1000) / 1000 }

// ownCost is what the agent itself has used: processor time since it started,
// and resident memory.
func (c *Collector) ownCost(ctx context.Context) (inventory.Fact[float64], inventory.Fact[int64]) {
	own := &process.Process{Pid: ownProcess()}
	var cpu inventory.Fact[float64]
	var memory inventory.Fact[int64]
	if times, err := own.TimesWithContext(ctx); err != nil {
		cpu = unknownErr[float64](fmt.Errorf("cannot read the agent's own times: %w", err))
	} else {
		cpu = inventory.Known(math.Round((times.User+times.System)*100) / 100)
	}
	if m, err := own.MemoryInfoWithContext(ctx); err != nil {
		memory = unknownErr[int64](fmt.Errorf("cannot read the agent's own memory: %w", err))
	} else {
		memory = inventory.Known(int64(m.RSS))
	}
	return cpu, memory
}
