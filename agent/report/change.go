package report

import (
	"math"

	"muster/inventory"
	"muster/inventory/wire"
)

// Steps below which a reading counts as noise. They stand against what the
// controller was last told, not against the last reading, so that a slow drift
// is told in the end.
const (
	memoryStep   = 0.25 // share of memory used
	pressureStep = 0.20 // share of time stalled on memory
	loadStep     = 1.5  // run queue per thread
	diskStep     = 0.05 // share of a file system
	diskTight    = 0.10 // free share below which a smaller step counts
	diskTinyStep = 0.02
	wearStep     = 0.02
)

// reading is what changes from report to report.
type reading struct {
	Network inventory.Network
	Health  inventory.Health
	Hashes  wire.Hashes

	SettingsVersion string
	KeyVersion      int
	PoolKeys        string // see Options.PoolKeys
}

// whatChanged names what the controller should hear of before the next routine
// report; empty means nothing.
func whatChanged(told, now reading) string {
	switch {
	case told.SettingsVersion != now.SettingsVersion:
		return "settings"
	case told.KeyVersion != now.KeyVersion || told.PoolKeys != now.PoolKeys:
		return "pool key"
	case told.Hashes != now.Hashes:
		return "lists"
	case networkChanged(told.Network, now.Network):
		return "network"
	}
	return healthChanged(told.Health, now.Health)
}

// networkChanged compares values; why something is unknown is not a change.
func networkChanged(told, now inventory.Network) bool {
	return differs(told.Interface, now.Interface) || differs(told.Addr, now.Addr) ||
		differs(told.Prefix, now.Prefix) || differs(told.Gateway, now.Gateway) ||
		differs(told.Resolvers, now.Resolvers) || differs(told.Medium, now.Medium)
}

func healthChanged(told, now inventory.Health) string {
	switch {
	case differs(told.RestartPending, now.RestartPending):
		return "restart pending"
	case differs(told.ClockSynced, now.ClockSynced) || differs(told.ClockSource, now.ClockSource):
		return "clock"
	case differs(told.Protection, now.Protection):
		return "protection"
	case differs(told.FirewallEnabled, now.FirewallEnabled):
		return "firewall"
	case stepped(told.MemoryUsedRatio, now.MemoryUsedRatio, memoryStep),
		stepped(told.MemoryPressure, now.MemoryPressure, pressureStep):
		return "memory"
	case stepped(told.LoadRatio, now.LoadRatio, loadStep):
		return "load"
	case disksChanged(told.Disks, now.Disks):
		return "disks"
	}
	return ""
}

func disksChanged(told, now inventory.Fact[[]inventory.DiskHealth]) bool {
	before, knewBefore := told.Get()
	after, known := now.Get()
	if knewBefore != known || len(before) != len(after) {
		return true
	}
	for i, d := range after {
		was := before[i]
		if was.Mount != d.Mount || was.TotalBytes != d.TotalBytes || stepped(was.WearRatio, d.WearRatio, wearStep) {
			return true
		}
		if d.TotalBytes <= 0 {
			continue
		}
		a, b := ratio(was.FreeBytes, was.TotalBytes), ratio(d.FreeBytes, d.TotalBytes)
		step := diskStep
		if min(a, b) < diskTight {
			step = diskTinyStep
		}
		if math.Abs(a-b) >= step {
			return true
		}
	}
	return false
}

func ratio(part, whole int64) float64 { return float64(part) / float64(whole) }

// differs compares known values exactly; two unknowns are alike whatever their
// reasons.
func differs[T any](told, now inventory.Fact[T]) bool {
	if !told.Known() && !now.Known() {
		return false
	}
	return told.Known() != now.Known() || !told.Equal(now)
}

// stepped reports whether a measure moved by at least step or became (un)known.
func stepped(told, now inventory.Fact[float64], step float64) bool {
	a, knewBefore := told.Get()
	b, known := now.Get()
	return knewBefore != known || known && math.Abs(a-b) >= step
}
