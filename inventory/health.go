package inventory

import "net/netip"

// Health is how the client feels now; small, read often.
type Health struct {
	Disks            Fact[[]DiskHealth] `json:"disks"`
	MemoryUsedRatio  Fact[float64]      `json:"memory_used_ratio"`
	MemoryPressure   Fact[float64]      `json:"memory_pressure_ratio"` // share of the last minute stalled on memory
	LoadRatio        Fact[float64]      `json:"load_ratio"`            // run queue per thread, one minute
	UptimeSeconds    Fact[int64]        `json:"uptime_seconds"`
	RestartPending   Fact[bool]         `json:"restart_pending"`
	ClockSynced      Fact[bool]         `json:"clock_synchronised"`
	ClockSource      Fact[string]       `json:"clock_source"`
	Protection       Fact[[]Protection] `json:"protection"`
	FirewallEnabled  Fact[bool]         `json:"firewall_enabled"`
	AgentCPUSeconds  Fact[float64]      `json:"agent_cpu_seconds"` // since the agent started
	AgentMemoryBytes Fact[int64]        `json:"agent_memory_bytes"`
}

// DiskHealth is the space and wear of one file system.
type DiskHealth struct {
	Mount      string        `json:"mount"`
	TotalBytes int64         `json:"total_bytes"`
	FreeBytes  int64         `json:"free_bytes"`
	WearRatio  Fact[float64] `json:"wear_ratio"` // 0 new, 1 worn out
}

// Protection is one anti-malware product.
type Protection struct {
	Name    string     `json:"name"`
	Enabled Fact[bool] `json:"enabled"`
	Current Fact[bool] `json:"current"` // signatures up to date
}

// Network is where the machine stands: the interface that routes to the
// controller. Addresses outside the organisation's networks never travel.
type Network struct {
	Interface Fact[string]       `json:"interface"`
	Addr      Fact[netip.Addr]   `json:"addr"`
	Prefix    Fact[netip.Prefix] `json:"prefix"`
	Gateway   Fact[netip.Addr]   `json:"gateway"`
	Resolvers Fact[[]netip.Addr] `json:"resolvers"`
	Medium    Fact[string]       `json:"medium"` // ethernet, wifi
}
