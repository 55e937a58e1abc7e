package collect

import (
	"errors"
	"io/fs"
	"os"
	"sync"
	"time"

	"muster/inventory"
)

// system is what the Linux collector keeps between readings.
type system struct {
	mu       sync.Mutex // guards the rest
	rpmStamp string     // of the rpm database when rpmList was read
	rpmList  []rpmPackage
	running  map[string]bool // names of processes
	ranAt    time.Time       // when they were read
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
