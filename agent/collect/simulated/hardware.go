package simulated

import (
	"context"
	"fmt"

	"muster/inventory"
)

// junkUUID is one that is burnt into many boards of one maker.
const junkUUID = "03000200-0400-0500-0006-000700080009"

// Hardware is what the machine is made of.
func (m *Machine) Hardware(context.Context) inventory.Hardware {
	p := m.product
	hw := inventory.Hardware{
		Maker: inventory.Known(p.maker), Model: inventory.Known(p.model), Serial: inventory.Known(m.serial),
		UUID: inventory.Known(uuid(m.dice, "uuid")), Chassis: inventory.Known(p.chassis), CPU: m.processor(),
		MemoryModules: inventory.Known(m.modules()), NICs: inventory.Known(m.nics()),
		Displays: inventory.Known(m.displays()), DisplayDriver: inventory.Known(m.displayDriver()),
		Battery: inventory.Known(m.battery()), Virtualisation: inventory.Known("none"),
	}
	// What the system can use is a little less than what is plugged in.
	hw.MemoryBytes = inventory.Known(m.memory() - int64(120+m.dice.below("reserved", 300))<<20)
	disk := m.disk()
	hw.Disks, hw.SystemDiskBytes = inventory.Known([]inventory.Disk{disk}), inventory.Known(disk.Bytes)
	if p.junk {
		why := "the firmware holds only the placeholder \"To Be Filled By O.E.M.\""
		hw.Maker, hw.Model, hw.Serial = unknown[string](why), unknown[string](why), unknown[string](why)
		hw.UUID = unknown[string]("the firmware's UUID " + junkUUID + " identifies nothing")
	}
	m.lose(&hw)
	return hw
}

// lose makes one machine in thirty fail a reading, as some do in any estate.
func (m *Machine) lose(hw *inventory.Hardware) {
	if !m.dice.chance("loses", 30) {
		return
	}
	switch m.dice.below("loses what", 5) {
	case 0:
		why := "WMI did not answer within 20s"
		hw.Disks, hw.SystemDiskBytes = unknown[[]inventory.Disk](why), unknown[int64](why)
	case 1:
		hw.MemoryModules = unknown[[]inventory.Module]("the SMBIOS table is damaged at structure 31")
	case 2:
		hw.UUID = unknown[string]("the firmware's UUID ffffffff-ffff-ffff-ffff-ffffffffffff identifies nothing")
	case 3:
		hw.Displays = unknown[[]string]("the list of monitors did not answer within 5s")
	default:
		hw.Serial = unknown[string]("the serial number holds only the placeholder \"Default string\"")
	}
}

// Identity is what tells it from another. Only what Hardware could read is in it.
func (m *Machine) Identity(ctx context.Context) inventory.Identity {
	hw := m.Hardware(ctx)
	id := inventory.Identity{UUID: hw.UUID.Or(""), Serial: hw.Serial.Or("")}
	for _, nic := range hw.NICs.Or(nil) {
		if nic.BuiltIn {
			id.MACs = append(id.MACs, nic.MAC)
		}
	}
	return id
}

func (m *Machine) processor() inventory.CPU {
	c := m.cpu
	return inventory.CPU{
		Name: inventory.Known(c.name), Vendor: inventory.Known(c.vendor), Architecture: inventory.Known("amd64"),
		Family: inventory.Known(c.family), Model: inventory.Known(c.model), Stepping: inventory.Known(c.stepping),
		Cores: inventory.Known(c.cores), Threads: inventory.Known(c.threads), MHz: inventory.Known(c.mhz),
	}
}

// memory is what is plugged in.
func (m *Machine) memory() int64 { return one(m.dice, "memory", m.product.memory) * gib }

