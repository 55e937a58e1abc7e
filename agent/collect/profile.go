package collect

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"muster/inventory"
)

// macProfile is what we use of `system_profiler -json`. Its texts are for
// people ("16 GB"), its keys stable since macOS 10.15.
type macProfile struct {
	Hardware []struct {
		Name     string `json:"machine_name"`
		Model    string `json:"machine_model"`
		Serial   string `json:"serial_number"`
		UUID     string `json:"platform_UUID"`
		Firmware string `json:"boot_rom_version"`
	} `json:"SPHardwareDataType"`
	Memory []struct {
		Kind  string `json:"dimm_type"`
		Maker string `json:"dimm_manufacturer"`
		Size  string `json:"SPMemoryDataType"`
	} `json:"SPMemoryDataType"`
	NVMe []struct {
		Items []macDisk `json:"_items"`
	} `json:"SPNVMeDataType"`
	SATA []struct {
		Items []macDisk `json:"_items"`
	} `json:"SPSerialATADataType"`
	Displays []struct {
		Model    string `json:"sppci_model"`
		Monitors []struct {
			Name string `json:"_name"`
		} `json:"spdisplays_ndrvs"`
	} `json:"SPDisplaysDataType"`
	Power []struct {
		Health struct {
			Cycles   int    `json:"sppower_battery_cycle_count"`
			Capacity string `json:"sppower_battery_health_maximum_capacity"`
		} `json:"sppower_battery_health_info"`
		Charge struct {
			Percent int `json:"sppower_battery_state_of_charge"`
		} `json:"sppower_battery_charge_info"`
	} `json:"SPPowerDataType"`
	Applications []struct {
		Name    string `json:"_name"`
		Version string `json:"version"`
		From    string `json:"obtained_from"`
		Path    string `json:"path"`
	} `json:"SPApplicationsDataType"`
}

type macDisk struct {
	Name   string `json:"bsd_name"`
	Model  string `json:"device_model"`
	Serial string `json:"device_serial"`
	Bytes  int64  `json:"size_in_bytes"`
	Medium string `json:"spsata_medium_type"`
}

func parseProfile(b []byte) (macProfile, error) {
	var p macProfile
	if err := json.Unmarshal(b, &p); err != nil {
		return p, fmt.Errorf("cannot read system_profiler's answer: %w", err)
	}
	return p, nil
}

func (p macProfile) disks() []inventory.Disk {
	disks := make([]inventory.Disk, 0, 2)
	add := func(d macDisk, kind string) {
		if d.Bytes > 0 && len(disks) < 64 {
			disks = append(disks, inventory.Disk{
				Name: clean(d.Name), Bytes: d.Bytes, Kind: inventory.Known(kind),
				Model: named("the disk's model", d.Model), Serial: named("the disk's serial number", d.Serial),
			})
		}
	}
	for _, bus := range p.NVMe {
		for _, d := range bus.Items {
			add(d, "nvme")
		}
	}
	for _, bus := range p.SATA {
		for _, d := range bus.Items {
			kind := "hdd"
			if strings.Contains(strings.ToLower(d.Medium), "solid") {
				kind = "ssd"
			}
			add(d, kind)
		}
	}
	return disks
}

// battery finds the battery, if there is one; the capacity is "87%".
func (p macProfile) battery() (inventory.Battery, bool) {
	for _, item := range p.Power {
		if item.Health.Capacity == "" && item.Health.Cycles == 0 {
			continue
		}
		health, err := strconv.Atoi(strings.TrimSuffix(item.Health.Capacity, "%"))
		if err != nil {
			health = 0
		}
		return inventory.Battery{
			Present: true, ChargePercent: item.Charge.Percent, HealthPercent: health, Cycles: item.Health.Cycles,
		}, true
	}
	return inventory.Battery{}, false
}

// programs leaves out what lies in a person's own folder and Apple's own parts.
func (p macProfile) programs() []inventory.Program {
	var programs []inventory.Program
	for _, a := range p.Applications {
		if strings.HasPrefix(a.Path, "/Users/") || strings.HasPrefix(a.Path, "/System/") || len(programs) == 15_000 {
			continue
		}
		programs = append(programs, inventory.Program{Name: clean(a.Name), Version: clean(a.Version), Source: "app"})
	}
	return programs
}
