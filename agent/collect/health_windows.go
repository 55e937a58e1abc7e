package collect

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/shirou/gopsutil/v3/cpu"
	"github.com/shirou/gopsutil/v3/disk"
	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"muster/inventory"
)

func (c *Collector) health(ctx context.Context) inventory.Health {
	h := inventory.Health{
		Disks:           c.diskHealth(ctx),
		MemoryUsedRatio: c.memoryUsed(ctx),
		MemoryPressure:  inventory.Unknown[float64](notThisSystem("how long work waited for memory")),
		LoadRatio:       c.loadRatio(ctx),
		UptimeSeconds:   inventory.Known(int64(windows.DurationSinceBoot().Seconds())),
		RestartPending:  inventory.Known(restartPending()),
		Protection:      c.protection(ctx),
		FirewallEnabled: firewall(),
		ClockSource:     clockSource(),
		ClockSynced:     c.clockSynced(ctx),
	}
	h.AgentCPUSeconds, h.AgentMemoryBytes = c.ownCost(ctx)
	return h
}

// loadRatio is the share of processor time used since the last reading: Windows
// keeps no queue length over a minute.
func (c *Collector) loadRatio(ctx context.Context) inventory.Fact[float64] {
	times, err := cpu.TimesWithContext(ctx, false)
	if err != nil || len(times) == 0 {
		return inventory.Unknown[float64]("Windows does not give its processor times")
	}
	busy := times[0].User + times[0].System + times[0].Irq
	total := busy + times[0].Idle
	c.system.mu.Lock()
	defer c.system.mu.Unlock()
	wasBusy, wasTotal := c.system.busy, c.system.total
	c.system.busy, c.system.total = busy, total
	if wasTotal == 0 || total-wasTotal < 1 {
		return inventory.Unknown[float64]("the load shows from the second reading on")
	}
	return inventory.Known(ratio(max(0, min(1, (busy-wasBusy)/(total-wasTotal)))))
}

// restartPending looks where Windows and its updates note it.
func restartPending() bool {
	for _, key := range []string{
		`SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending`,
		`SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired`,
		`SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Services\Pending`,
	} {
		if registryHas(registry.LOCAL_MACHINE, key) && !emptyKey(key) {
			return true
		}
	}
	k, err := registryKey(registry.LOCAL_MACHINE, `SYSTEM\CurrentControlSet\Control\Session Manager`)
	if err != nil {
		return false
	}
	defer k.Close() // opened for reading
	renames, _, err := k.GetStringsValue("PendingFileRenameOperations")
	return err == nil && len(renames) > 0
}

// emptyKey reports whether Services\Pending, which always exists, holds nothing;
// the other keys mean what they say by existing.
func emptyKey(path string) bool {
	if filepath.Base(path) != "Pending" {
		return false
	}
	k, err := registryKey(registry.LOCAL_MACHINE, path)
	if err != nil {
		return true
	}
	defer k.Close() // opened for reading
	names, _ := k.ReadSubKeyNames(1)
	return len(names) == 0
}

func (c *Collector) protection(ctx context.Context) inventory.Fact[[]inventory.Protection] {
	type product struct {
		DisplayName  string
		ProductState uint32
	}
	rows, err := query[product](ctx, c, `root\SecurityCenter2`, "SELECT DisplayName, ProductState FROM AntiVirusProduct")
	if err != nil {
		return unknownErr[[]inventory.Protection](fmt.Errorf("the Security Center does not answer: %w", err))
	}
	found := make([]inventory.Protection, 0, len(rows))
	for _, row := range rows[:min(len(rows), 16)] {
		enabled, current := productState(row.ProductState)
		found = append(found, inventory.Protection{Name: clean(row.DisplayName), Enabled: inventory.Known(enabled), Current: inventory.Known(current)})
	}
	return inventory.Known(found)
}

