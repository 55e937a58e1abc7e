package simulated_test

import (
	"context"
	"encoding/json"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/agent/collect"
	"muster/agent/collect/simulated"
	"muster/inventory"
	"muster/inventory/wire"
)

// county is as many machines as the largest demo wakes.
const county = 2000

func TestTheSameSeedIsTheSameMachine(t *testing.T) {
	at := time.Date(2026, 11, 23, 10, 30, 0, 0, time.UTC)
	now := func() time.Time { return at }
	ctx := context.Background()
	for seed := range int64(50) {
		a, b := simulated.From(simulated.Spec{Seed: seed, Now: now}), simulated.From(simulated.Spec{Seed: seed, Now: now})
		if diff := cmp.Diff(a.Hardware(ctx), b.Hardware(ctx)); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
		if diff := cmp.Diff(a.Health(ctx), b.Health(ctx)); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
		idA, clockA := a.Boot()
		idB, clockB := b.Boot()
		if idA != idB || clockA != clockB || clockA <= 0 {
			t.Fatalf("seed %d: boots %s %s and %s %s", seed, idA, clockA, idB, clockB)
		}
	}
}

func TestNoTwoMachinesOfACountyShareAnIdentityKey(t *testing.T) {
	ctx := context.Background()
	seen := map[inventory.IdentityKey]int64{}
	names, boots := map[string]int64{}, map[string]int64{}
	for seed := range int64(county) {
		m := simulated.New(seed)
		keys := m.Identity(ctx).Keys()
		if len(keys) == 0 {
			t.Fatalf("machine %d has no identity at all", seed)
		}
		for _, key := range keys {
			if other, ok := seen[key]; ok {
				t.Fatalf("machines %d and %d share %v", other, seed, key)
			}
			seen[key] = seed
		}
		id, _ := m.Boot()
		for where, name := range map[*map[string]int64]string{&names: m.Name(), &boots: id} {
			if other, ok := (*where)[name]; ok {
				t.Fatalf("machines %d and %d are both %s", other, seed, name)
			}
			(*where)[name] = seed
		}
	}
}

func TestACountyHasMachinesOfEveryAgeAndTrouble(t *testing.T) {
	ctx := context.Background()
	count := map[string]int{}
	for seed := range int64(county) {
		m := simulated.New(seed)
		hw, fw := m.Hardware(ctx), m.Firmware(ctx)
		tally := func(name string, yes bool) {
			if yes {
				count[name]++
			}
		}
		version, known := fw.TPM.Version.Get()
		capable, capableKnown := fw.SecureBootCapable.Get()
		enabled, enabledKnown := fw.SecureBootEnabled.Get()
		tally("laptop", m.Kind() == inventory.AssetLaptop)
		tally("laptop without battery", m.Kind() == inventory.AssetLaptop && !hw.Battery.Or(inventory.Battery{}).Present)
		tally("serial unknown", !hw.Serial.Known())
		tally("uuid unknown", !hw.UUID.Known())
		tally("disks unknown", !hw.Disks.Known())
		tally("tpm 2.0", known && version == "2.0")
		tally("tpm 1.2", known && version == "1.2")
		tally("tpm none", !fw.TPM.Present.Or(true))
		tally("tpm unknown", !fw.TPM.Present.Known())
		tally("secure boot capable, not enabled", capableKnown && capable && enabledKnown && !enabled)
		tally("secure boot unknown", !capableKnown)
		tally("old processor", hw.CPU.Vendor.Or("") == "GenuineIntel" && hw.CPU.Model.Or(0) <= 95)
		tally("old AMD", hw.CPU.Vendor.Or("") == "AuthenticAMD" && hw.CPU.Family.Or(0) < 23)
		tally("hdd", len(hw.Disks.Or(nil)) > 0 && hw.Disks.Or(nil)[0].Kind.Or("") == "hdd")
		tally("under 4 GB", hw.MemoryBytes.Or(1<<40) < 4<<30)
		_, err := m.Software(ctx)
		tally("no software", err != nil)
	}
	if count["laptop without battery"] > 0 {
		t.Errorf("%d laptops have no battery", count["laptop without battery"])
	}
	for _, name := range []string{
		"laptop", "serial unknown", "uuid unknown", "disks unknown", "tpm 2.0", "tpm 1.2", "tpm none", "tpm unknown", "secure boot capable, not enabled",
		"secure boot unknown", "old processor", "old AMD", "hdd", "under 4 GB", "no software",
	} {
		if count[name] == 0 || count[name] == county {
			t.Errorf("%d of %d machines: %s", count[name], county, name)
		}
	}
	t.Logf("%v", count)
}

