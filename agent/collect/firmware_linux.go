package collect

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"muster/inventory"
)

// The variable that holds whether Secure Boot is on (UEFI specification, 3.3).
const secureBootVariable = "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

func (c *Collector) firmware(_ context.Context) inventory.Firmware {
	table, _ := c.smbios()
	f := inventory.Firmware{
		Vendor:   c.dmi("bios_vendor", table.bios, 0x04),
		Version:  c.dmi("bios_version", table.bios, 0x05),
		Released: firmwareDate(c.dmi("bios_date", table.bios, 0x08)),
		TPM:      c.tpm(),
	}
	switch {
	case c.exists("sys/firmware/efi"):
		f.Kind = inventory.Known("uefi")
		f.SecureBootCapable, f.SecureBootEnabled = c.secureBoot()
	case c.exists("sys/class/dmi/id"):
		f.Kind = inventory.Known("bios")
		f.SecureBootCapable, f.SecureBootEnabled = legacySecureBoot(table), inventory.Known(false)
	default:
		why := "the kernel was booted by neither UEFI nor a BIOS that it can name"
		f.Kind = inventory.Unknown[string](why)
		f.SecureBootCapable, f.SecureBootEnabled = inventory.Unknown[bool](why), inventory.Unknown[bool](why)
	}
	return f
}

// secureBoot reads the variable: four bytes of attributes, then 0 or 1. Where it
// exists the firmware can do Secure Boot.
func (c *Collector) secureBoot() (capable, enabled inventory.Fact[bool]) {
	b, err := c.readBytes(secureBootVariable, 16)
	switch {
	case err == nil && len(b) == 5:
		return inventory.Known(true), inventory.Known(b[4] == 1)
	case err == nil:
		why := "the SecureBoot variable is damaged"
		return inventory.Known(true), inventory.Unknown[bool](why)
	case !errors.Is(err, fs.ErrNotExist):
		return unknownErr[bool](err), unknownErr[bool](err)
	}
	if variables, err := c.list("sys/firmware/efi/efivars"); err != nil || len(variables) == 0 {
		why := "the firmware's variables are not mounted"
		return inventory.Unknown[bool](why), inventory.Unknown[bool](why)
	}
	return inventory.Known(false), inventory.Known(false)
}

// tpm reads the kernel's TPM class. A module that is switched off in the
// firmware's setup is not shown to the operating system: it looks absent.
func (c *Collector) tpm() inventory.TPM {
	names, err := c.list("sys/class/tpm")
	for _, name := range names {
		if numbered(name, "tpm") {
			return c.tpmAt("sys/class/tpm/" + name + "/")
		}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return tpmUnknown(err.Error())
	}
	switch {
	case c.exists("sys/firmware/acpi/tables/TPM2"):
		t := tpmUnknown("the firmware lists a TPM for which no driver is loaded")
		t.Present, t.Version = inventory.Known(true), inventory.Known("2.0")
		return t
	case c.exists("sys/firmware/acpi/tables/TCPA"):
		t := tpmUnknown("the firmware lists a TPM for which no driver is loaded")
		t.Present, t.Version = inventory.Known(true), inventory.Known("1.2")
		return t
	case err == nil || c.exists("sys/firmware/acpi/tables"):
		return tpmAbsent("the firmware shows no TPM")
	}
	return tpmUnknown("the kernel has no TPM support and there is no ACPI table to ask")
}

func (c *Collector) tpmAt(dir string) inventory.TPM {
	t := inventory.TPM{Present: inventory.Known(true), Version: inventory.Unknown[string]("the kernel does not give the TPM's version")}
	caps, _ := c.readBytes(dir+"device/caps", maxLine)
	if len(caps) == 0 {
		caps, _ = c.readBytes(dir+"caps", maxLine)
	}
	major, err := c.readInt(dir + "tpm_version_major")
	switch {
	case err == nil && major == 2:
		t.Version = inventory.Known("2.0")
	case err == nil && major == 1, strings.Contains(string(caps), "TCG version: 1.2"):
		t.Version = inventory.Known("1.2")
	}
	t.Enabled = inventory.Known(true) // a 2.0 module that is off is not shown
	if enabled, err := c.readInt(dir + "device/enabled"); err == nil {
		t.Enabled = inventory.Known(enabled == 1)
	}
	t.Maker = c.tpmMaker(dir)
	return t
}

// tpmMakers maps the first letters of the module's ACPI id to its maker.
var tpmMakers = map[string]string{
	"NTC": "Nuvoton", "IFX": "Infineon", "STM": "STMicroelectronics", "INT": "Intel", "AMD": "AMD", "ATM": "Atmel",
	"BCM": "Broadcom", "NTZ": "Nationz", "GOO": "Google",
}

func (c *Collector) tpmMaker(dir string) inventory.Fact[string] {
	id, err := c.readLine(dir + "device/firmware_node/hid")
	if err == nil && len(id) >= 3 && tpmMakers[id[:3]] != "" {
		return inventory.Known(tpmMakers[id[:3]])
	}
	return inventory.Unknown[string]("the kernel does not name the TPM's maker")
}