func (m *Machine) modules() []inventory.Module {
	p := m.product
	makers := []string{"Samsung", "SK Hynix", "Micron", "Kingston"}
	module := inventory.Module{
		Bytes: m.memory(), Kind: p.memoryKind, MHz: p.memoryMHz, Maker: one(m.dice, "module", makers), Populated: true,
		PartNo: fmt.Sprintf("M%dA1G%02dCB", 300+m.dice.below("part", 200), m.dice.below("part2", 90)+10),
	}
	if p.soldered {
		module.Slot = "Motherboard"
		return []inventory.Module{module}
	}
	pair := m.dice.chance("pair", 2) && module.Bytes >= 8*gib
	first, second := module, inventory.Module{Slot: "DIMM2"}
	first.Slot, first.SerialNo = "DIMM1", fmt.Sprintf("%08X", uint32(m.dice.draw("module1")))
	if pair {
		first.Bytes /= 2
		second = first
		second.Slot, second.SerialNo = "DIMM2", fmt.Sprintf("%08X", uint32(m.dice.draw("module2")))
	}
	return []inventory.Module{first, second}
}

func (m *Machine) disk() inventory.Disk {
	p := m.product
	return inventory.Disk{
		Name: "PhysicalDrive0", Model: inventory.Known(p.diskModel), Kind: inventory.Known(p.disk),
		Serial: inventory.Known(fmt.Sprintf("S%013X", m.dice.draw("disk")>>12)), Bytes: one(m.dice, "size", p.sizes)*gb + 60_514_304,
	}
}

func (m *Machine) nics() []inventory.NIC {
	var nics []inventory.NIC
	if m.product.wired {
		n := inventory.NIC{
			Name: "Ethernet", MAC: m.mac(m.product.mac), Kind: "ethernet", Driver: inventory.Known("Intel(R) Ethernet Connection I219-LM"),
			Mbps: inventory.Known(1000), Carrier: inventory.Known(true), BuiltIn: true,
		}
		if m.dice.chance("slow", 40) { // an old switch, or a cable with a broken pair
			n.Mbps = inventory.Known(100)
		}
		nics = append(nics, n)
	}
	if m.product.wifi {
		prefix := "a0:a4:c5"
		nics = append(nics, inventory.NIC{
			Name: "Wi-Fi", MAC: m.mac(prefix), Kind: "wifi", Driver: inventory.Known("Intel(R) Wi-Fi 6 AX201 160MHz"),
			Mbps: unknown[int]("the rate of Wi-Fi changes from moment to moment"), Carrier: inventory.Known(!m.product.wired), BuiltIn: true,
		})
	}
	return nics
}

func (m *Machine) mac(prefix string) string {
	n := m.dice.number24()
	return fmt.Sprintf("%s:%02x:%02x:%02x", prefix, byte(n>>16), byte(n>>8), byte(n))
}

func (m *Machine) displays() []string {
	monitors := []string{"Dell P2419H", "HP E243", "Iiyama PL2483H", "Lenovo T24i-10", "Samsung S24E450", "Philips 241B7Q"}
	names := []string{m.cpu.adapter}
	if !m.product.laptop() || m.dice.chance("docked", 2) {
		names = append(names, one(m.dice, "monitor", monitors))
	}
	if m.dice.chance("second monitor", 3) {
		names = append(names, one(m.dice, "monitor", monitors))
	}
	return names
}

func (m *Machine) displayDriver() string {
	if m.cpu.vendor == amd {
		return fmt.Sprintf("31.0.%d.%d", 12000+m.dice.below("driver", 9000), m.dice.below("driver2", 4000))
	}
	return fmt.Sprintf("31.0.101.%d", 2100+m.dice.below("driver", 30))
}

func (m *Machine) battery() inventory.Battery {
	p := m.product
	if !p.laptop() {
		return inventory.Battery{}
	}
	age := max(m.now().Year()-p.year, 0)
	b := inventory.Battery{
		Present: true, DesignMilliwattH: p.batteryMWh, OnMains: m.onMains(), ChargePercent: 100,
		HealthPercent: max(100-age*5-m.dice.below("battery", 15), 21), Cycles: 40 + age*70 + m.dice.below("cycles", 120),
	}
	if !b.OnMains {
		b.ChargePercent = 95 - int(m.now().Unix()%3600/60)
	}
	return b
}
