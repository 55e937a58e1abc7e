package collect

import (
	"bufio"
	"bytes"
	"strconv"
	"strings"

	"muster/inventory"
)

// processors is what /proc/cpuinfo says of the first processor, with the number of
// processors and of distinct cores.
type processors struct {
	first   map[string]string
	threads int
	cores   int // 0: the file does not say
}

// parseProcessors reads the text of /proc/cpuinfo, of x86 or of arm64.
func parseProcessors(text []byte) processors {
	p := processors{first: make(map[string]string)}
	cores := make(map[[2]string]bool)
	var pkg string
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(make([]byte, 0, 16<<10), 256<<10)
	for lines.Scan() {
		key, value, ok := strings.Cut(lines.Text(), ":")
		key, value = strings.TrimSpace(key), clean(value)
		if !ok || key == "" {
			continue
		}
		switch key {
		case "processor":
			p.threads++
		case "physical id":
			pkg = value
		case "core id":
			cores[[2]string{pkg, value}] = true
		}
		if _, seen := p.first[key]; !seen && len(p.first) < 64 {
			if key == "flags" || key == "Features" {
				value = " " + strings.TrimSpace(lines.Text()[strings.Index(lines.Text(), ":")+1:]) + " "
			}
			p.first[key] = value
		}
	}
	p.cores = len(cores)
	return p
}

func (p processors) has(flag string) bool { return strings.Contains(p.first["flags"], " "+flag+" ") }

// number is a decimal or 0x number of the first processor.
func (p processors) number(key string) inventory.Fact[int] {
	value, ok := p.first[key]
	if !ok {
		return inventory.Unknown[int]("/proc/cpuinfo has no " + key)
	}
	n, err := strconv.ParseInt(value, 0, 32)
	if err != nil {
		return inventory.Unknown[int]("/proc/cpuinfo gives " + key + " as \"" + value + "\"")
	}
	return inventory.Known(int(n))
}

// cpu turns the file into facts. On arm64 family is the architecture version,
// model the part number and stepping 16·variant + revision (r1p2 is 18), as the
// MIDR register has them.
func (p processors) cpu() inventory.CPU {
	if _, arm := p.first["CPU implementer"]; arm {
		return p.armCPU()
	}
	c := inventory.CPU{
		Name: p.text("model name"), Vendor: p.text("vendor_id"),
		Family: p.number("cpu family"), Model: p.number("model"), Stepping: p.number("stepping"),
	}
	return c
}

func (p processors) text(key string) inventory.Fact[string] {
	if v, ok := p.first[key]; ok && v != "" {
		return inventory.Known(v)
	}
	return inventory.Unknown[string]("/proc/cpuinfo has no " + key)
}

func (p processors) armCPU() inventory.CPU {
	c := inventory.CPU{
		Vendor: p.text("CPU implementer"),
		Family: p.number("CPU architecture"), Model: p.number("CPU part"), Stepping: p.number("CPU revision"),
	}
	implementer, _ := p.number("CPU implementer").Get()
	if name, ok := armMakers[implementer]; ok {
		c.Vendor = inventory.Known(name)
	}
	if variant, ok := p.number("CPU variant").Get(); ok {
		if revision, ok := c.Stepping.Get(); ok {
			c.Stepping = inventory.Known(variant<<4 | revision)
		}
	}
	part := c.Model.Or(0)
	name, ok := armParts[[2]int{implementer, part}]
	if !ok {
		c.Name = inventory.Unknown[string]("no name is known for CPU part " + p.first["CPU part"])
		return c
	}
	c.Name = inventory.Known(name)
	return c
}

// armMakers and armParts are from Arm's and the makers' own technical manuals.
var armMakers = map[int]string{
	0x41: "ARM", 0x42: "Broadcom", 0x43: "Cavium", 0x46: "Fujitsu", 0x48: "HiSilicon", 0x4e: "NVIDIA",
	0x51: "Qualcomm", 0x53: "Samsung", 0x61: "Apple", 0x6d: "Microsoft", 0xc0: "Ampere",
}

var armParts = map[[2]int]string{
	{0x41, 0xd03}: "Cortex-A53", {0x41, 0xd04}: "Cortex-A35", {0x41, 0xd05}: "Cortex-A55", {0x41, 0xd07}: "Cortex-A57",
	{0x41, 0xd08}: "Cortex-A72", {0x41, 0xd09}: "Cortex-A73", {0x41, 0xd0a}: "Cortex-A75", {0x41, 0xd0b}: "Cortex-A76",
	{0x41, 0xd0c}: "Neoverse-N1", {0x41, 0xd0d}: "Cortex-A77", {0x41, 0xd40}: "Neoverse-V1", {0x41, 0xd41}: "Cortex-A78",
	{0x41, 0xd44}: "Cortex-X1", {0x41, 0xd49}: "Neoverse-N2", {0x41, 0xd4f}: "Neoverse-V2",
	{0x51, 0x001}: "Oryon", {0x51, 0x804}: "Kryo 4xx Gold", {0x61, 0x022}: "Apple M1 Icestorm", {0x61, 0x023}: "Apple M1 Firestorm",
	{0xc0, 0xac3}: "Ampere-1", {0xc0, 0xac4}: "Ampere-1a",
}
