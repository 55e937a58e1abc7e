package demo

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"muster/agent/collect/simulated"
	"muster/inventory"
)

func TestDemoShrinksToTheFileLimitAndSaysSo(t *testing.T) {
	for name, one := range map[string]struct {
		limit uint64
		fits  int
		says  string
		fails string
	}{
		"enough":  {limit: 100_000, fits: 1950},
		"exactly": {limit: 1950*filesPerAgent + filesBeside, fits: 1950},
		"shrinks": {limit: 4096, fits: (4096 - filesBeside) / filesPerAgent, says: "raise it with: ulimit -n 12300"},
		"one":     {limit: filesBeside + filesPerAgent, fits: 1, says: "only 1 of 1950"},
		"nothing": {limit: filesBeside, fails: "it needs at least 606 (ulimit -n)"},
		"less":    {limit: 16, fails: "cannot run the demo with 16 open files"},
	} {
		fits, says, err := fit(1950, func(wanted uint64) (uint64, error) {
			if wanted != 1950*filesPerAgent+filesBeside {
				t.Errorf("%s: asked for %d files", name, wanted)
			}
			return one.limit, nil
		})
		switch {
		case one.fails != "":
			if err == nil || !strings.Contains(err.Error(), one.fails) {
				t.Errorf("%s: got %v, want %q", name, err, one.fails)
			}
		case err != nil || fits != one.fits || !strings.Contains(says, one.says) || (one.says == "") != (says == ""):
			t.Errorf("%s: %d, %q, %v", name, fits, says, err)
		}
	}
	cause := errors.New("no such limit")
	if _, _, err := fit(1, func(uint64) (uint64, error) { return 0, cause }); !errors.Is(err, cause) {
		t.Errorf("got %v, want %v", err, cause)
	}
}

// TestEveryMachineOfTheCountyHasItsOwnAddress walks the largest plan there is.
func TestEveryMachineOfTheCountyHasItsOwnAddress(t *testing.T) {
	p := plan{wide: true, port: 7946}
	seen := map[netip.AddrPort]bool{}
	for site := range 130 {
		prefix := subnetOf(site)
		for desk := range MaxPerSite + 1 { // this machine sits at the last
			addr := p.addr(site, desk)
			if seen[addr] || !prefix.Contains(addr.Addr()) || !addr.Addr().IsLoopback() || addr.Port() != 7946 {
				t.Fatalf("site %d, desk %d: %s in %s", site, desk, addr, prefix)
			}
			seen[addr] = true
			if st := p.standing(site, desk); st.Gateway == addr.Addr() || st.Addr.Masked() != prefix {
				t.Fatalf("site %d, desk %d: stands in %s with gateway %s", site, desk, st.Addr, st.Gateway)
			}
		}
	}
	if prefix := subnetOf(0); prefix.Contains(netip.MustParseAddr("127.0.0.1")) || prefix.Contains(netip.MustParseAddr("127.0.0.53")) {
		t.Errorf("the county takes %s, where the system's own services are", prefix)
	}
}

func TestCountyWithoutAddressesOfItsOwnSharesOne(t *testing.T) {
	var p plan
	if addr := p.addr(3, 4); addr != netip.MustParseAddrPort("127.0.0.1:0") {
		t.Errorf("listens on %s", addr)
	}
	if subnets := p.subnets([]inventory.Site{{Code: "S001"}}); subnets != nil {
		t.Errorf("the register gets %v", subnets)
	}
}

// TestEstateIsTheCountyOfTheConfigurationFolder settles the whole of it.
func TestEstateIsTheCountyOfTheConfigurationFolder(t *testing.T) {
	settled := func(sites, workstations int) (estate, error) {
		return settle(context.Background(), sites, workstations, func(n int) (Machine, inventory.AssetKind) {
			m := simulated.New(int64(n))
			return m, m.Kind()
		})
	}
	e, err := settled(130, 1950)
	if err != nil {
		t.Fatal(err)
	}
	desks, makers, names := map[string]int{}, map[string]bool{}, map[string]bool{}
	for _, a := range e.register.Assets {
		desks[a.Site]++
		makers[a.Maker] = true
		if err := a.Validate(); err != nil {
			t.Errorf("asset %s: %v", a.Tag, err)
		}
	}
	for _, s := range e.register.Sites {
		if desks[s.Code] != 15 || names[s.Name] || s.Name == "" || s.Postcode == "" {
			t.Errorf("site %s, %q, %q, has %d workstations", s.Code, s.Name, s.Postcode, desks[s.Code])
		}
		names[s.Name] = true
	}
	if len(e.machines) != 1950 || len(names) != 130 || len(makers) < 4 || len(e.register.Links) < 130 {
		t.Errorf("%d machines of %d makers at %d sites with %d links", len(e.machines), len(makers), len(names), len(e.register.Links))
	}
	few, err := settled(6, 30)
	if err != nil || len(few.register.Sites) != 6 || len(few.machines) != 30 {
		t.Errorf("%d sites, %d machines, %v", len(few.register.Sites), len(few.machines), err)
	}
	for _, l := range few.register.Links {
		if l.Site > few.register.Sites[5].Code {
			t.Errorf("link %s leads to %s, which is not there", l.Circuit, l.Site)
		}
	}
	if _, err := settled(10_000, 10_000); err == nil || !strings.Contains(err.Error(), "the demo's county has") {
		t.Errorf("got %v", err)
	}
}

func TestSmallCountiesWakeFasterAndLargeOnesAreSpread(t *testing.T) {
	if whole := 1950 * wakeEvery(1950); whole < 15*time.Second || whole > wakeFor {
		t.Errorf("1,950 starts take %s", whole)
	}
	if whole := 30 * wakeEvery(30); whole > 4*time.Second {
		t.Errorf("30 starts take %s", whole)
	}
}

func TestThisMachineIsRegisteredByWhatItTells(t *testing.T) {
	for name, one := range map[string]struct {
		asset inventory.Asset
		want  bool
	}{
		"a serial number":          {inventory.Asset{Serial: "5CG0123ABC"}, true},
		"a card alone":             {inventory.Asset{MACs: []string{"3c:52:82:0a:1b:2c"}}, true},
		"a virtual machine's card": {inventory.Asset{MACs: []string{"52:54:00:12:34:56"}}, false},
		"nothing":                  {inventory.Asset{Name: "vm"}, false},
	} {
		if got := recognisable(one.asset); got != one.want {
			t.Errorf("%s: %t, want %t", name, got, one.want)
		}
	}
}
