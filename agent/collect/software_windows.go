package collect

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"golang.org/x/sys/windows/registry"

	"muster/inventory"
)

const (
	maxPrograms  = 15_000
	uninstall    = `SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall`
	uninstall32  = `SOFTWARE\WOW6432Node\Microsoft\Windows\CurrentVersion\Uninstall`
	storeForAll  = `SOFTWARE\Microsoft\Windows\CurrentVersion\Appx\AppxAllUserStore\Applications`
	maxRegistry  = 20_000
	perUserBytes = 40 // of a security identifier; shorter ones are the system's
)

// software reads the lists from which Windows uninstalls: for all users, and the
// ones of users whose registry is loaded now, without saying whose they are.
func (c *Collector) software(ctx context.Context) ([]inventory.Program, error) {
	programs, err := c.uninstallList(registry.LOCAL_MACHINE, uninstall)
	if err != nil {
		return nil, err
	}
	more, err := c.uninstallList(registry.LOCAL_MACHINE, uninstall32)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	programs = append(programs, more...)
	users, err := registry.USERS.ReadSubKeyNames(maxRegistry)
	if err != nil && len(users) == 0 {
		c.log.Debug("cannot list the users' registries", "error", err)
	}
	for _, user := range users {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if len(user) < perUserBytes || strings.HasSuffix(user, "_Classes") {
			continue
		}
		if some, err := c.uninstallList(registry.USERS, user+`\`+uninstall); err == nil {
			programs = append(programs, some...)
		}
	}
	programs = append(programs, storePackages()...)
	if len(programs) > maxPrograms {
		c.log.Warn("more programs than are reported", "programs", len(programs), "limit", maxPrograms)
		programs = programs[:maxPrograms]
	}
	return programs, nil
}

func (c *Collector) uninstallList(root registry.Key, path string) ([]inventory.Program, error) {
	k, err := registryKey(root, path)
	if err != nil {
		return nil, err
	}
	defer k.Close() // opened for reading
	names, err := k.ReadSubKeyNames(maxRegistry)
	if err != nil && len(names) == 0 {
		return nil, nil //nolint:nilerr // an empty key ends with io.EOF
	}
	var programs []inventory.Program
	for _, name := range names {
		if p, ok := uninstallEntry(k, name); ok {
			programs = append(programs, p)
		}
	}
	return programs, nil
}

// uninstallEntry reads one entry; parts of the system and updates of another
// entry are no programs.
func uninstallEntry(list registry.Key, name string) (inventory.Program, bool) {
	k, err := registry.OpenKey(list, name, registry.READ)
	if err != nil {
		return inventory.Program{}, false
	}
	defer k.Close() // opened for reading
	if hidden, _, err := k.GetIntegerValue("SystemComponent"); err == nil && hidden == 1 {
		return inventory.Program{}, false
	}
	if parent, _, err := k.GetStringValue("ParentKeyName"); err == nil && parent != "" {
		return inventory.Program{}, false
	}
	display, _, err := k.GetStringValue("DisplayName")
	if display = noUserIn(clean(display)); err != nil || display == "" {
		return inventory.Program{}, false
	}
	p := inventory.Program{Name: display, Source: "exe"}
	if msi, _, err := k.GetIntegerValue("WindowsInstaller"); err == nil && msi == 1 {
		p.Source = "msi"
	}
	version, _, _ := k.GetStringValue("DisplayVersion")
	maker, _, _ := k.GetStringValue("Publisher")
	p.Version, p.Maker = clean(version), noUserIn(clean(maker))
	return p, true
}

// storePackages are the packages that are there for every user.
func storePackages() []inventory.Program {
	k, err := registryKey(registry.LOCAL_MACHINE, storeForAll)
	if err != nil {
		return nil
	}
	defer k.Close() // opened for reading
	names, _ := k.ReadSubKeyNames(maxRegistry)
	var programs []inventory.Program
	for _, name := range names {
		if p, ok := appxProgram(name); ok {
			programs = append(programs, p)
		}
	}
	return programs
}
