package collect

import (
	"context"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"muster/inventory"
)

func (c *Collector) hardware(ctx context.Context) inventory.Hardware {
	p, err := c.macProfile(ctx)
	hw := inventory.Hardware{
		Maker: inventory.Known("Apple"), Model: sysctl("hw.model"), CPU: macCPU(),
		DisplayDriver: inventory.Unknown[string]("macOS brings its own"),
		NICs:          c.nics(ctx), Virtualisation: inventory.Known("none"),
		SystemDiskBytes: inventory.Unknown[int64]("no disk is known to hold the system"),
	}
	if total, err := unix.SysctlUint64("hw.memsize"); err == nil {
		hw.MemoryBytes = inventory.Known(int64(total))
	} else {
		hw.MemoryBytes = inventory.Unknown[int64]("the kernel does not give hw.memsize")
	}
	if guest := sysctlInt("kern.hv_vmm_present"); guest.Or(0) == 1 {
		hw.Virtualisation = inventory.Known("unnamed hypervisor")
	}
	if err == nil && len(p.Hardware) == 0 {
		err = missing("hardware in system_profiler's answer")
	}
	if err != nil {
		why := err.Error()
		hw.Serial, hw.UUID, hw.Chassis = inventory.Unknown[string](why), inventory.Unknown[string](why), inventory.Unknown[string](why)
		hw.MemoryModules, hw.Disks = inventory.Unknown[[]inventory.Module](why), inventory.Unknown[[]inventory.Disk](why)
		hw.Displays, hw.Battery = inventory.Unknown[[]string](why), inventory.Unknown[inventory.Battery](why)
		return hw
	}
	machine := p.Hardware[0]
	if name := clean(machine.Name); name != "" {
		hw.Model = inventory.Known(clean(name + " (" + machine.Model + ")"))
	}
	hw.Serial, hw.UUID, hw.Chassis = serial("the serial number", machine.Serial), uuidFact(machine.UUID), macChassis(machine.Name)
	hw.MemoryModules, hw.Displays = p.modules(hw.MemoryBytes.Or(0)), inventory.Known(p.displays())
	disks := p.disks()
	hw.Disks = inventory.Known(disks)
	if len(disks) > 0 {
		hw.SystemDiskBytes = inventory.Known(disks[0].Bytes) // Apple's own comes first
	}
	battery, _ := p.battery()
	battery.OnMains = battery.Present && onMains(ctx)
	hw.Battery = inventory.Known(battery)
	return hw
}

func macChassis(name string) inventory.Fact[string] {
	for prefix, kind := range map[string]string{"MacBook": "laptop", "iMac": "all-in-one", "Mac mini": "mini", "Mac Studio": "mini", "Mac Pro": "tower"} {
		if strings.HasPrefix(name, prefix) {
			return inventory.Known(kind)
		}
	}
	return inventory.Unknown[string]("no case is known for \"" + clean(name) + "\"")
}

func macCPU() inventory.CPU {
	cpu := inventory.CPU{
		Name: sysctl("machdep.cpu.brand_string"), Vendor: inventory.Known("Apple"), Architecture: inventory.Known(runtime.GOARCH),
		Family: sysctlInt("machdep.cpu.family"), Model: sysctlInt("machdep.cpu.model"), Stepping: sysctlInt("machdep.cpu.stepping"),
		Cores: sysctlInt("hw.physicalcpu"), Threads: sysctlInt("hw.logicalcpu"),
		MHz: inventory.Unknown[int]("Apple's processors give no speed"),
	}
	if vendor := sysctl("machdep.cpu.vendor"); vendor.Known() { // Intel
		cpu.Vendor = vendor
	}
	if hz, err := unix.SysctlUint64("hw.cpufrequency_max"); err == nil && hz > 0 {
		cpu.MHz = inventory.Known(int(hz / 1_000_000))
	}
	return cpu
}

func (c *Collector) firmware(ctx context.Context) inventory.Firmware {
	p, err := c.macProfile(ctx)
	f := inventory.Firmware{
		Kind: inventory.Known("uefi"), Vendor: inventory.Known("Apple"),
		Version:  inventory.Unknown[string]("system_profiler gives no firmware version"),
		Released: inventory.Unknown[inventory.Date]("Apple's firmware has no date"),
		TPM:      tpmAbsent("Apple's machines have a Secure Enclave and no TPM"),
	}
	if err == nil && len(p.Hardware) > 0 {
		f.Version = named("the firmware's version", p.Hardware[0].Firmware)
	}
	if runtime.GOARCH == "arm64" {
		f.Kind = inventory.Known("iboot")
	}
	why := "Apple's secure boot is its own and is not read"
	f.SecureBootCapable, f.SecureBootEnabled = inventory.Unknown[bool](why), inventory.Unknown[bool](why)
	return f
}

func (p macProfile) displays() []string {
	names := make([]string, 0, 2)
	for _, adapter := range p.Displays {
		names = append(names, clean(adapter.Model))
		for _, m := range adapter.Monitors {
			names = append(names, clean(m.Name))
		}
	}
	return names
}

// modules is one row: on Apple silicon memory is part of the processor's package.
func (p macProfile) modules(total int64) inventory.Fact[[]inventory.Module] {
	if len(p.Memory) == 0 || total == 0 {
		return inventory.Unknown[[]inventory.Module]("system_profiler lists no memory")
	}
	m := p.Memory[0]
	return inventory.Known([]inventory.Module{{
		Slot: "built in", Bytes: total, Kind: clean(m.Kind), Maker: clean(m.Maker), Populated: true,
	}})
}
