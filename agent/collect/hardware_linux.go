package collect

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/shirou/gopsutil/v3/mem"

	"muster/inventory"
)

var errNoSMBIOS = errors.New("this machine has no SMBIOS table")

func (c *Collector) hardware(ctx context.Context) inventory.Hardware {
	table, tableErr := c.smbios()
	hw := inventory.Hardware{
		Maker:   c.dmi("sys_vendor", table.system, 0x04),
		Serial:  c.dmi("product_serial", table.system, 0x07),
		UUID:    c.uuid(table),
		Chassis: c.chassis(table),
		Battery: c.battery(),
	}
	hw.Model = model(hw.Maker, c.dmi("product_name", table.system, 0x05), c.dmi("product_version", table.system, 0x06))
	if !hw.Model.Known() {
		hw.Model = c.deviceTreeModel(hw.Model)
	}
	if v, ok := hw.Serial.Get(); ok {
		hw.Serial = serial("product_serial", v)
	}
	hw.MemoryModules = table.modules()
	if tableErr != nil && len(table.memory) == 0 {
		hw.MemoryModules = unknownErr[[]inventory.Module](tableErr)
	}
	cpu := c.processors()
	hw.CPU = c.cpu(cpu, table)
	hw.MemoryBytes = c.memoryBytes(ctx)
	hw.Disks = c.disks()
	hw.SystemDiskBytes = c.systemDisk(hw.Disks)
	hw.NICs = c.nics()
	hw.Displays, hw.DisplayDriver = c.displays()
	hw.Virtualisation = c.virtualisation(hw, cpu)
	return hw
}

// dmi reads a name that the kernel took from SMBIOS, or the table itself where
// the kernel's file may not be read.
func (c *Collector) dmi(file string, structure *smbiosStructure, at int) inventory.Fact[string] {
	f := c.fact("sys/class/dmi/id/" + file)
	if f.Known() || structure == nil {
		if !f.Known() && !c.exists("sys/class/dmi/id") {
			return unknownErr[string](errNoSMBIOS)
		}
		return f
	}
	if fromTable := structure.strFact(file, at); fromTable.Known() {
		return fromTable
	}
	return f
}

func (c *Collector) uuid(table smbios) inventory.Fact[string] {
	text, err := c.readLine("sys/class/dmi/id/product_uuid")
	switch {
	case err == nil:
		return uuidFact(text)
	case table.system != nil:
		return table.uuid()
	case !c.exists("sys/class/dmi/id"):
		return unknownErr[string](errNoSMBIOS)
	}
	return unknownErr[string](err)
}

func (c *Collector) chassis(table smbios) inventory.Fact[string] {
	kind, err := c.readInt("sys/class/dmi/id/chassis_type")
	switch {
	case err == nil:
		return chassis(int(kind))
	case table.chassis != nil:
		return table.chassisKind()
	case !c.exists("sys/class/dmi/id"):
		return unknownErr[string](errNoSMBIOS)
	}
	return unknownErr[string](err)
}

// deviceTreeModel names an arm64 machine that boots without SMBIOS.
func (c *Collector) deviceTreeModel(otherwise inventory.Fact[string]) inventory.Fact[string] {
	if s, err := c.readLine("proc/device-tree/model"); err == nil && clean(s) != "" {
		return inventory.Known(clean(s))
	}
	return otherwise
}

func (c *Collector) processors() processors {
	b, err := c.readBytes("proc/cpuinfo", maxFile)
	if err != nil {
		return processors{first: map[string]string{}}
	}
	return parseProcessors(b)
}

func (c *Collector) cpu(p processors, table smbios) inventory.CPU {
	cpu := p.cpu()
	cpu.Architecture = c.architecture()
	cpu.Threads = positive(p.threads, "/proc/cpuinfo lists no processors")
	cores := p.cores
	if cores == 0 {
		cores = c.coresFromTopology()
	}
	cpu.Cores = positive(cores, "the kernel does not say which threads share a core")
	if !cpu.Name.Known() && table.processor != nil {
		cpu.Name = table.processor.strFact("processor version", 0x10)
	}
	cpu.MHz = c.cpuMHz(p, table)
	return cpu
}

