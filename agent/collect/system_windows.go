package collect

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"muster/inventory"
)

// system is what the Windows collector keeps between readings.
type system struct {
	mu           sync.Mutex // guards the rest
	busy, total  float64    // processor seconds at the last health reading
	clockAskedAt time.Time
	clockSynced  inventory.Fact[bool]
	gatewayHeard bool // since the agent started, so that silence means something
}

func (c *Collector) computerName() (string, error) { return os.Hostname() }

var (
	kernel32               = windows.NewLazySystemDLL("kernel32.dll")
	getSystemFirmwareTable = kernel32.NewProc("GetSystemFirmwareTable")
	getFirmwareType        = kernel32.NewProc("GetFirmwareType")
	getSystemPowerStatus   = kernel32.NewProc("GetSystemPowerStatus")
	getProcessorRelations  = kernel32.NewProc("GetLogicalProcessorInformationEx")
)

var errNoSMBIOS = errors.New("Windows gives no SMBIOS table")

// smbios asks Windows for the raw table: RawSMBIOSData is a header of eight
// bytes, whose last four are the length, and the table.
func (c *Collector) smbios() (smbios, error) {
	if err := getSystemFirmwareTable.Find(); err != nil {
		return smbios{}, errNoSMBIOS
	}
	const provider = 'R'<<24 | 'S'<<16 | 'M'<<8 | 'B'
	size, _, _ := getSystemFirmwareTable.Call(provider, 0, 0, 0)
	if size < 8 || size > maxSMBIOS {
		return smbios{}, errNoSMBIOS
	}
	b := make([]byte, size)
	size, _, _ = getSystemFirmwareTable.Call(provider, 0, uintptr(unsafe.Pointer(&b[0])), size)
	if size < 8 || size > uintptr(len(b)) {
		return smbios{}, errNoSMBIOS
	}
	length := min(uint64(binary.LittleEndian.Uint32(b[4:])), uint64(size-8))
	return parseSMBIOS(b[8 : 8+length])
}

// registryKey opens a key of the 64-bit registry, or says in words why it cannot.
func registryKey(root registry.Key, path string) (registry.Key, error) {
	k, err := registry.OpenKey(root, path, registry.READ|registry.WOW64_64KEY)
	switch {
	case errors.Is(err, registry.ErrNotExist):
		return 0, missing(path)
	case err != nil:
		return 0, fmt.Errorf("cannot open registry key %s: %w", path, err)
	}
	return k, nil
}

// registryText reads one text value.
func registryText(root registry.Key, path, name string) inventory.Fact[string] {
	k, err := registryKey(root, path)
	if err != nil {
		return unknownErr[string](err)
	}
	defer k.Close() // opened for reading
	text, _, err := k.GetStringValue(name)
	if err != nil {
		return inventory.Unknown[string]("the registry has no " + name)
	}
	return named(name, text)
}

// registryNumber reads one DWORD or QWORD.
func registryNumber(root registry.Key, path, name string) (uint64, error) {
	k, err := registryKey(root, path)
	if err != nil {
		return 0, err
	}
	defer k.Close() // opened for reading
	n, _, err := k.GetIntegerValue(name)
	if err != nil {
		return 0, missing(name)
	}
	return n, nil
}

func registryHas(root registry.Key, path string) bool {
	k, err := registryKey(root, path)
	if err != nil {
		return false
	}
	_ = k.Close()
	return true
}
