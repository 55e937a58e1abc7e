package app

import (
	"net/netip"
	"testing"
	"time"

	"muster/inventory"
)

// TestWhatIsKnownOfAnAddressTravelsOnlyWhereTheControllerPlacedIt walks a laptop
// through a day: desk, home, another site.
func TestWhatIsKnownOfAnAddressTravelsOnlyWhereTheControllerPlacedIt(t *testing.T) {
	desk, home, library := netip.MustParseAddr("10.1.0.17"), netip.MustParseAddr("192.168.1.5"), netip.MustParseAddr("10.2.0.80")
	steps := []struct {
		what     string
		from     netip.Addr // of the acknowledged report; invalid: relayed
		site     string     // that the settings in force name after it
		after    time.Duration
		open     netip.Addr // of which something may travel then
		withheld netip.Addr
	}{
		{"relayed before it was ever placed", netip.Addr{}, "mill", 0, netip.Addr{}, desk},
		{"the first report from the desk", desk, "mill", time.Minute, desk, home},
		{"relayed from the desk", netip.Addr{}, "mill", time.Minute, desk, home},
		{"the first report from home: the controller still waits", home, "mill", time.Hour, desk, home},
		{"seconds later", home, "mill", 10 * time.Second, desk, home},
		{"the controller has understood", home, "", time.Minute, netip.Addr{}, home},
		{"still at home", home, "", 5 * time.Minute, netip.Addr{}, home},
		{"relayed, nobody knows from where", netip.Addr{}, "mill", time.Minute, netip.Addr{}, home},
		{"the first report from the library", library, "", time.Hour, netip.Addr{}, library},
		{"the settings name its site at once", library, "library", 40 * time.Second, netip.Addr{}, library},
		{"and still do", library, "library", 10 * time.Second, library, home},
	}
	p, clock := placement{fresh: true}, time.Duration(0)
	for _, step := range steps {
		clock += step.after
		p = p.acknowledged(step.from, step.site, clock)
		if step.open.IsValid() && !p.open(step.open) {
			t.Errorf("%s: nothing of %s may travel", step.what, step.open)
		}
		if p.open(step.withheld) {
			t.Errorf("%s: what is known of %s may travel", step.what, step.withheld)
		}
	}
	if p.open(netip.Addr{}) || (placement{}).open(netip.Addr{}) {
		t.Error("no address is placed")
	}
}

func TestATrialOfAnAddressEndsWithOneReport(t *testing.T) {
	addr := netip.MustParseAddr("10.1.0.17")
	p := placement{}.acknowledged(addr, "mill", time.Hour)
	if p.due("mill", time.Hour+time.Second) || p.due("", time.Hour+time.Minute) {
		t.Error("a report is due too early, or where there is no site to hear of")
	}
	if !p.due("mill", time.Hour+placeAfter) {
		t.Error("no report ends the trial")
	}
	p.asked = true
	if p.due("mill", 2*time.Hour) {
		t.Error("a second report is due")
	}
}

func TestANetworkElsewhereIsUnknown(t *testing.T) {
	desk, home := netip.MustParseAddr("10.1.0.17"), netip.MustParseAddr("192.168.1.5")
	network := func(addr netip.Addr) inventory.Network {
		return inventory.Network{
			Interface: inventory.Known("eth0"), Addr: inventory.Known(addr), Gateway: inventory.Known(addr.Next()),
			Resolvers: inventory.Known([]netip.Addr{addr.Next()}), Medium: inventory.Known("wifi"),
		}
	}
	p := placement{at: desk}
	tests := map[string]struct {
		network   inventory.Network
		present   netip.Addr
		simulated bool
		travels   bool
	}{
		"at the desk": {network(desk), desk, false, true},
		"at home":     {network(home), home, false, false},
		"just carried home, the way still unknown": {network(home), desk, false, false},
		"made up for the demo":                     {network(home), desk, true, true},
		"on no address":                            {network(home), netip.Addr{}, false, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := p.outward(test.network, test.present, test.simulated)
			known := got.Addr.Known() || got.Gateway.Known() || got.Resolvers.Known() || got.Medium.Known() || got.Interface.Known()
			if known != test.travels {
				t.Errorf("travels: %+v", got)
			}
			if !test.travels && got.Addr.Reason() != notPlaced {
				t.Errorf("the reason is %q", got.Addr.Reason())
			}
		})
	}
}
