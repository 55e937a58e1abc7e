package collect

import (
	"context"
	"unsafe"

	"muster/inventory"
	"muster/inventory/wire"
)

// powerStatus is SYSTEM_POWER_STATUS.
type powerStatus struct {
	acLine, batteryFlag, percent, saver uint8
	seconds, fullSeconds                uint32
}

const (
	noBattery      = 0x80
	unknownBattery = 0xff
)

func readPower() (powerStatus, bool) {
	var p powerStatus
	if getSystemPowerStatus.Find() != nil {
		return p, false
	}
	ok, _, _ := getSystemPowerStatus.Call(uintptr(unsafe.Pointer(&p)))
	return p, ok != 0
}

func (p powerStatus) source() wire.PowerSource {
	switch {
	case p.batteryFlag != unknownBattery && p.batteryFlag&noBattery != 0, p.acLine == 1:
		return wire.PowerMains
	case p.acLine == 0:
		return wire.PowerBattery
	}
	return wire.PowerUnknown
}

func (c *Collector) battery(ctx context.Context) inventory.Fact[inventory.Battery] {
	p, ok := readPower()
	switch {
	case !ok || p.batteryFlag == unknownBattery:
		return inventory.Unknown[inventory.Battery]("Windows does not know the state of the battery")
	case p.batteryFlag&noBattery != 0:
		return inventory.Known(inventory.Battery{})
	}
	b := inventory.Battery{Present: true, OnMains: p.acLine == 1}
	if p.percent <= 100 {
		b.ChargePercent = int(p.percent)
	}
	type static struct{ DesignedCapacity uint32 }
	type full struct{ FullChargedCapacity uint32 }
	type cycles struct{ CycleCount uint32 }
	if rows, err := query[static](ctx, c, `root\wmi`, "SELECT DesignedCapacity FROM BatteryStaticData"); err == nil && len(rows) > 0 {
		b.DesignMilliwattH = int(rows[0].DesignedCapacity)
	}
	rows, err := query[full](ctx, c, `root\wmi`, "SELECT FullChargedCapacity FROM BatteryFullChargedCapacity")
	if err == nil && len(rows) > 0 && b.DesignMilliwattH > 0 {
		b.HealthPercent = min(int(rows[0].FullChargedCapacity)*100/b.DesignMilliwattH, 100)
	}
	if rows, err := query[cycles](ctx, c, `root\wmi`, "SELECT CycleCount FROM BatteryCycleCount"); err == nil && len(rows) > 0 {
		b.Cycles = int(rows[0].CycleCount)
	}
	return inventory.Known(b)
}
