package collect

import (
	"net"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"muster/inventory"
)

// nics lists the network cards: interfaces with hardware behind them. Bridges,
// tunnels and containers' interfaces come and go and are no hardware.
func (c *Collector) nics() inventory.Fact[[]inventory.NIC] {
	names, err := c.list("sys/class/net")
	if err != nil {
		return unknownErr[[]inventory.NIC](err)
	}
	nics := make([]inventory.NIC, 0, len(names))
	for _, name := range names {
		kind, err := c.readInt("sys/class/net/" + name + "/type")
		if err != nil || kind != 1 || !c.exists("sys/class/net/"+name+"/device") { // 1 is Ethernet, Wi-Fi included
			continue
		}
		nics = append(nics, c.nic(name))
	}
	return inventory.Known(nics)
}

func (c *Collector) nic(name string) inventory.NIC {
	dir := "sys/class/net/" + name + "/"
	n := inventory.NIC{Name: clean(name), MAC: c.permanentMAC(name), Kind: "ethernet", Driver: c.driver(dir + "device/driver")}
	device := c.trueDevice(dir + "device")
	switch {
	case c.exists(dir+"wireless") || c.exists(dir+"phy80211"):
		n.Kind = "wifi"
	case virtualNIC(device, n.Driver.Or("")):
		n.Kind = "virtual"
	}
	n.BuiltIn = n.Kind != "virtual" && !c.pluggedIn(dir, device)
	n.Carrier, n.Mbps = c.link(dir, n.Kind)
	return n
}

func virtualNIC(device, driver string) bool {
	switch driver {
	case "virtio_net", "vmxnet3", "hv_netvsc", "xen_netfront", "ena", "gve", "veth", "e1000-virtual", "netdevsim":
		return true
	}
	return strings.Contains(device, "/virtio") || strings.Contains(device, "/vmbus")
}

// pluggedIn reports whether a card hangs on something that a person can pull:
// the kernel says so (a Thunderbolt dock), or it is on USB and not soldered.
func (c *Collector) pluggedIn(dir, device string) bool {
	for _, up := range []string{"device/", "device/../"} {
		switch removable, err := c.readLine(dir + up + "removable"); {
		case err == nil && removable == "removable":
			return true
		case err == nil && removable == "fixed":
			return false
		}
	}
	return strings.Contains(device, "/usb")
}

func (c *Collector) driver(link string) inventory.Fact[string] {
	name, err := c.linkBase(link)
	if err != nil {
		return inventory.Unknown[string]("no driver is bound")
	}
	return named("the driver's name", name)
}

// link reads carrier and speed, which the kernel refuses to say of an interface
// that is switched off.
func (c *Collector) link(dir, kind string) (inventory.Fact[bool], inventory.Fact[int]) {
	carrier, err := c.readInt(dir + "carrier")
	if err != nil {
		return inventory.Unknown[bool]("the interface is switched off"), inventory.Unknown[int]("the interface is switched off")
	}
	if carrier == 0 {
		return inventory.Known(false), inventory.Unknown[int]("there is no carrier")
	}
	mbps, err := c.readInt(dir + "speed")
	switch {
	case err == nil && mbps > 0 && mbps < 1<<30:
		return inventory.Known(true), inventory.Known(int(mbps))
	case kind == "wifi":
		return inventory.Known(true), inventory.Unknown[int]("the rate of Wi-Fi changes from moment to moment")
	}
	return inventory.Known(true), inventory.Unknown[int]("the driver gives no speed")
}

// permanentMAC is the address burnt into the card, whatever the interface uses
// now: Wi-Fi may send a random one.
func (c *Collector) permanentMAC(name string) string {
	if c.live {
		if mac := ethtoolAddress(name); mac != "" {
			return mac
		}
	}
	if mac, err := c.readLine("sys/class/net/" + name + "/phy80211/macaddress"); err == nil && inventory.CanonicalMAC(mac) != "" {
		return inventory.CanonicalMAC(mac)
	}
	mac, err := c.readLine("sys/class/net/" + name + "/address")
	if err != nil {
		return ""
	}
	return inventory.CanonicalMAC(mac)
}

// ethtoolAddress asks the driver (ETHTOOL_GPERMADDR); it needs no privilege.
func ethtoolAddress(name string) string {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil || len(name) >= unix.IFNAMSIZ {
		return ""
	}
	defer unix.Close(fd) // a socket for one question
	question := struct {
		command, size uint32
		address       [32]byte
	}{command: unix.ETHTOOL_GPERMADDR, size: 32}
	request := struct {
		name [unix.IFNAMSIZ]byte
		data unsafe.Pointer
		_    [16]byte
	}{data: unsafe.Pointer(&question)}
	copy(request.name[:], name)
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request)))
	if errno != 0 || question.size != 6 {
		return ""
	}
	mac := net.HardwareAddr(question.address[:6])
	if mac.String() == "00:00:00:00:00:00" {
		return ""
	}
	return mac.String()
}
