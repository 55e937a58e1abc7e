package collect

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"muster/inventory"
)

const secureBootState = `SYSTEM\CurrentControlSet\Control\SecureBoot\State`

func (c *Collector) firmware(ctx context.Context) inventory.Firmware {
	table, err := c.smbios()
	f := inventory.Firmware{
		Vendor:   fromTable(table.bios, err, "firmware maker", 0x04),
		Version:  fromTable(table.bios, err, "firmware version", 0x05),
		Released: firmwareDate(fromTable(table.bios, err, "firmware date", 0x08)),
		Kind:     firmwareKind(),
		TPM:      c.tpm(ctx),
	}
	f.SecureBootCapable, f.SecureBootEnabled = secureBoot(f.Kind, table)
	return f
}

func firmwareKind() inventory.Fact[string] {
	var kind uint32
	if err := getFirmwareType.Find(); err != nil {
		return inventory.Unknown[string]("this Windows is too old to say how it was booted")
	}
	if ok, _, _ := getFirmwareType.Call(uintptr(unsafe.Pointer(&kind))); ok != 0 {
		switch kind {
		case 1:
			return inventory.Known("bios")
		case 2:
			return inventory.Known("uefi")
		}
	}
	return inventory.Unknown[string]("Windows does not say how it was booted")
}

// secureBoot reads the state that Windows keeps when the firmware has Secure
// Boot. Without it a machine booted by UEFI may still be capable: not known.
func secureBoot(kind inventory.Fact[string], table smbios) (capable, enabled inventory.Fact[bool]) {
	on, err := registryNumber(registry.LOCAL_MACHINE, secureBootState, "UEFISecureBootEnabled")
	switch {
	case err == nil:
		return inventory.Known(true), inventory.Known(on == 1)
	case kind.Or("") == "bios":
		return legacySecureBoot(table), inventory.Known(false)
	case errors.Is(err, fs.ErrNotExist):
		why := "Windows keeps no Secure Boot state"
		return inventory.Unknown[bool](why), inventory.Unknown[bool](why)
	}
	return unknownErr[bool](err), unknownErr[bool](err)
}

var tbsGetDeviceInfo = windows.NewLazySystemDLL("tbs.dll").NewProc("Tbsi_GetDeviceInfo")

const (
	tbsNotFound = 0x8028400f // TBS_E_TPM_NOT_FOUND
	tpmPatience = 5 * time.Second
)

// tpm asks the TPM Base Services, which every user may, for presence and version,
// and WMI, which only an administrator may, for its state and maker.
func (c *Collector) tpm(ctx context.Context) inventory.TPM {
	version, err := within(ctx, &c.patience, "the TPM", tpmPatience, tpmVersion)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return tpmAbsent("Windows shows no TPM")
	case err != nil:
		return tpmUnknown(err.Error())
	}
	t := inventory.TPM{Present: inventory.Known(true), Version: inventory.Unknown[string](fmt.Sprintf("Windows gives TPM version %d", version))}
	switch version {
	case 1:
		t.Version = inventory.Known("1.2")
	case 2:
		t.Version = inventory.Known("2.0")
	}
	type win32TPM struct {
		IsEnabled_InitialValue bool //nolint:revive // WMI's own spelling
		ManufacturerIdTxt      string
	}
	rows, err := query[win32TPM](ctx, c, `root\cimv2\Security\MicrosoftTpm`, "SELECT IsEnabled_InitialValue, ManufacturerIdTxt FROM Win32_Tpm")
	if err == nil && len(rows) == 0 {
		err = errors.New("Windows says no more of its TPM to this user")
	}
	if err != nil {
		t.Enabled, t.Maker = unknownErr[bool](err), unknownErr[string](err)
		return t
	}
	t.Enabled, t.Maker = inventory.Known(rows[0].IsEnabled_InitialValue), named("the TPM's maker", rows[0].ManufacturerIdTxt)
	return t
}

// tpmVersion is TPM_DEVICE_INFO's tpmVersion: 1 for 1.2, 2 for 2.0.
func tpmVersion() (uint32, error) {
	if err := tbsGetDeviceInfo.Find(); err != nil {
		return 0, errors.New("this Windows has no TPM Base Services")
	}
	var device struct{ structVersion, version, interfaceType, revision uint32 }
	result, _, _ := tbsGetDeviceInfo.Call(unsafe.Sizeof(device), uintptr(unsafe.Pointer(&device)))
	switch uint32(result) {
	case 0:
		return device.version, nil
	case tbsNotFound:
		return 0, missing("TPM")
	}
	return 0, fmt.Errorf("cannot ask the TPM: error %#x", uint32(result))
}
