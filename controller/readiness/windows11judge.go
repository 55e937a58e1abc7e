package readiness

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"muster/inventory"
)

// What Windows 11 asks of a machine, by Microsoft's published requirements.
const (
	windows11MemoryBytes = 4_000_000_000  // decimal: firmware and graphics take some off a machine of 4 GiB
	windows11DiskBytes   = 64_000_000_000 // size, not free space
	windows11Cores       = 2
	windows11MHz         = 1000
	windows11TPM         = 2.0
)

// JudgeWindows11 holds a machine against the requirements of Windows 11. What
// could not be read is undetermined, never failed; a failure outranks it.
func JudgeWindows11(h inventory.Hardware, f inventory.Firmware, o inventory.OS) Windows11 {
	w := Windows11{Result: Capable, Direct: directUpgrade(o), Checks: []HardwareCheck{
		judgeFact("architecture", "64-bit", h.CPU.Architecture, wide, plainText),
		judgeFact("cpu clock", "at least 1 GHz", h.CPU.MHz, func(mhz int) bool { return mhz >= windows11MHz }, func(mhz int) string { return strconv.Itoa(mhz) + " MHz" }),
		judgeFact("cpu cores", "at least 2", h.CPU.Cores, func(n int) bool { return n >= windows11Cores }, strconv.Itoa),
		judgeCPU(h.CPU),
		judgeFact("memory", "at least 4 GB", h.MemoryBytes, func(n int64) bool { return n >= windows11MemoryBytes }, gigabytes),
		judgeFact("system disk", "at least 64 GB", h.SystemDiskBytes, func(n int64) bool { return n >= windows11DiskBytes }, gigabytes),
		judgeFact("firmware", "UEFI", f.Kind, func(kind string) bool { return strings.EqualFold(kind, "uefi") }, plainText),
		judgeSecureBoot(f),
		judgeTPM(f.TPM),
	}}
	if check, known := judgeDisplay(h.DisplayDriver); known {
		w.Checks = append(w.Checks, check)
	}
	for _, check := range w.Checks {
		switch {
		case check.Result == NotCapable:
			w.Result = NotCapable
		case check.Result == Undetermined && w.Result == Capable:
			w.Result = Undetermined
		}
	}
	return w
}

func judgeFact[T any](name, required string, f inventory.Fact[T], enough func(T) bool, say func(T) string) HardwareCheck {
	c := HardwareCheck{Name: name, Required: required, Result: Undetermined}
	v, known := f.Get()
	if !known {
		c.Measured = "unknown (" + f.Reason() + ")"
		return c
	}
	c.Measured, c.Result = say(v), NotCapable
	if enough(v) {
		c.Result = Capable
	}
	return c
}

func plainText(s string) string { return s }

func gigabytes(n int64) string { return number(math.Floor(float64(n)/1e8)/10) + " GB" }

func wide(architecture string) bool {
	switch strings.ToLower(architecture) {
	case "amd64", "x86_64", "x64", "arm64", "aarch64", "64-bit":
		return true
	default:
		return false
	}
}

// judgeCPU is the list of supported processors by family and model: of Intel's
// family 6 all up to model 95 are not on it, but 85; of AMD none below family 23,
// nor models 1 and 17 of it. An Arm processor is judged by its architecture.
func judgeCPU(cpu inventory.CPU) HardwareCheck {
	c := HardwareCheck{Name: "cpu", Required: "on the list of supported processors", Result: Undetermined}
	vendor, vendorKnown := cpu.Vendor.Get()
	family, familyKnown := cpu.Family.Get()
	model, modelKnown := cpu.Model.Get()
	if arch, known := cpu.Architecture.Get(); known && (strings.EqualFold(arch, "arm64") || strings.EqualFold(arch, "aarch64")) {
		c.Measured, c.Result = cpu.Name.Or(arch), Capable
		return c
	}
	switch {
	case !vendorKnown:
		c.Measured = "unknown (" + cpu.Vendor.Reason() + ")"
		return c
	case !familyKnown:
		c.Measured = "unknown (" + cpu.Family.Reason() + ")"
		return c
	}
	c.Measured = fmt.Sprintf("%s family %d", vendor, family)
	if modelKnown {
		c.Measured += fmt.Sprintf(" model %d", model)
	}
	intel := strings.Contains(strings.ToLower(vendor), "intel")
	amd := strings.Contains(strings.ToLower(vendor), "amd")
	needsModel := intel && family == 6 || amd && family == 23
	switch {
	case !intel && !amd:
		c.Measured += ": no rule for this vendor"
	case intel && family < 6, amd && family < 23:
		c.Result = NotCapable
	case needsModel && !modelKnown:
		c.Measured += ", model unknown (" + cpu.Model.Reason() + ")"
	case intel && family == 6 && model <= 95 && model != 85, amd && family == 23 && (model == 1 || model == 17):
		c.Result = NotCapable
	default:
		c.Result = Capable
	}
	return c
}

