package collect

import (
	"strings"

	"muster/inventory"
)

// displays names graphics adapters and the monitors connected now, and the
// driver of the first adapter.
func (c *Collector) displays() (inventory.Fact[[]string], inventory.Fact[string]) {
	cards, err := c.list("sys/class/drm")
	pci := c.pciAdapters()
	if err != nil && len(pci) == 0 && !c.exists("sys/bus/pci/devices") {
		why := "the kernel has neither a graphics driver nor a PCI bus"
		return inventory.Unknown[[]string](why), inventory.Unknown[string](why)
	}
	names := make([]string, 0, 4)
	driver := inventory.Unknown[string]("there is no graphics adapter")
	for n, dir := range append(pci, c.otherAdapters(cards)...) {
		names = append(names, c.adapterName(dir))
		if d := c.driver(dir + "/driver"); n == 0 || !driver.Known() {
			driver = d
		}
	}
	for _, card := range cards {
		if strings.Contains(card, "-") && len(names) < 32 {
			if name, ok := c.monitor("sys/class/drm/" + card); ok {
				names = append(names, name)
			}
		}
	}
	return inventory.Known(names), driver
}

// pciAdapters are the PCI functions of class 03, with or without a driver.
func (c *Collector) pciAdapters() []string {
	slots, err := c.list("sys/bus/pci/devices")
	if err != nil {
		return nil
	}
	var adapters []string
	for _, slot := range slots {
		dir := "sys/bus/pci/devices/" + slot
		if class, err := c.readLine(dir + "/class"); err == nil && strings.HasPrefix(class, "0x03") {
			adapters = append(adapters, dir)
		}
	}
	return adapters
}

// otherAdapters are cards that are not on PCI, as on most arm64 machines.
func (c *Collector) otherAdapters(cards []string) []string {
	var adapters []string
	for _, card := range cards {
		dir := "sys/class/drm/" + card + "/device"
		if numbered(card, "card") && !strings.Contains(c.trueDevice(dir), "/pci") {
			adapters = append(adapters, dir)
		}
	}
	return adapters
}

func (c *Collector) adapterName(dir string) string {
	vendor, errVendor := c.readLine(dir + "/vendor")
	device, errDevice := c.readLine(dir + "/device")
	if errVendor == nil && errDevice == nil {
		return c.pciName(strings.TrimPrefix(vendor, "0x"), strings.TrimPrefix(device, "0x"))
	}
	if driver, err := c.linkBase(dir + "/driver"); err == nil {
		return clean(driver + " graphics")
	}
	return "unnamed graphics adapter"
}

func (c *Collector) monitor(dir string) (string, bool) {
	if status, err := c.readLine(dir + "/status"); err != nil || status != "connected" {
		return "", false
	}
	edid, err := c.readBytes(dir+"/edid", maxEDID)
	if err == nil {
		var name string
		if name, err = monitorName(edid); err == nil {
			return name, true
		}
	}
	return "monitor (" + err.Error() + ")", true
}
