package collect

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jaypipes/ghw"

	"muster/inventory"
	"muster/inventory/wire"
)

func thisMachine(t *testing.T) *Collector {
	t.Helper()
	c, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestMemoryOfThisMachineIsTheKernels(t *testing.T) {
	b, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		t.Fatal(err)
	}
	var kib int64
	if _, err := fmt.Sscanf(string(b), "MemTotal: %d kB", &kib); err != nil {
		t.Fatal(err)
	}
	if got, ok := thisMachine(t).Hardware(t.Context()).MemoryBytes.Get(); !ok || got != kib*1024 {
		t.Errorf("%d bytes, the kernel says %d KiB", got, kib)
	}
}

func TestNothingOfThisMachineIsForgotten(t *testing.T) {
	c := thisMachine(t)
	b, err := json.Marshal(Everything(t.Context(), c, netip.MustParseAddr("127.0.0.1")))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(b), `"`+inventory.NotRead+`"`) {
		t.Errorf("a reading was forgotten: %s", b)
	}
	id, clock := c.Boot()
	if len(id) < 4 || len(id) > 64 || clock <= 0 {
		t.Errorf("boot %q, %s", id, clock)
	}
	if _, _, power := c.Surroundings(t.Context()); power != wire.PowerMains && power != wire.PowerBattery && power != wire.PowerUnknown {
		t.Errorf("power %q", power)
	}
}

// ghw reads the same disks another way: an independent witness, in tests only.
func TestDisksOfThisMachineAreThoseThatGHWSees(t *testing.T) {
	block, err := ghw.Block(ghw.WithDisableTools())
	if err != nil {
		t.Fatal(err)
	}
	sizes := make(map[string]int64)
	for _, d := range thisMachine(t).Hardware(t.Context()).Disks.Or(nil) {
		sizes[d.Name] = d.Bytes
	}
	for _, d := range block.Disks {
		if got, ok := sizes[d.Name]; ok && got != int64(d.SizeBytes) {
			t.Errorf("%s: %d bytes, ghw says %d", d.Name, got, d.SizeBytes)
		} else if !ok && d.SizeBytes > 0 && !strings.HasPrefix(d.Name, "zram") && !strings.HasPrefix(d.Name, "loop") && !strings.HasPrefix(d.Name, "dm-") &&
			!strings.HasPrefix(d.Name, "sr") && !strings.HasPrefix(d.Name, "md") && !strings.HasPrefix(d.Name, "nbd") {
			t.Errorf("ghw sees %s, we do not", d.Name)
		}
	}
}

func TestTheHardwareInventoryIsCheap(t *testing.T) {
	c := thisMachine(t)
	before := processorTime(t)
	c.Hardware(t.Context())
	c.Firmware(t.Context())
	c.OS(t.Context())
	if used := processorTime(t) - before; used > 300*time.Millisecond {
		t.Errorf("took %s of processor time, the budget is 0.3 s", used)
	}
}

func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func TestOneNeighbourIsWhatTheWholeTableSays(t *testing.T) {
	kernel, err := converse()
	if err != nil {
		t.Fatal(err)
	}
	defer kernel.end()
	loopback, err := kernel.index("lo")
	if err != nil || loopback < 1 {
		t.Fatalf("the loopback's index is %d: %v", loopback, err)
	}
	if _, err := kernel.index("no-such-card"); err == nil {
		t.Error("an interface that is not there has an index")
	}
	for _, nobody := range []string{"192.0.2.7", "2001:db8::7"} {
		if n, ok, err := kernel.neighbour(loopback, netip.MustParseAddr(nobody)); ok || err != nil {
			t.Errorf("nobody is a neighbour: %+v, %v", n, err)
		}
	}
	for _, family := range []int{syscall.AF_INET, syscall.AF_INET6} {
		dump, err := syscall.NetlinkRIB(syscall.RTM_GETNEIGH, family)
		if err != nil {
			t.Fatal(err)
		}
		messages, err := syscall.ParseNetlinkMessage(dump)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range messages {
			listed, ok := parseNeighbour(m.Data)
			if !ok || m.Header.Type != syscall.RTM_NEWNEIGH {
				continue
			}
			got, ok, err := kernel.neighbour(listed.index, listed.addr)
			if err != nil || ok && string(got.hardware) != string(listed.hardware) {
				t.Errorf("got %+v (%v), the table says %+v", got, err, listed)
			}
		}
	}
}
