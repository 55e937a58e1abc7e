package collect

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"muster/inventory"
)

// The texts that Windows keeps in its registry and answers, read by functions
// without Windows in them so that they are tested everywhere.

var processorIdentifier = regexp.MustCompile(`Family +([0-9A-F]+) +Model +([0-9A-F]+) +(Stepping|Revision) +([0-9A-F]+)`)

// windowsCPU reads a processor's identifier: "Intel64 Family 6 Model 142 Stepping
// 10", or on Arm "ARMv8 (64-bit) Family 8 Model D4B Revision 0", whose model is
// hexadecimal.
func windowsCPU(identifier string) (family, model, stepping inventory.Fact[int]) {
	parts := processorIdentifier.FindStringSubmatch(identifier)
	if parts == nil {
		why := "Windows gives the processor as \"" + clean(identifier) + "\""
		return inventory.Unknown[int](why), inventory.Unknown[int](why), inventory.Unknown[int](why)
	}
	base := 10
	if parts[3] == "Revision" {
		base = 16
	}
	number := func(s string, base int) inventory.Fact[int] {
		n, err := strconv.ParseInt(s, base, 32)
		return inventory.KnownIf(int(n), err)
	}
	return number(parts[1], 10), number(parts[2], base), number(parts[4], base)
}

// windowsName corrects the product name: Windows 11 still calls itself 10 in the
// registry; its builds begin at 22000.
func windowsName(product string, build int) string {
	if build >= 22000 {
		return strings.Replace(product, "Windows 10", "Windows 11", 1)
	}
	return product
}

// productState decodes the state that a product reports to the Security Center:
// the middle byte says whether it runs, the low one whether its signatures are
// out of date.
func productState(state uint32) (enabled, current bool) {
	return state>>12&0xf == 1, state&0x10 == 0
}

// appxProgram reads a package's full name:
// "Microsoft.WindowsCalculator_11.2210.0.0_x64__8wekyb3d8bbwe".
func appxProgram(fullName string) (inventory.Program, bool) {
	parts := strings.Split(fullName, "_")
	if len(parts) != 5 || parts[0] == "" || parts[2] == "neutral" && parts[3] != "" {
		return inventory.Program{}, false // a resource pack of another package
	}
	return inventory.Program{Name: parts[0], Version: parts[1], Source: "appx"}, true
}

// hotfixDate reads the date of an installed update: month/day/year in every
// language, and from some versions an ISO date or a hexadecimal FILETIME.
func hotfixDate(s string) (inventory.Date, bool) {
	s = strings.TrimSpace(s)
	for _, layout := range []string{"1/2/2006", time.DateOnly, "20060102"} {
		if t, err := time.Parse(layout, s); err == nil {
			return inventory.DateOf(t), true
		}
	}
	if n, err := strconv.ParseUint(s, 16, 64); err == nil && len(s) == 16 {
		t := fileTime(n)
		return inventory.DateOf(t), t.Year() > 2000 && t.Year() < 2200
	}
	return "", false
}

// fileTime is 100-nanosecond steps since 1601.
func fileTime(n uint64) time.Time {
	const before1970 = 11_644_473_600
	return time.Unix(int64(n/10_000_000)-before1970, int64(n%10_000_000)*100).UTC()
}

var leapIndicator = regexp.MustCompile(`:\s*([0-3])\s*\(`)

// timeService reads `w32tm /query /status`, whose words are in the system's
// language; the first line is the leap indicator, 3 for a clock that nothing sets.
func timeService(status string) inventory.Fact[bool] {
	first, _, _ := strings.Cut(strings.TrimSpace(status), "\n")
	m := leapIndicator.FindStringSubmatch(first)
	if m == nil {
		return inventory.Unknown[bool]("cannot read the answer of the time service")
	}
	return inventory.Known(m[1] != "3")
}

// soldered reports whether a network card's device instance is part of the
// machine: on its own PCI or ACPI bus, not on USB (docks) nor made by software.
func soldered(instance string) bool {
	instance = strings.ToUpper(instance)
	for _, bus := range []string{`PCI\`, `ACPI\`, `SD\`, `PCIIDE\`} {
		if strings.HasPrefix(instance, bus) {
			return true
		}
	}
	return false
}

// noUserIn drops what may hold a person's name from a program's name: a path or
// an address.
func noUserIn(name string) string {
	if strings.Contains(name, `\Users\`) || strings.Contains(name, "@") {
		return ""
	}
	return name
}
