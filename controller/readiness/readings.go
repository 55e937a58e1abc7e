package readiness

import (
	"strconv"
	"strings"
	"time"

	"muster/inventory"
)

// Hardware is the part of a row that an agent's or a file's readings fill.
func Hardware(h inventory.Hardware, f inventory.Firmware, o inventory.OS) HardwarePart {
	var version inventory.Fact[float64]
	present, known := f.TPM.Present.Get()
	if v, why := tpmVersion(f.TPM.Version); why == "" {
		version = inventory.Known(v)
	} else if known && !present {
		version = inventory.Known(0.0) // there is none: below every version
	} else {
		version = inventory.Unknown[float64](why)
	}
	return HardwarePart{
		MemoryGiB:  inGiB(h.MemoryBytes),
		DiskGiB:    inGiB(h.SystemDiskBytes),
		TPM:        TPMPart{Present: f.TPM.Present, Version: version},
		SecureBoot: SecureBootPart{Capable: f.SecureBootCapable, Enabled: f.SecureBootEnabled},
		Firmware:   f.Kind,
		CPU: CPUPart{
			Vendor: h.CPU.Vendor, Name: h.CPU.Name, Family: h.CPU.Family, Model: h.CPU.Model, Cores: h.CPU.Cores, MHz: h.CPU.MHz,
		},
		Windows11: JudgeWindows11(h, f, o),
	}
}

func inGiB(f inventory.Fact[int64]) inventory.Fact[float64] {
	n, known := f.Get()
	if !known {
		return inventory.Unknown[float64](f.Reason())
	}
	return inventory.Known(float64(n) / (1 << 30))
}

// System is the operating system of a report made at a moment: what was not
// patched for 13 days when its machine was switched off for the weekend is not 15
// days behind because of that.
func System(o inventory.OS, at time.Time) OSPart {
	days := inventory.Unknown[int](o.PatchedOn.Reason())
	if on, known := o.PatchedOn.Get(); known {
		days = inventory.Unknown[int]("the day of the newest update is not given")
		if on.Set() {
			days = inventory.Known(max(daysBetween(on, inventory.DateOf(at.UTC())), 0))
		}
	}
	return OSPart{Family: o.Family, Name: o.Name, Version: o.Version, Build: build(o), PatchedDays: days}
}

func daysBetween(from, to inventory.Date) int { return int(to.Time().Sub(from.Time()).Hours() / 24) }

// build is the number of a Windows build, whether the system gives 22631,
// 22631.4317 or 10.0.22631; of other systems the first number.
func build(o inventory.OS) inventory.Fact[int] {
	text, known := o.Build.Get()
	if !known {
		return inventory.Unknown[int](o.Build.Reason())
	}
	text = strings.TrimPrefix(text, "10.0.")
	first, _, _ := strings.Cut(text, ".")
	n, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil || n < 0 {
		return inventory.Unknown[int]("the build '" + text + "' has no number")
	}
	return inventory.Known(n)
}

// Age is the years from a day to another; unknown where the first is not set.
func Age(bought, today inventory.Date) inventory.Fact[float64] {
	if !bought.Set() {
		return inventory.Unknown[float64]("the day of purchase is not declared")
	}
	return inventory.Known(float64(daysBetween(bought, today)) / 365.25)
}

// WarrantyLeft is the days of warranty that are left; unknown where none is
// declared.
func WarrantyLeft(until, today inventory.Date) inventory.Fact[int] {
	if !until.Set() {
		return inventory.Unknown[int]("the end of the warranty is not declared")
	}
	return inventory.Known(daysBetween(today, until))
}

// Protected reports whether an anti-malware product is on, and whether one that
// is on is current.
func Protected(f inventory.Fact[[]inventory.Protection]) (on, current inventory.Fact[bool]) {
	products, known := f.Get()
	if !known {
		return inventory.Unknown[bool](f.Reason()), inventory.Unknown[bool](f.Reason())
	}
	on, current = inventory.Known(false), inventory.Known(false)
	for _, p := range products {
		enabled, enabledKnown := p.Enabled.Get()
		switch {
		case !enabledKnown:
			on, current = doubtful(on, p.Enabled), doubtful(current, p.Enabled)
		case enabled:
			on = inventory.Known(true)
			if fresh, freshKnown := p.Current.Get(); freshKnown && fresh {
				current = inventory.Known(true)
			} else if !freshKnown {
				current = doubtful(current, p.Current)
			}
		}
	}
	return on, current
}

// doubtful keeps what is known to be true, and else does not know.
func doubtful(f, because inventory.Fact[bool]) inventory.Fact[bool] {
	if f.Or(false) {
		return f
	}
	return inventory.Unknown[bool](because.Reason())
}
