package collect

import (
	"context"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"muster/inventory"
)

// Setup classes of Windows.
var (
	classNet     = windows.GUID{Data1: 0x4d36e972, Data2: 0xe325, Data3: 0x11ce, Data4: [8]byte{0xbf, 0xc1, 0x08, 0x00, 0x2b, 0xe1, 0x03, 0x18}}
	classDisplay = windows.GUID{Data1: 0x4d36e968, Data2: 0xe325, Data3: 0x11ce, Data4: [8]byte{0xbf, 0xc1, 0x08, 0x00, 0x2b, 0xe1, 0x03, 0x18}}
	classMonitor = windows.GUID{Data1: 0x4d36e96e, Data2: 0xe325, Data3: 0x11ce, Data4: [8]byte{0xbf, 0xc1, 0x08, 0x00, 0x2b, 0xe1, 0x03, 0x18}}
)

const (
	setupPatience = 5 * time.Second
	maxInstances  = 256
)

// instance is one present device of a setup class.
type instance struct {
	id      string // PCI\VEN_8086&DEV_…
	name    string
	driver  string // key below Control\Class: {…}\0001
	monitor string // of the class Monitor: its name from the EDID
}

// present lists the devices of a class that are there now.
func (c *Collector) present(ctx context.Context, class windows.GUID, what string) ([]instance, error) {
	return within(ctx, &c.patience, "the list of "+what, setupPatience, func() ([]instance, error) {
		set, err := windows.SetupDiGetClassDevsEx(&class, "", 0, windows.DIGCF_PRESENT, 0, "")
		if err != nil {
			return nil, err
		}
		defer set.Close() // opened for reading
		var found []instance
		for n := range maxInstances {
			d, err := set.EnumDeviceInfo(n)
			if err != nil {
				break // no more of them
			}
			found = append(found, describe(set, d, class == classMonitor))
		}
		return found, nil
	})
}

func describe(set windows.DevInfo, d *windows.DevInfoData, monitor bool) instance {
	var i instance
	i.id, _ = set.DeviceInstanceID(d)
	for _, property := range []windows.SPDRP{windows.SPDRP_FRIENDLYNAME, windows.SPDRP_DEVICEDESC} {
		if text, err := set.DeviceRegistryProperty(d, property); err == nil && i.name == "" {
			s, _ := text.(string)
			i.name = clean(s)
		}
	}
	if text, err := set.DeviceRegistryProperty(d, windows.SPDRP_DRIVER); err == nil {
		i.driver, _ = text.(string)
	}
	if monitor {
		i.monitor = edidName(set, d)
	}
	return i
}

// edidName is the monitor's name from the EDID that its driver stored.
func edidName(set windows.DevInfo, d *windows.DevInfoData) string {
	handle, err := set.OpenDevRegKey(d, windows.DICS_FLAG_GLOBAL, 0, windows.DIREG_DEV, windows.KEY_READ)
	if err != nil {
		return ""
	}
	k := registry.Key(handle)
	defer k.Close() // opened for reading
	edid, _, err := k.GetBinaryValue("EDID")
	if err != nil || len(edid) > maxEDID {
		return ""
	}
	name, err := monitorName(edid)
	if err != nil {
		return ""
	}
	return name
}

func (c *Collector) displays(ctx context.Context) (inventory.Fact[[]string], inventory.Fact[string]) {
	adapters, err := c.present(ctx, classDisplay, "graphics adapters")
	if err != nil {
		return unknownErr[[]string](err), unknownErr[string](err)
	}
	names := make([]string, 0, len(adapters)+2)
	driver := inventory.Unknown[string]("there is no graphics adapter")
	for n, a := range adapters {
		names = append(names, a.name)
		if n == 0 {
			driver = registryText(registry.LOCAL_MACHINE, `SYSTEM\CurrentControlSet\Control\Class\`+a.driver, "DriverVersion")
		}
	}
	monitors, err := c.present(ctx, classMonitor, "monitors")
	if err != nil {
		return unknownErr[[]string](err), driver
	}
	for _, m := range monitors {
		if m.monitor == "" {
			m.monitor = m.name
		}
		names = append(names, m.monitor)
	}
	return inventory.Known(names), driver
}
