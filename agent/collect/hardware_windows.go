package collect

import (
	"context"
	"encoding/binary"
	"runtime"
	"unsafe"

	"github.com/shirou/gopsutil/v3/cpu"
	"github.com/shirou/gopsutil/v3/mem"
	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"muster/inventory"
)

func (c *Collector) hardware(ctx context.Context) inventory.Hardware {
	table, tableErr := c.smbios()
	hw := inventory.Hardware{
		Maker:   fromTable(table.system, tableErr, "maker", 0x04),
		Serial:  fromTable(table.system, tableErr, "serial number", 0x07),
		UUID:    table.uuid(),
		Chassis: table.chassisKind(),
		CPU:     c.cpu(ctx),
		Battery: c.battery(ctx),
	}
	hw.Model = model(hw.Maker, fromTable(table.system, tableErr, "product", 0x05), fromTable(table.system, tableErr, "version", 0x06))
	if v, ok := hw.Serial.Get(); ok {
		hw.Serial = serial("the serial number", v)
	}
	hw.MemoryModules = table.modules()
	hw.MemoryBytes = c.memoryBytes(ctx)
	disks, err := c.physicalDisks(ctx)
	if err != nil {
		hw.Disks, hw.SystemDiskBytes = unknownErr[[]inventory.Disk](err), unknownErr[int64](err)
	} else {
		hw.Disks, hw.SystemDiskBytes = inventory.Known(disks), c.systemDisk(disks)
	}
	hw.NICs = c.nics(ctx)
	hw.Displays, hw.DisplayDriver = c.displays(ctx)
	hw.Virtualisation = inventory.Known("none")
	if name := hypervisor(hw.Maker.Or(""), hw.Model.Or("")); name != "" {
		hw.Virtualisation = inventory.Known(name)
	} else if !hw.Maker.Known() {
		hw.Virtualisation = inventory.Unknown[string]("the firmware names no maker")
	}
	return hw
}

// fromTable is a text of the SMBIOS table, or why there is no table.
func fromTable(t *smbiosStructure, err error, what string, at int) inventory.Fact[string] {
	if t == nil && err != nil {
		return unknownErr[string](err)
	}
	return t.strFact(what, at)
}

const centralProcessor = `HARDWARE\DESCRIPTION\System\CentralProcessor\0`

func (c *Collector) cpu(ctx context.Context) inventory.CPU {
	p := inventory.CPU{
		Name:         registryText(registry.LOCAL_MACHINE, centralProcessor, "ProcessorNameString"),
		Vendor:       registryText(registry.LOCAL_MACHINE, centralProcessor, "VendorIdentifier"),
		Architecture: inventory.Known(nativeArchitecture()),
		Cores:        positive(processorCores(), "Windows does not say which threads share a core"),
	}
	if identifier, ok := registryText(registry.LOCAL_MACHINE, centralProcessor, "Identifier").Get(); ok {
		p.Family, p.Model, p.Stepping = windowsCPU(identifier)
	}
	threads, err := cpu.CountsWithContext(ctx, true)
	if err != nil {
		threads = runtime.NumCPU()
	}
	p.Threads = positive(threads, "Windows does not count its processors")
	mhz, err := registryNumber(registry.LOCAL_MACHINE, centralProcessor, "~MHz")
	p.MHz = inventory.KnownIf(int(mhz), err)
	return p
}

func positive(n int, why string) inventory.Fact[int] {
	if n <= 0 {
		return inventory.Unknown[int](why)
	}
	return inventory.Known(n)
}

// nativeArchitecture is the machine's, also when the agent runs emulated.
func nativeArchitecture() string {
	var process, native uint16
	if err := windows.IsWow64Process2(windows.CurrentProcess(), &process, &native); err != nil {
		return runtime.GOARCH
	}
	switch native {
	case 0x8664:
		return "amd64"
	case 0xaa64:
		return "arm64"
	case 0x014c:
		return "386"
	}
	return runtime.GOARCH
}

// processorCores counts the records of RelationProcessorCore; each begins with
// its kind and its size.
func processorCores() int {
	if err := getProcessorRelations.Find(); err != nil {
		return 0
	}
	var size uint32
	_, _, _ = getProcessorRelations.Call(0, 0, uintptr(unsafe.Pointer(&size)))
	if size < 8 || size > 1<<20 {
		return 0
	}
	b := make([]byte, size)
	if ok, _, _ := getProcessorRelations.Call(0, uintptr(unsafe.Pointer(&b[0])), uintptr(unsafe.Pointer(&size))); ok == 0 {
		return 0
	}
	cores := 0
	for b = b[:min(int(size), len(b))]; len(b) >= 8; cores++ {
		length := int(binary.LittleEndian.Uint32(b[4:]))
		if length < 8 || length > len(b) {
			break
		}
		b = b[length:]
	}
	return cores
}

func (c *Collector) memoryBytes(ctx context.Context) inventory.Fact[int64] {
	m, err := mem.VirtualMemoryWithContext(ctx)
	if err != nil {
		return unknownErr[int64](err)
	}
	return inventory.Known(int64(m.Total))
}
