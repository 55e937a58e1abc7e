package collect

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"muster/inventory"
)

// Names of block devices that are not disks: loops, memory, mappings, optical.
var notDisks = []string{"loop", "ram", "zram", "dm-", "md", "sr", "fd", "nbd", "rbd", "drbd", "zd", "bcache"}

func (c *Collector) disks() inventory.Fact[[]inventory.Disk] {
	names, err := c.list("sys/block")
	if err != nil {
		return unknownErr[[]inventory.Disk](err)
	}
	disks := make([]inventory.Disk, 0, len(names))
	for _, name := range names {
		if slices.ContainsFunc(notDisks, func(p string) bool { return strings.HasPrefix(name, p) }) ||
			strings.Contains(name, "boot") || strings.Contains(name, "rpmb") {
			continue
		}
		sectors, err := c.readInt("sys/block/" + name + "/size")
		if err != nil || sectors == 0 { // a card reader without a card
			continue
		}
		disks = append(disks, c.disk(name, sectors*512))
	}
	return inventory.Known(disks)
}

func (c *Collector) disk(name string, size int64) inventory.Disk {
	dir := "sys/block/" + name + "/"
	removable, _ := c.readInt(dir + "removable")
	d := inventory.Disk{Name: clean(name), Bytes: size, Removable: removable == 1 || strings.Contains(c.trueDevice(dir), "/usb")}
	udev := c.udev(dir)
	maker, _ := c.readLine(dir + "device/vendor")
	maker = clean(maker)
	if maker == "ATA" || strings.HasPrefix(maker, "0x") {
		maker = ""
	}
	d.Model = c.diskText(udev["ID_MODEL"], dir+"device/model", dir+"device/name")
	if m, ok := d.Model.Get(); ok && maker != "" && !strings.HasPrefix(strings.ToLower(m), strings.ToLower(maker)) {
		d.Model = inventory.Known(clean(maker + " " + m))
	}
	d.Serial = c.diskText(udev["ID_SERIAL_SHORT"], dir+"device/serial", dir+"serial", dir+"device/vpd_pg80")
	d.Kind = c.diskKind(name, dir, d.Model.Or(""))
	return d
}

// diskText is the first of the files that holds a name, or what udev knows.
func (c *Collector) diskText(udev string, files ...string) inventory.Fact[string] {
	for _, file := range files {
		b, err := c.readBytes(file, maxLine)
		if strings.HasSuffix(file, "vpd_pg80") && len(b) > 4 {
			b = b[4:] // the page's header
		}
		if text := clean(string(bytes.TrimSpace(b))); err == nil && !placeholder(text) {
			return inventory.Known(text)
		}
	}
	if text := clean(udev); !placeholder(text) {
		return inventory.Known(text)
	}
	return inventory.Unknown[string]("the disk's driver gives no " + filepath.Base(files[0]))
}

func (c *Collector) diskKind(name, dir, model string) inventory.Fact[string] {
	device := c.trueDevice(dir)
	switch {
	case strings.HasPrefix(name, "vd"), strings.HasPrefix(name, "xvd"), strings.Contains(device, "/virtio"),
		strings.Contains(device, "/vmbus"), hypervisor(model, "") != "", strings.HasPrefix(strings.ToLower(model), "msft virtual"):
		return inventory.Known("virtual")
	case strings.HasPrefix(name, "nvme"):
		return inventory.Known("nvme")
	case strings.HasPrefix(name, "mmcblk"):
		return inventory.Known("ssd")
	}
	rotational, err := c.readInt(dir + "queue/rotational")
	switch {
	case err != nil:
		return unknownErr[string](err)
	case rotational == 0:
		return inventory.Known("ssd")
	case strings.Contains(device, "/usb"): // sticks are said to spin, too
		return inventory.Unknown[string]("a disk on USB does not say whether it spins")
	}
	return inventory.Known("hdd")
}

// trueDevice is the path in /sys/devices behind a link, without the root.
func (c *Collector) trueDevice(name string) string {
	target, err := filepath.EvalSymlinks(c.path(name))
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(target, strings.TrimSuffix(c.root, "/"))
}

// udev is what the device manager keeps of a block device.
func (c *Collector) udev(dir string) map[string]string {
	number, err := c.readLine(dir + "dev")
	if err != nil {
		return nil
	}
	b, err := c.readBytes("run/udev/data/b"+filepath.Base(number), 64<<10)
	if err != nil {
		return nil
	}
	known := make(map[string]string)
	for line := range strings.Lines(string(b)) {
		if key, value, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "E:"), "="); ok && strings.HasPrefix(line, "E:ID_") {
			known[key] = strings.ReplaceAll(value, "_", " ")
		}
	}
	return known
}

// disksBelow names the disks that hold a mount: through partitions, mappings
// (LVM, LUKS) and RAID sets.
func (c *Collector) disksBelow(m mount) []string {
	name := ""
	if target, err := os.Readlink(c.path("sys/dev/block/" + m.device)); err == nil {
		name = filepath.Base(target)
	} else if source, ok := strings.CutPrefix(m.source, "/dev/"); ok {
		name = filepath.Base(source) // btrfs has a device number of its own
	}
	if name == "" {
		return nil
	}
	return c.disksUnder(name, 0)
}

func (c *Collector) disksUnder(name string, depth int) []string {
	dir := "sys/class/block/" + name
	if depth > 8 || !c.exists(dir) {
		return nil
	}
	if c.exists(dir + "/partition") {
		return c.disksUnder(filepath.Base(filepath.Dir(c.trueDevice(dir))), depth+1)
	}
	below, err := c.list(dir + "/slaves")
	if err != nil || len(below) == 0 {
		return []string{name}
	}
	var disks []string
	for _, b := range below {
		disks = append(disks, c.disksUnder(b, depth+1)...)
	}
	return disks
}
