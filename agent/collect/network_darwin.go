package collect

import (
	"bytes"
	"context"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"muster/inventory"
	"muster/inventory/wire"
)

// ports maps interface names to what networksetup calls their port: "Wi-Fi",
// "Ethernet", "USB 10/100/1000 LAN".
func ports(ctx context.Context) map[string]string {
	out, err := ask(ctx, 10*time.Second, "/usr/sbin/networksetup", "-listallhardwareports")
	if err != nil {
		return nil
	}
	found, port := make(map[string]string), ""
	for line := range strings.Lines(string(out)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "Hardware Port: "); ok {
			port = clean(name)
		}
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "Device: "); ok {
			found[name] = port
		}
	}
	return found
}

func (c *Collector) nics(ctx context.Context) inventory.Fact[[]inventory.NIC] {
	interfaces, err := net.Interfaces()
	if err != nil {
		return unknownErr[[]inventory.NIC](err)
	}
	known := ports(ctx)
	nics := make([]inventory.NIC, 0, 4)
	for _, i := range interfaces {
		port, ok := known[i.Name]
		if !ok || len(i.HardwareAddr) != 6 || len(nics) == 64 {
			continue
		}
		n := inventory.NIC{
			Name: i.Name, MAC: i.HardwareAddr.String(), Kind: "ethernet", Driver: inventory.Unknown[string]("macOS brings its own"),
			Mbps: inventory.Unknown[int]("macOS gives no speed"), Carrier: inventory.Known(i.Flags&net.FlagRunning != 0),
			BuiltIn: port == "Wi-Fi" || port == "Ethernet",
		}
		switch {
		case port == "Wi-Fi":
			n.Kind = "wifi"
		case strings.Contains(port, "Thunderbolt") || strings.Contains(port, "Bridge"):
			n.Kind = "virtual"
		}
		nics = append(nics, n)
	}
	return inventory.Known(nics)
}

func (c *Collector) network(ctx context.Context, toward netip.Addr) inventory.Network {
	iface, prefix, err := routed(toward)
	if err != nil {
		return networkUnknown(err.Error())
	}
	n := inventory.Network{
		Interface: inventory.Known(iface.Name), Addr: inventory.Known(prefix.Addr().Unmap()), Prefix: inventory.Known(prefix.Masked()),
		Gateway:   inventory.Unknown[netip.Addr]("the way to the controller leads through no gateway"),
		Resolvers: inventory.Known(resolvers()), Medium: inventory.Known("ethernet"),
	}
	if ports(ctx)[iface.Name] == "Wi-Fi" {
		n.Medium = inventory.Known("wifi")
	}
	if via, ok := gatewayToward(ctx, toward); ok {
		n.Gateway = inventory.Known(via)
	}
	return n
}

// gatewayToward reads route's answer: "   gateway: 10.1.2.1".
func gatewayToward(ctx context.Context, toward netip.Addr) (netip.Addr, bool) {
	args := []string{"-n", "get", "default"}
	if toward.IsValid() {
		args[2] = toward.String()
	}
	out, err := ask(ctx, 5*time.Second, "/sbin/route", args...)
	if err != nil {
		return netip.Addr{}, false
	}
	_, rest, ok := bytes.Cut(out, []byte("gateway: "))
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	via, err := netip.ParseAddr(strings.TrimSpace(string(line)))
	return via, ok && err == nil
}

func resolvers() []netip.Addr {
	b, err := os.ReadFile("/etc/resolv.conf") // written by the system, some lines
	list := make([]netip.Addr, 0, 2)
	if err != nil || len(b) > 64<<10 {
		return list
	}
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) >= 2 && f[0] == "nameserver" && len(list) < 8 {
			if addr, err := netip.ParseAddr(f[1]); err == nil {
				list = append(list, addr.Unmap().WithZone(""))
			}
		}
	}
	return list
}

// surroundings starts three small programs; a Mac in a county's mesh is rare
// enough for that.
func (c *Collector) surroundings(ctx context.Context, toward netip.Addr) (gateway, carrier wire.Reachable, power wire.PowerSource) {
	gateway, carrier, power = wire.Unknown, wire.Unknown, wire.PowerUnknown
	if onMains(ctx) {
		power = wire.PowerMains
	} else if _, err := os.Stat("/usr/bin/pmset"); err == nil {
		power = wire.PowerBattery
	}
	if iface, _, err := routed(toward); err == nil {
		carrier = wire.No
		if iface.Flags&net.FlagRunning != 0 {
			carrier = wire.Yes
		}
	}
	via, ok := gatewayToward(ctx, toward)
	if !ok {
		return gateway, carrier, power
	}
	out, err := ask(ctx, 2*time.Second, "/usr/sbin/arp", "-n", via.String())
	switch {
	case err != nil:
	case bytes.Contains(out, []byte("(incomplete)")):
		gateway = wire.No
	case bytes.Contains(out, []byte(" at ")):
		gateway = wire.Yes
	}
	return gateway, carrier, power
}

func onMains(ctx context.Context) bool {
	out, err := ask(ctx, 5*time.Second, "/usr/bin/pmset", "-g", "batt")
	return err == nil && bytes.Contains(out, []byte("AC Power"))
}
