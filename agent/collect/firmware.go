package collect

import (
	"time"

	"muster/inventory"
)

// legacySecureBoot says whether a machine that was booted the old way could do
// Secure Boot: only a firmware without UEFI certainly cannot.
func legacySecureBoot(table smbios) inventory.Fact[bool] {
	supported, ok := table.uefiSupported()
	switch {
	case !ok:
		return inventory.Unknown[bool]("booted in legacy mode; SMBIOS does not say whether the firmware supports UEFI")
	case supported:
		return inventory.Unknown[bool]("booted in legacy mode; the firmware shows Secure Boot only after a UEFI boot")
	}
	return inventory.Known(false)
}

// firmwareDate reads SMBIOS's month/day/year, with a year of two digits in the last century.
func firmwareDate(text inventory.Fact[string]) inventory.Fact[inventory.Date] {
	s, ok := text.Get()
	if !ok {
		return inventory.Unknown[inventory.Date](text.Reason())
	}
	for _, layout := range []string{"01/02/2006", "01/02/06", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return inventory.Known(inventory.DateOf(t))
		}
	}
	return inventory.Unknown[inventory.Date]("the firmware gives its date as \"" + s + "\"")
}

// tpmAbsent is a machine that was looked at and has no TPM.
func tpmAbsent(why string) inventory.TPM {
	return inventory.TPM{
		Present: inventory.Known(false), Version: inventory.Unknown[string](why),
		Enabled: inventory.Known(false), Maker: inventory.Unknown[string](why),
	}
}

// tpmUnknown is a machine of which nothing can be said.
func tpmUnknown(why string) inventory.TPM {
	return inventory.TPM{
		Present: inventory.Unknown[bool](why), Version: inventory.Unknown[string](why),
		Enabled: inventory.Unknown[bool](why), Maker: inventory.Unknown[string](why),
	}
}
