package collect

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"muster/inventory"
)

const currentVersion = `SOFTWARE\Microsoft\Windows NT\CurrentVersion`

func (c *Collector) operatingSystem(ctx context.Context) inventory.OS {
	v := windows.RtlGetVersion()
	o := inventory.OS{
		Family:  inventory.Known("windows"),
		Name:    registryText(registry.LOCAL_MACHINE, currentVersion, "ProductName"),
		Version: registryText(registry.LOCAL_MACHINE, currentVersion, "DisplayVersion"),
		Build:   inventory.Known(strconv.Itoa(int(v.BuildNumber))),
	}
	if name, ok := o.Name.Get(); ok {
		o.Name = inventory.Known(windowsName(name, int(v.BuildNumber)))
	}
	if !o.Version.Known() { // before 20H2
		o.Version = registryText(registry.LOCAL_MACHINE, currentVersion, "ReleaseId")
	}
	kernel := fmt.Sprintf("%d.%d.%d", v.MajorVersion, v.MinorVersion, v.BuildNumber)
	if revision, err := registryNumber(registry.LOCAL_MACHINE, currentVersion, "UBR"); err == nil {
		o.Build = inventory.Known(fmt.Sprintf("%d.%d", v.BuildNumber, revision))
		kernel += fmt.Sprintf(".%d", revision)
	}
	o.Kernel = inventory.Known(kernel)
	installed, err := registryNumber(registry.LOCAL_MACHINE, currentVersion, "InstallDate")
	o.InstalledOn = inventory.KnownIf(inventory.DateOf(time.Unix(int64(installed), 0)), err)
	o.PatchedOn, o.Patch = c.patched(ctx)
	return o
}

// patched is the newest of the updates that Windows lists.
func (c *Collector) patched(ctx context.Context) (inventory.Fact[inventory.Date], inventory.Fact[string]) {
	type hotfix struct{ HotFixID, InstalledOn string }
	rows, err := query[hotfix](ctx, c, "", "SELECT HotFixID, InstalledOn FROM Win32_QuickFixEngineering")
	if err != nil {
		return unknownErr[inventory.Date](err), unknownErr[string](err)
	}
	var newest inventory.Date
	var name string
	for _, row := range rows {
		if on, ok := hotfixDate(row.InstalledOn); ok && on > newest {
			newest, name = on, row.HotFixID
		}
	}
	if !newest.Set() {
		why := "Windows lists no update with a date"
		return inventory.Unknown[inventory.Date](why), inventory.Unknown[string](why)
	}
	return inventory.Known(newest), named("the update's name", name)
}