// firewall is whether Windows' own is on for every kind of network; a group
// policy overrules the local setting.
func firewall() inventory.Fact[bool] {
	const (
		local  = `SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\`
		policy = `SOFTWARE\Policies\Microsoft\WindowsFirewall\`
	)
	for _, profile := range []struct{ local, policy string }{
		{"DomainProfile", "DomainProfile"}, {"StandardProfile", "PrivateProfile"}, {"PublicProfile", "PublicProfile"},
	} {
		on, err := registryNumber(registry.LOCAL_MACHINE, policy+profile.policy, "EnableFirewall")
		if err != nil {
			on, err = registryNumber(registry.LOCAL_MACHINE, local+profile.local, "EnableFirewall")
		}
		switch {
		case err != nil:
			return unknownErr[bool](err)
		case on == 0:
			return inventory.Known(false)
		}
	}
	return inventory.Known(true)
}

// clockSource is how the time service gets the time: from the domain (NT5DS),
// from the servers it is given, or not at all.
func clockSource() inventory.Fact[string] {
	const parameters = `SYSTEM\CurrentControlSet\Services\W32Time\Parameters`
	kind := registryText(registry.LOCAL_MACHINE, parameters, "Type")
	if kind.Or("") != "NTP" {
		return kind
	}
	if servers, ok := registryText(registry.LOCAL_MACHINE, parameters, "NtpServer").Get(); ok {
		return inventory.Known(clean("NTP " + servers))
	}
	return kind
}

const (
	clockAskedEvery = time.Hour
	clockPatience   = 10 * time.Second
)

// clockSynced asks the time service, once an hour: it has no other interface
// than its own program.
func (c *Collector) clockSynced(ctx context.Context) inventory.Fact[bool] {
	c.system.mu.Lock()
	defer c.system.mu.Unlock()
	if now := c.now(); now.Sub(c.system.clockAskedAt) < clockAskedEvery {
		return c.system.clockSynced
	}
	dir, err := windows.GetSystemDirectory()
	if err != nil {
		return inventory.Unknown[bool]("cannot find the time service's program")
	}
	ctx, cancel := context.WithTimeout(ctx, clockPatience)
	defer cancel()
	out := &bounded{limit: 64 << 10}
	cmd := exec.CommandContext(ctx, filepath.Join(dir, "w32tm.exe"), "/query", "/status")
	cmd.SysProcAttr = &windows.SysProcAttr{HideWindow: true}
	cmd.Stdout, cmd.WaitDelay = out, time.Second
	if err := cmd.Run(); err != nil {
		return inventory.Unknown[bool]("the time service does not answer")
	}
	c.system.clockAskedAt, c.system.clockSynced = c.now(), timeService(out.String())
	return c.system.clockSynced
}

// diskHealth is the space of the fixed drives, with the wear that Windows' own
// storage counters give to an administrator.
func (c *Collector) diskHealth(ctx context.Context) inventory.Fact[[]inventory.DiskHealth] {
	drives, err := windows.GetLogicalDrives()
	if err != nil {
		return unknownErr[[]inventory.DiskHealth](err)
	}
	wear, wearErr := c.wear(ctx)
	healths := make([]inventory.DiskHealth, 0, 2)
	for n := range 26 {
		drive := string(rune('A'+n)) + ":"
		root, err := windows.UTF16PtrFromString(drive + `\`)
		if err != nil || drives&(1<<n) == 0 || windows.GetDriveType(root) != windows.DRIVE_FIXED {
			continue
		}
		usage, err := within(ctx, &c.patience, "drive "+drive, 5*time.Second, func() (*disk.UsageStat, error) { return disk.Usage(drive + `\`) })
		if err != nil || usage.Total == 0 {
			continue // a locked BitLocker volume gives no space
		}
		healths = append(healths, inventory.DiskHealth{
			Mount: drive, TotalBytes: int64(usage.Total), FreeBytes: int64(usage.Free), WearRatio: wearOf(drive, wear, wearErr),
		})
	}
	return inventory.Known(healths)
}

// wear is the percentage used of each physical disk.
func (c *Collector) wear(ctx context.Context) (map[string]float64, error) {
	type counter struct {
		DeviceId string //nolint:revive // WMI's own spelling
		Wear     uint8
	}
	rows, err := query[counter](ctx, c, storageNamespace, "SELECT DeviceId, Wear FROM MSFT_StorageReliabilityCounter")
	if err != nil {
		return nil, err
	}
	wear := make(map[string]float64, len(rows))
	for _, row := range rows {
		wear[row.DeviceId] = float64(row.Wear) / 100
	}
	return wear, nil
}

func wearOf(drive string, wear map[string]float64, err error) inventory.Fact[float64] {
	if err != nil {
		return unknownErr[float64](err)
	}
	number, err := diskOfVolume(drive)
	if err != nil {
		return unknownErr[float64](err)
	}
	used, ok := wear[fmt.Sprint(number)]
	if !ok {
		return inventory.Unknown[float64]("Windows counts no wear for this disk")
	}
	return inventory.Known(ratio(min(used, 1)))
}
