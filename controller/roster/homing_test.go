package roster_test

import (
	"net/netip"
	"testing"
	"time"

	"muster/controller/roster"
	"muster/inventory"
)

func subnets() []inventory.Subnet {
	return []inventory.Subnet{
		{Prefix: netip.MustParsePrefix("10.1.0.0/16"), Site: "MILL"},
		{Prefix: netip.MustParsePrefix("10.1.7.0/24"), Site: "DOCK"},
		{Prefix: netip.MustParsePrefix("10.99.0.0/16"), Purpose: inventory.PurposeVPN},
	}
}

func wantSite(t *testing.T, h *roster.Homing, addr string, now time.Time, want string) {
	t.Helper()
	if got := h.At("w00000001", "MILL", netip.MustParseAddr(addr), now); got != want {
		t.Errorf("at %s the workstation is at %q, want %q", addr, got, want)
	}
}

func TestFirstAddressCountsAtOnceAndLaterOnesAfterADwell(t *testing.T) {
	h := roster.NewHoming(30*time.Second, subnets())
	wantSite(t, h, "10.1.2.3", monday, "MILL")
	wantSite(t, h, "10.1.7.3", monday.Add(time.Minute), "MILL")
	wantSite(t, h, "10.1.7.3", monday.Add(80*time.Second), "MILL")
	wantSite(t, h, "10.1.7.3", monday.Add(91*time.Second), "DOCK")
}

func TestPassingAnAccessPointChangesNothing(t *testing.T) {
	h := roster.NewHoming(30*time.Second, subnets())
	wantSite(t, h, "10.1.2.3", monday, "MILL")
	wantSite(t, h, "10.1.7.3", monday.Add(time.Minute), "MILL")
	wantSite(t, h, "10.1.2.3", monday.Add(70*time.Second), "MILL")
	wantSite(t, h, "10.1.7.3", monday.Add(2*time.Minute), "MILL")
}

func TestVPNAndHomeAreNoSite(t *testing.T) {
	wantSite(t, roster.NewHoming(0, subnets()), "10.99.4.4", monday, "")
	wantSite(t, roster.NewHoming(0, subnets()), "192.168.1.20", monday, "")
}

func TestSiteWithoutSubnetsKeepsItsOwnMachines(t *testing.T) {
	h := roster.NewHoming(0, []inventory.Subnet{{Prefix: netip.MustParsePrefix("10.1.7.0/24"), Site: "DOCK"}})
	wantSite(t, h, "172.20.1.1", monday, "MILL")
}
