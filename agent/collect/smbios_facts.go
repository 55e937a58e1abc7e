package collect

import (
	"fmt"
	"strings"

	"muster/inventory"
)

// modules lists the memory slots, empty ones too.
func (s smbios) modules() inventory.Fact[[]inventory.Module] {
	if len(s.memory) == 0 {
		return inventory.Unknown[[]inventory.Module]("the SMBIOS table lists no memory modules")
	}
	modules := make([]inventory.Module, 0, len(s.memory))
	for i := range s.memory {
		modules = append(modules, module(&s.memory[i], i))
	}
	return inventory.Known(modules)
}

func module(t *smbiosStructure, n int) inventory.Module {
	m := inventory.Module{Slot: t.str(0x10), Bytes: moduleBytes(t)}
	if placeholder(m.Slot) {
		m.Slot = fmt.Sprintf("slot %d", n+1)
	}
	if bank := t.str(0x11); !placeholder(bank) && bank != m.Slot && !strings.Contains(m.Slot, bank) {
		m.Slot = clean(m.Slot + ", " + bank)
	}
	if m.Bytes == 0 {
		return m
	}
	m.Populated = true
	if kind, ok := t.byteAt(0x12); ok {
		m.Kind = memoryKinds[kind]
	}
	m.MHz = moduleMHz(t)
	m.Maker, m.SerialNo, m.PartNo = unlessPlaceholder(t.str(0x17)), unlessPlaceholder(t.str(0x18)), unlessPlaceholder(t.str(0x1a))
	return m
}

// moduleBytes decodes the size: 0 is an empty slot, FFFFh not known, 7FFFh in
// the extended field; bit 15 says KiB instead of MiB.
func moduleBytes(t *smbiosStructure) int64 {
	size, ok := t.word(0x0c)
	switch {
	case !ok || size == 0 || size == 0xffff:
		return 0
	case size == 0x7fff:
		extended, _ := t.double(0x1c)
		return int64(extended&0x7fffffff) << 20
	case size&0x8000 != 0:
		return int64(size&0x7fff) << 10
	}
	return int64(size) << 20
}

// moduleMHz is the configured speed, or what the module is made for.
func moduleMHz(t *smbiosStructure) int {
	for _, at := range []int{0x20, 0x15} {
		if mhz, ok := t.word(at); ok && mhz != 0 && mhz != 0xffff {
			return int(mhz)
		}
	}
	return 0
}

func unlessPlaceholder(s string) string {
	if placeholder(s) {
		return ""
	}
	return s
}

// memoryKinds names memory types (DSP0134, table 78).
var memoryKinds = map[byte]string{
	0x0f: "SDRAM", 0x12: "DDR", 0x13: "DDR2", 0x14: "DDR2 FB-DIMM", 0x18: "DDR3", 0x1a: "DDR4",
	0x1b: "LPDDR", 0x1c: "LPDDR2", 0x1d: "LPDDR3", 0x1e: "LPDDR4", 0x20: "HBM", 0x21: "HBM2",
	0x22: "DDR5", 0x23: "LPDDR5", 0x24: "HBM3",
}

// chassisNames groups the chassis types (DSP0134, table 17) as people say them.
var chassisNames = map[int]string{
	1: "other", 3: "desktop", 4: "desktop", 5: "desktop", 6: "tower", 7: "tower", 8: "laptop", 9: "laptop",
	10: "laptop", 11: "handheld", 12: "docking station", 13: "all-in-one", 14: "laptop", 15: "desktop",
	16: "lunch box", 17: "server", 23: "server", 24: "desktop", 25: "server", 28: "server", 29: "server",
	30: "tablet", 31: "convertible", 32: "detachable", 33: "iot gateway", 34: "embedded", 35: "mini", 36: "stick",
}

// chassis names a chassis type.
func chassis(kind int) inventory.Fact[string] {
	name, ok := chassisNames[kind&0x7f]
	if !ok {
		return inventory.Unknown[string](fmt.Sprintf("the firmware gives chassis type %d, which says nothing", kind&0x7f))
	}
	return inventory.Known(name)
}

// chassis is the kind of case; a virtual machine has none.
func (s smbios) chassisKind() inventory.Fact[string] {
	kind, ok := s.chassis.byteAt(0x05)
	if !ok {
		return inventory.Unknown[string]("the SMBIOS table has no chassis")
	}
	return chassis(int(kind))
}

// cpuMHz is the processor's rated speed.
func (s smbios) cpuMHz() (int, bool) {
	for _, at := range []int{0x16, 0x14} {
		if mhz, ok := s.processor.word(at); ok && mhz > 100 && mhz < 20_000 {
			return int(mhz), true
		}
	}
	return 0, false
}

// model joins product name and version where the name alone tells a person
// nothing: Lenovo writes a type number into the name and the model's own name
// into the version.
func model(maker, product, version inventory.Fact[string]) inventory.Fact[string] {
	p, ok := product.Get()
	v, okVersion := version.Get()
	if !ok || !okVersion || !strings.EqualFold(maker.Or(""), "lenovo") || strings.EqualFold(v, "lenovo") {
		return product
	}
	return inventory.Known(clean(v + " (" + p + ")"))
}

// hypervisors maps what virtual machines' firmware says to the hypervisor.
var hypervisors = []struct{ maker, model, name string }{
	{"qemu", "", "QEMU"},
	{"red hat", "", "KVM"},
	{"", "kvm", "KVM"},
	{"vmware", "", "VMware"},
	{"innotek", "", "VirtualBox"},
	{"oracle", "virtualbox", "VirtualBox"},
	{"microsoft corporation", "virtual machine", "Hyper-V"},
	{"xen", "", "Xen"},
	{"parallels", "", "Parallels"},
	{"amazon ec2", "", "Amazon EC2"},
	{"google", "google compute", "Google Compute"},
	{"nutanix", "", "Nutanix AHV"},
	{"bochs", "", "Bochs"},
}

// hypervisor names the hypervisor that maker and model give away, or "".
func hypervisor(maker, model string) string {
	maker, model = strings.ToLower(maker), strings.ToLower(model)
	for _, h := range hypervisors {
		if strings.Contains(maker, h.maker) && strings.Contains(model, h.model) {
			return h.name
		}
	}
	return ""
}
