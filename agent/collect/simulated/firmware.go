package simulated

import (
	"context"
	"fmt"
	"time"

	"muster/inventory"
)

// Firmware is what the machine boots through. Older ones were often installed in
// legacy mode, and of newer ones a few have Secure Boot switched off.
func (m *Machine) Firmware(context.Context) inventory.Firmware {
	p := m.product
	f := inventory.Firmware{
		Kind: inventory.Known("uefi"), Vendor: inventory.Known(p.firmware), Version: inventory.Known(p.firmwareVersion),
		Released:          inventory.Known(m.firmwareDate()),
		SecureBootCapable: inventory.Known(true), SecureBootEnabled: inventory.Known(!m.dice.chance("secure boot off", 12)),
		TPM: m.tpm(),
	}
	switch {
	case p.year < 2015 && !m.dice.chance("uefi", 4):
		f.Kind, f.SecureBootEnabled = inventory.Known("bios"), inventory.Known(false)
		f.SecureBootCapable = unknown[bool]("booted in legacy mode; the firmware shows Secure Boot only after a UEFI boot")
	case p.junk:
		f.Kind, f.SecureBootEnabled = inventory.Known("bios"), inventory.Known(false)
		f.SecureBootCapable = inventory.Known(false)
	case m.dice.chance("no state", 60):
		why := "Windows keeps no Secure Boot state"
		f.SecureBootCapable, f.SecureBootEnabled = unknown[bool](why), unknown[bool](why)
	}
	return f
}

func (m *Machine) firmwareDate() inventory.Date {
	start := time.Date(m.product.year, 6, 1, 0, 0, 0, 0, time.UTC)
	return inventory.DateOf(start.AddDate(0, m.dice.below("firmware date", 36), m.dice.below("firmware day", 28)))
}

func (m *Machine) tpm() inventory.TPM {
	p := m.product
	switch {
	case p.tpm == "" || p.year < 2019 && m.dice.chance("tpm off", 10):
		why := "Windows shows no TPM"
		return inventory.TPM{Present: inventory.Known(false), Version: unknown[string](why), Enabled: inventory.Known(false), Maker: unknown[string](why)}
	case m.dice.chance("tpm silent", 80):
		why := "the TPM did not answer within 5s"
		return inventory.TPM{Present: unknown[bool](why), Version: unknown[string](why), Enabled: unknown[bool](why), Maker: unknown[string](why)}
	}
	return inventory.TPM{
		Present: inventory.Known(true), Version: inventory.Known(p.tpm), Enabled: inventory.Known(!m.dice.chance("tpm disabled", 25)),
		Maker: inventory.Known(p.tpmMaker),
	}
}

// release is a release of Windows with its build and newest revision.
type release struct {
	name, version string
	build, newest int
}

var (
	windows10 = []release{
		{"Windows 10 Pro", "22H2", 19045, 6456},
		{"Windows 10 Pro", "22H2", 19045, 6456},
		{"Windows 10 Enterprise", "22H2", 19045, 6456},
		{"Windows 10 Pro", "21H2", 19044, 3086},
	}
	windows11 = []release{{"Windows 11 Pro", "23H2", 22631, 6060}, {"Windows 11 Enterprise", "24H2", 26100, 6899}, {"Windows 11 Pro", "24H2", 26100, 6899}}
)

// OS is the Windows that is on it: 11 on newer machines that may have it.
func (m *Machine) OS(context.Context) inventory.OS {
	from := windows10
	if m.cpu.judged() && (m.product.year >= 2022 || m.product.year >= 2018 && m.dice.chance("upgraded", 3)) {
		from = windows11
	}
	r := one(m.dice, "windows", from)
	late := m.monthsLate()
	build := fmt.Sprintf("%d.%d", r.build, r.newest-late*73)
	patched := patchDay(m.startedAt, late)
	return inventory.OS{
		Family: inventory.Known("windows"), Name: inventory.Known(r.name), Version: inventory.Known(r.version), Build: inventory.Known(build),
		Kernel:      inventory.Known("10.0." + build),
		InstalledOn: inventory.Known(inventory.DateOf(m.startedAt.AddDate(0, 0, -60-m.dice.below("installed", 1500)))),
		PatchedOn:   inventory.Known(inventory.DateOf(patched)),
		Patch:       inventory.Known(fmt.Sprintf("KB50%05d", 68000-late*700-m.dice.below("patch", 3))),
	}
}

// monthsLate is how many patch days the machine has missed: most none, some many.
func (m *Machine) monthsLate() int {
	switch n := m.dice.below("patched", 100); {
	case n < 72:
		return 0
	case n < 92:
		return 1
	case n < 97:
		return 2
	}
	return 3 + m.dice.below("very late", 8)
}

// patchDay is the second Tuesday of the month, so many months back, that lies
// before now.
func patchDay(now time.Time, monthsBack int) time.Time {
	now = now.UTC()
	month := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	second := func(first time.Time) time.Time {
		return first.AddDate(0, 0, (int(time.Tuesday)-int(first.Weekday())+7)%7+7)
	}
	if second(month).After(now) {
		monthsBack++
	}
	return second(month.AddDate(0, -monthsBack, 0))
}