func positive(n int, why string) inventory.Fact[int] {
	if n <= 0 {
		return inventory.Unknown[int](why)
	}
	return inventory.Known(n)
}

// cpuMHz is the rated speed, which does not change with the load: the fastest
// that frequency scaling allows, SMBIOS, or, on a machine that has neither, the
// speed in /proc/cpuinfo.
func (c *Collector) cpuMHz(p processors, table smbios) inventory.Fact[int] {
	if khz, err := c.readInt("sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq"); err == nil && khz > 0 {
		return inventory.Known(int(khz / 1000))
	}
	if mhz, ok := table.cpuMHz(); ok {
		return inventory.Known(mhz)
	}
	var mhz float64
	if _, err := fmt.Sscanf(p.first["cpu MHz"], "%f", &mhz); err != nil || mhz < 1 {
		return inventory.Unknown[int]("neither frequency scaling, SMBIOS nor /proc/cpuinfo gives a speed")
	}
	return inventory.Known(int(mhz + 0.5))
}

func (c *Collector) coresFromTopology() int {
	names, err := c.list("sys/devices/system/cpu")
	if err != nil {
		return 0
	}
	seen := make(map[string]bool)
	for _, name := range names {
		if !numbered(name, "cpu") {
			continue
		}
		dir := "sys/devices/system/cpu/" + name + "/topology/"
		core, errCore := c.readLine(dir + "core_id")
		pkg, errPkg := c.readLine(dir + "physical_package_id")
		cluster, err := c.readLine(dir + "cluster_id")
		if err != nil {
			cluster = ""
		}
		if errCore != nil || errPkg != nil {
			return 0
		}
		seen[pkg+"/"+cluster+"/"+core] = true
	}
	return len(seen)
}

// numbered reports whether name is prefix and a number.
func numbered(name, prefix string) bool {
	digits, ok := strings.CutPrefix(name, prefix)
	return ok && digits != "" && strings.Trim(digits, "0123456789") == ""
}

func (c *Collector) memoryBytes(ctx context.Context) inventory.Fact[int64] {
	m, err := mem.VirtualMemoryWithContext(c.gopsutil(ctx))
	switch {
	case err != nil:
		return unknownErr[int64](plain("meminfo", err))
	case m.Total == 0:
		return inventory.Unknown[int64]("/proc/meminfo has no MemTotal")
	}
	return inventory.Known(int64(m.Total))
}

// systemDisk is the size of the disk that holds the root file system.
func (c *Collector) systemDisk(disks inventory.Fact[[]inventory.Disk]) inventory.Fact[int64] {
	mounts, err := c.mounts()
	if err != nil {
		return unknownErr[int64](err)
	}
	at := slices.IndexFunc(mounts, func(m mount) bool { return m.path == "/" })
	if at < 0 {
		return inventory.Unknown[int64]("the root file system is not on a disk of this machine")
	}
	names := c.disksBelow(mounts[at])
	for _, d := range disks.Or(nil) {
		if slices.Contains(names, d.Name) {
			return inventory.Known(d.Bytes)
		}
	}
	return inventory.Unknown[int64]("no disk is known to hold the root file system")
}

func (c *Collector) virtualisation(hw inventory.Hardware, p processors) inventory.Fact[string] {
	if release, err := c.readLine("proc/sys/kernel/osrelease"); err == nil && strings.Contains(strings.ToLower(release), "microsoft") {
		return inventory.Known("WSL")
	}
	if kind, err := c.readLine("sys/hypervisor/type"); err == nil && clean(kind) != "" {
		return inventory.Known(clean(kind))
	}
	if name := hypervisor(hw.Maker.Or(""), hw.Model.Or("")); name != "" {
		return inventory.Known(name)
	}
	if p.has("hypervisor") {
		return inventory.Known("unnamed hypervisor")
	}
	if _, x86 := p.first["flags"]; x86 {
		return inventory.Known("none")
	}
	if _, err := c.readLine("sys/class/dmi/id/sys_vendor"); errors.Is(err, fs.ErrNotExist) && !c.exists("proc/device-tree") {
		return inventory.Unknown[string]("neither the processor nor the firmware says whether this is a virtual machine")
	}
	return inventory.Known("none")
}
