package collect

import (
	"context"
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"muster/inventory"
)

// system is what the macOS collector keeps between readings: system_profiler
// takes seconds, and hardware does not change while the machine runs.
type system struct {
	mu      sync.Mutex // guards the rest
	read    bool
	profile macProfile
}

func (c *Collector) computerName() (string, error) { return os.Hostname() }

// ask runs one of the system's own programs and returns its bounded output.
func ask(ctx context.Context, limit time.Duration, program string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	out := &bounded{limit: 32 << 20}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdout, cmd.WaitDelay, cmd.Env = out, time.Second, []string{"LC_ALL=C", "PATH=/usr/bin:/bin:/usr/sbin:/sbin"}
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("cannot run %s: %w", program, err)
	}
	return out.Bytes(), nil
}

func (c *Collector) macProfile(ctx context.Context) (macProfile, error) {
	c.system.mu.Lock()
	defer c.system.mu.Unlock()
	if c.system.read {
		return c.system.profile, nil
	}
	b, err := ask(ctx, time.Minute, "/usr/sbin/system_profiler", "-json", "SPHardwareDataType", "SPMemoryDataType",
		"SPNVMeDataType", "SPSerialATADataType", "SPDisplaysDataType", "SPPowerDataType")
	if err != nil {
		return macProfile{}, err
	}
	p, err := parseProfile(b)
	c.system.read, c.system.profile = err == nil, p
	return p, err
}

func (c *Collector) software(ctx context.Context) ([]inventory.Program, error) {
	b, err := ask(ctx, 2*time.Minute, "/usr/sbin/system_profiler", "-json", "SPApplicationsDataType")
	if err != nil {
		return nil, err
	}
	p, err := parseProfile(b)
	if err != nil {
		return nil, err
	}
	return p.programs(), nil
}

func sysctl(name string) inventory.Fact[string] {
	text, err := unix.Sysctl(name)
	if err != nil {
		return inventory.Unknown[string]("the kernel does not give " + name)
	}
	return named(name, text)
}

func sysctlInt(name string) inventory.Fact[int] {
	n, err := unix.SysctlUint32(name)
	if err != nil {
		return inventory.Unknown[int]("the kernel does not give " + name)
	}
	return inventory.Known(int(n))
}

func (c *Collector) operatingSystem(_ context.Context) inventory.OS {
	version := plistOf("/System/Library/CoreServices/SystemVersion.plist")
	field := func(key string) inventory.Fact[string] { return named(key, version[key]) }
	o := inventory.OS{
		Family: inventory.Known("darwin"), Name: field("ProductName"), Version: field("ProductVersion"),
		Build: field("ProductBuildVersion"), Kernel: sysctl("kern.osrelease"), Patch: field("ProductBuildVersion"),
		InstalledOn: inventory.Unknown[inventory.Date]("macOS keeps no install date"),
		PatchedOn:   inventory.Unknown[inventory.Date]("macOS keeps no date of its last update"),
	}
	if at, err := os.Stat("/private/var/db/.AppleSetupDone"); err == nil {
		o.InstalledOn = inventory.Known(inventory.DateOf(at.ModTime()))
	}
	if at, err := os.Stat("/System/Library/CoreServices/SystemVersion.plist"); err == nil {
		o.PatchedOn = inventory.Known(inventory.DateOf(at.ModTime()))
	}
	return o
}

// plistOf reads the texts of a small XML property list: <key>a</key><string>b</string>.
func plistOf(path string) map[string]string {
	b, err := os.ReadFile(path) // part of the sealed system volume: 1 kB
	if err != nil || len(b) > 64<<10 {
		return nil
	}
	fields := make(map[string]string)
	decoder, key := xml.NewDecoder(strings.NewReader(string(b))), ""
	for {
		token, err := decoder.Token()
		if err != nil {
			return fields
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != "key" && start.Name.Local != "string" {
			continue
		}
		var text string
		if decoder.DecodeElement(&text, &start) != nil {
			return fields
		}
		if start.Name.Local == "key" {
			key = text
		} else {
			fields[key] = clean(text)
		}
	}
}

// boot is the kernel's boot session and mach_continuous_time, which counts sleep.
func (c *Collector) boot() (string, time.Duration) {
	id, err := unix.Sysctl("kern.bootsessionuuid")
	if err != nil || id == "" {
		id = "unknown-boot"
	}
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC_RAW, &ts); err != nil {
		return id, 0
	}
	return id, time.Duration(ts.Nano())
}
