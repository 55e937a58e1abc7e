package inventory_test

import (
	"math/rand/v2"
	"net/netip"
	"testing"

	"muster/inventory"
)

func TestTheLongestPrefixWins(t *testing.T) {
	table := inventory.NewSubnetTable([]inventory.Subnet{
		{Prefix: netip.MustParsePrefix("10.0.0.0/8"), Site: "WIDE"},
		{Prefix: netip.MustParsePrefix("10.20.4.0/24"), Site: "MILL"},
		{Prefix: netip.MustParsePrefix("10.20.4.128/25"), Site: "LOFT"},
		{Prefix: netip.MustParsePrefix("2001:db8::/32"), Site: "SIX"},
		{Site: "INVALID"},
	})
	for addr, want := range map[string]string{
		"10.20.4.1": "MILL", "10.20.4.129": "LOFT", "10.21.0.1": "WIDE", "::ffff:10.20.4.1": "MILL",
		"2001:db8::1": "SIX", "2001:db8::1%eth0": "SIX", "192.168.1.1": "", "fe80::1": "",
	} {
		got, found := table.Find(netip.MustParseAddr(addr))
		if got.Site != want || found != (want != "") {
			t.Errorf("%s is at %q (%v), want %q", addr, got.Site, found, want)
		}
	}
	if _, found := table.Find(netip.Addr{}); found {
		t.Error("no address is somewhere")
	}
}

func TestTheTableAgreesWithTryingEveryPrefix(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 2))
	anyAddr := func() netip.Addr {
		return netip.AddrFrom4([4]byte{10, byte(random.IntN(3)), byte(random.IntN(4)), byte(random.IntN(256))})
	}
	for range 100 {
		var subnets []inventory.Subnet
		for range random.IntN(30) {
			subnets = append(subnets, inventory.Subnet{Prefix: netip.PrefixFrom(anyAddr(), 8+random.IntN(25)).Masked()})
		}
		table := inventory.NewSubnetTable(subnets)
		for range 50 {
			addr, bits := anyAddr(), -1
			for _, s := range subnets {
				if s.Prefix.Contains(addr) {
					bits = max(bits, s.Prefix.Bits())
				}
			}
			if got, found := table.Find(addr); found != (bits >= 0) || found && (got.Prefix.Bits() != bits || !got.Prefix.Contains(addr)) {
				t.Fatalf("%s is in %v (%v), want a /%d", addr, got.Prefix, found, bits)
			}
		}
	}
}

func TestATableIsACopy(t *testing.T) {
	subnets := []inventory.Subnet{{Prefix: netip.MustParsePrefix("10.0.0.0/8"), Site: "A"}, {Prefix: netip.MustParsePrefix("10.1.0.0/16"), Site: "B"}}
	table := inventory.NewSubnetTable(subnets)
	subnets[0].Site, subnets[1].Site = "X", "X"
	if got, _ := table.Find(netip.MustParseAddr("10.1.0.1")); got.Site != "B" {
		t.Errorf("a change of the slice reached the table: %+v", got)
	}
}
