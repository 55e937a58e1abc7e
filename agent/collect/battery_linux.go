package collect

import (
	"errors"
	"io/fs"

	"muster/inventory"
	"muster/inventory/wire"
)

const powerSupply = "sys/class/power_supply/"

// supplies are the machine's own batteries and its mains adapters. Batteries of
// a mouse or a headset have the scope Device.
func (c *Collector) supplies() (batteries, mains []string, err error) {
	names, err := c.list(powerSupply)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range names {
		scope, _ := c.readLine(powerSupply + name + "/scope")
		kind, err := c.readLine(powerSupply + name + "/type")
		switch {
		case err != nil || scope == "Device":
		case kind == "Battery":
			batteries = append(batteries, powerSupply+name+"/")
		case kind == "Mains" || kind == "USB":
			mains = append(mains, powerSupply+name+"/")
		}
	}
	return batteries, mains, nil
}

func (c *Collector) battery() inventory.Fact[inventory.Battery] {
	batteries, mains, err := c.supplies()
	if errors.Is(err, fs.ErrNotExist) {
		return inventory.Unknown[inventory.Battery]("the kernel does not watch power supplies")
	}
	if err != nil {
		return unknownErr[inventory.Battery](err)
	}
	if len(batteries) == 0 {
		return inventory.Known(inventory.Battery{})
	}
	dir := batteries[0]
	b := inventory.Battery{Present: true, OnMains: c.power(batteries, mains) == wire.PowerMains}
	if present, err := c.readInt(dir + "present"); err == nil && present == 0 {
		return inventory.Known(inventory.Battery{}) // the bay is empty
	}
	b.ChargePercent = c.percentage(dir + "capacity")
	cycles, _ := c.readInt(dir + "cycle_count")
	b.Cycles = int(max(cycles, 0))
	full, design := c.fullAndDesign(dir)
	if design > 0 && full > 0 {
		b.HealthPercent = int(min(full*100/design, 100))
	}
	b.DesignMilliwattH = int(design / 1000)
	return inventory.Known(b)
}

func (c *Collector) percentage(file string) int {
	n, err := c.readInt(file)
	if err != nil || n < 0 || n > 100 {
		return 0
	}
	return int(n)
}

// fullAndDesign are the battery's present and designed capacity in µWh; where it
// counts charge, the designed voltage turns µAh into µWh.
func (c *Collector) fullAndDesign(dir string) (full, design int64) {
	full, errFull := c.readInt(dir + "energy_full")
	design, errDesign := c.readInt(dir + "energy_full_design")
	if errFull == nil && errDesign == nil {
		return full, design
	}
	full, _ = c.readInt(dir + "charge_full")
	design, _ = c.readInt(dir + "charge_full_design")
	microvolts, err := c.readInt(dir + "voltage_min_design")
	if err != nil {
		return 0, 0
	}
	return full * (microvolts / 1000) / 1000, design * (microvolts / 1000) / 1000
}

// power says where the machine's power comes from. A machine with no battery is
// on mains, or it would not answer.
func (c *Collector) power(batteries, mains []string) wire.PowerSource {
	for _, dir := range mains {
		if online, err := c.readInt(dir + "online"); err == nil && online > 0 {
			return wire.PowerMains
		}
	}
	if len(batteries) == 0 {
		return wire.PowerMains
	}
	status, err := c.readLine(batteries[0] + "status")
	switch {
	case err != nil:
		return wire.PowerUnknown
	case status == "Discharging":
		return wire.PowerBattery
	case status == "Charging" || status == "Full" || status == "Not charging":
		return wire.PowerMains
	}
	return wire.PowerUnknown
}
