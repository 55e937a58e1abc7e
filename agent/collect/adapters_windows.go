package collect

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"muster/inventory"
)

const maxAdapters = 256

// adapters is the list of GetAdaptersAddresses. The buffer stays alive with it:
// its elements point into one another.
func (c *Collector) adapters(ctx context.Context) ([]*windows.IpAdapterAddresses, error) {
	return within(ctx, &c.patience, "the list of network adapters", 5*time.Second, func() ([]*windows.IpAdapterAddresses, error) {
		size := uint32(32 << 10)
		for range 4 { // an adapter may appear between two calls
			buffer := make([]byte, size)
			first := (*windows.IpAdapterAddresses)(unsafe.Pointer(&buffer[0]))
			const flags = windows.GAA_FLAG_INCLUDE_PREFIX | windows.GAA_FLAG_SKIP_ANYCAST | windows.GAA_FLAG_SKIP_MULTICAST | gatewaysToo
			err := windows.GetAdaptersAddresses(windows.AF_UNSPEC, flags, 0, first, &size)
			switch {
			case errors.Is(err, windows.ERROR_BUFFER_OVERFLOW) && size < 4<<20:
				continue
			case err != nil:
				return nil, fmt.Errorf("cannot list network adapters: %w", err)
			}
			var list []*windows.IpAdapterAddresses
			for a := first; a != nil && len(list) < maxAdapters; a = a.Next {
				list = append(list, a)
			}
			return list, nil
		}
		return nil, errors.New("cannot list network adapters: their number keeps changing")
	})
}

const gatewaysToo = 0x80 // GAA_FLAG_INCLUDE_GATEWAYS

func (c *Collector) nics(ctx context.Context) inventory.Fact[[]inventory.NIC] {
	list, err := c.adapters(ctx)
	if err != nil {
		return unknownErr[[]inventory.NIC](err)
	}
	instances := make(map[string]instance)
	if devices, err := c.present(ctx, classNet, "network cards"); err == nil {
		for _, d := range devices {
			if id, ok := registryText(registry.LOCAL_MACHINE, `SYSTEM\CurrentControlSet\Control\Class\`+d.driver, "NetCfgInstanceId").Get(); ok {
				instances[id] = d
			}
		}
	}
	nics := make([]inventory.NIC, 0, len(list))
	for _, a := range list {
		if a.IfType != windows.IF_TYPE_ETHERNET_CSMACD && a.IfType != windows.IF_TYPE_IEEE80211 {
			continue
		}
		row := windows.MibIfRow2{InterfaceLuid: a.Luid}
		if err := windows.GetIfEntry2Ex(windows.MibIfEntryNormalWithoutStatistics, &row); err != nil || row.InterfaceAndOperStatusFlags&1 == 0 {
			continue // bit 0: there is hardware behind it
		}
		nics = append(nics, nic(a, &row, instances[windows.BytePtrToString(a.AdapterName)]))
	}
	return inventory.Known(nics)
}

func nic(a *windows.IpAdapterAddresses, row *windows.MibIfRow2, device instance) inventory.NIC {
	n := inventory.NIC{
		Name: clean(windows.UTF16PtrToString(a.FriendlyName)), Kind: "ethernet", BuiltIn: soldered(device.id),
		Driver: named("the card's name", windows.UTF16PtrToString(a.Description)),
		MAC:    inventory.CanonicalMAC(net.HardwareAddr(row.PermanentPhysicalAddress[:min(row.PhysicalAddressLength, 6)]).String()),
		Mbps:   inventory.Unknown[int]("there is no carrier"), Carrier: inventory.Known(row.MediaConnectState == 1),
	}
	if a.IfType == windows.IF_TYPE_IEEE80211 {
		n.Kind = "wifi"
	}
	if device.id != "" && !n.BuiltIn && !isUSB(device.id) {
		n.Kind = "virtual"
	}
	if row.MediaConnectState == 1 {
		if mbps := row.TransmitLinkSpeed / 1_000_000; mbps > 0 && mbps < 1<<30 && n.Kind != "wifi" {
			n.Mbps = inventory.Known(int(mbps))
		} else {
			n.Mbps = inventory.Unknown[int]("the rate of Wi-Fi changes from moment to moment")
		}
	}
	return n
}

func isUSB(instance string) bool { return len(instance) > 4 && instance[:4] == `USB\` }
