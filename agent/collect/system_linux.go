package collect

import (
	"errors"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"muster/inventory"
)

// system is what the Linux collector keeps between readings.
type system struct {
	bootID atomic.Pointer[string] // nil until it was read

	mu       sync.Mutex // guards what follows
	rpmStamp string     // of the rpm database when rpmList was read
	rpmList  []rpmPackage
	running  map[string]bool // names of processes
	ranAt    time.Time       // when they were read
	threads  kept[int]
	wear     map[string]kept[inventory.Fact[float64]] // by disk
}

type rpmPackage struct {
	program     inventory.Program
	installedAt int64 // Unix seconds
}

func (c *Collector) computerName() (string, error) {
	if c.live {
		return os.Hostname()
	}
	return c.readLine("etc/hostname")
}

// smbios reads the raw table; without it (no SMBIOS, or no right to read it) the
// error says why.
func (c *Collector) smbios() (smbios, error) {
	b, err := c.readBytes("sys/firmware/dmi/tables/DMI", maxSMBIOS)
	if err != nil {
		if !c.exists("sys/firmware/dmi") && !c.exists("sys/class/dmi/id") {
			return smbios{}, errNoSMBIOS
		}
		if errors.Is(err, fs.ErrNotExist) {
			err = errors.New("the kernel does not show the SMBIOS table")
		}
		return smbios{}, err
	}
	return parseSMBIOS(b)
}