// judgeSecureBoot asks whether the firmware can, not whether it is on. One that
// has it on can.
func judgeSecureBoot(f inventory.Firmware) HardwareCheck {
	capable := f.SecureBootCapable
	if on, known := f.SecureBootEnabled.Get(); known && on {
		capable = inventory.Known(true)
	}
	return judgeFact("secure boot", "capable", capable, func(can bool) bool { return can }, func(can bool) string {
		if can {
			return "capable"
		}
		return "not capable"
	})
}

func judgeTPM(t inventory.TPM) HardwareCheck {
	c := HardwareCheck{Name: "tpm", Required: "2.0", Result: Undetermined}
	present, known := t.Present.Get()
	switch {
	case !known && !t.Version.Known():
		c.Measured = "unknown (" + t.Present.Reason() + ")"
		return c
	case known && !present:
		c.Measured, c.Result = "none", NotCapable
		return c
	}
	version, err := tpmVersion(t.Version)
	if err != "" {
		c.Measured = "unknown version (" + err + ")"
		return c
	}
	c.Measured, c.Result = strconv.FormatFloat(version, 'f', 1, 64), NotCapable
	if version >= windows11TPM {
		c.Result = Capable
	}
	return c
}

// tpmVersion reads "2.0", or "2.0, 0, 1.38" as Windows writes it.
func tpmVersion(f inventory.Fact[string]) (version float64, why string) {
	text, known := f.Get()
	if !known {
		return 0, f.Reason()
	}
	first, _, _ := strings.Cut(text, ",")
	version, err := strconv.ParseFloat(strings.TrimSpace(first), 64)
	if err != nil || version <= 0 || version > 100 {
		return 0, fmt.Sprintf("%.40q is no version", text)
	}
	return version, ""
}

// judgeDisplay holds the display driver model against WDDM 2. Few inventories
// carry it, and every machine whose other parts pass has it: where it is not
// known it is left out, not undetermined.
func judgeDisplay(driver inventory.Fact[string]) (HardwareCheck, bool) {
	text, known := driver.Get()
	model, found := strings.CutPrefix(strings.ToUpper(strings.TrimSpace(text)), "WDDM ")
	if !known || !found {
		return HardwareCheck{}, false
	}
	version, err := strconv.ParseFloat(model, 64)
	if err != nil {
		return HardwareCheck{}, false
	}
	c := HardwareCheck{Name: "graphics", Required: "WDDM 2.0", Measured: text, Result: NotCapable}
	if version >= 2 {
		c.Result = Capable
	}
	return c, true
}

// directUpgradeBuild is Windows 10 2004.
const directUpgradeBuild = 19041

func directUpgrade(o inventory.OS) inventory.Fact[bool] {
	family, known := o.Family.Get()
	if !known {
		return inventory.Unknown[bool](o.Family.Reason())
	}
	if !strings.EqualFold(family, "windows") {
		return inventory.Known(false)
	}
	n, known := build(o).Get()
	if !known {
		return inventory.Unknown[bool](build(o).Reason())
	}
	return inventory.Known(n >= directUpgradeBuild)
}