func TestSoftwareListsAreOfBelievableLength(t *testing.T) {
	for seed := range int64(300) {
		list, err := simulated.New(seed).Software(context.Background())
		if err == nil && (len(list) < 80 || len(list) > 200) {
			t.Errorf("machine %d has %d programs", seed, len(list))
		}
	}
}

func TestACountyOfMachinesIsFrugal(t *testing.T) {
	ctx := context.Background()
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	machines := make([]*simulated.Machine, county)
	lists := make([][]inventory.Program, county)
	for seed := range machines {
		machines[seed] = simulated.New(int64(seed))
		lists[seed], _ = machines[seed].Software(ctx)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	used := after.HeapAlloc - min(before.HeapAlloc, after.HeapAlloc)
	t.Logf("%d machines with their lists: %d kB", county, used>>10)
	if used > 40<<20 {
		t.Errorf("%d machines take %d bytes, the limit is 40 MB", county, used)
	}
	runtime.KeepAlive(machines)
	runtime.KeepAlive(lists)
}

func TestHealthDriftsWithinItsBounds(t *testing.T) {
	at := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	now := func() time.Time { return at }
	machines := make([]*simulated.Machine, 40)
	for seed := range machines {
		machines[seed] = simulated.From(simulated.Spec{Seed: int64(seed), Now: now})
	}
	moved := 0
	last := make([]inventory.Health, len(machines))
	for range 7 * 24 {
		at = at.Add(time.Hour)
		for i, m := range machines {
			h := m.Health(context.Background())
			for name, r := range map[string]float64{"memory": h.MemoryUsedRatio.Or(-1), "load": h.LoadRatio.Or(-1)} {
				if r < 0 || r > 1 {
					t.Fatalf("machine %d at %s: %s is %v", i, at, name, r)
				}
			}
			for _, d := range h.Disks.Or(nil) {
				if d.FreeBytes < 0 || d.FreeBytes > d.TotalBytes {
					t.Fatalf("machine %d at %s: %d of %d bytes free", i, at, d.FreeBytes, d.TotalBytes)
				}
			}
			if !last[i].LoadRatio.Equal(h.LoadRatio) {
				moved++
			}
			last[i] = h
		}
	}
	if moved < 7*24*len(machines)/2 {
		t.Errorf("load moved only %d times", moved)
	}
}

func TestARestartIsANewBoot(t *testing.T) {
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	m := simulated.From(simulated.Spec{Seed: 7, Now: func() time.Time { return at }})
	id, clock := m.Boot()
	at = at.Add(time.Minute)
	if again, later := m.Boot(); again != id || later != clock+time.Minute {
		t.Errorf("a minute later: boot %s, clock %s after %s, %s", again, later, id, clock)
	}
	m.Restart()
	if again, zero := m.Boot(); again == id || zero != 0 {
		t.Errorf("after a restart: boot %s, clock %s", again, zero)
	}
}

func TestWhatAMachineFeelsCanBeOverridden(t *testing.T) {
	m := simulated.New(3)
	m.Feel(simulated.Senses{Gateway: wire.No, Power: wire.PowerBattery})
	gateway, carrier, power := m.Surroundings(context.Background())
	if gateway != wire.No || carrier != wire.Yes || power != wire.PowerBattery {
		t.Errorf("got %s %s %s", gateway, carrier, power)
	}
}

func TestWhatMachinesSayIsAValidReport(t *testing.T) {
	ctx := context.Background()
	for seed := range int64(200) {
		m := simulated.New(seed)
		hw, fw, os, health := m.Hardware(ctx), m.Firmware(ctx), m.OS(ctx), m.Health(ctx)
		boot, clock := m.Boot()
		r := wire.Report{
			Version: wire.Version, Workstation: "w00000001", Run: "run-1", Seq: 1, Boot: boot, BootClock: clock, Wall: time.Now(),
			Hardware: &hw, Firmware: &fw, OS: &os, Health: &health,
		}
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := wire.DecodeReport(b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(hw, *got.Hardware); diff != "" {
			t.Fatalf("machine %d: %s", seed, diff)
		}
	}
}

func TestASimulatedMachineForgetsNoReading(t *testing.T) {
	for seed := range int64(200) {
		m := simulated.New(seed)
		m.Place(simulated.Standing{Addr: netip.MustParsePrefix("10.17.4.20/24"), Gateway: netip.MustParseAddr("10.17.4.1")})
		b, err := json.Marshal(collect.Everything(t.Context(), m, netip.Addr{}))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), `"`+inventory.NotRead+`"`) {
			t.Fatalf("machine %d: %s", seed, b)
		}
	}
}
