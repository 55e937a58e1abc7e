package collect

import (
	"context"
	"encoding/binary"
	"fmt"
	"sort"
	"unsafe"

	"golang.org/x/sys/windows"

	"muster/inventory"
)

const storageNamespace = `root\Microsoft\Windows\Storage`

// physicalDisk is MSFT_PhysicalDisk.
type physicalDisk struct {
	DeviceId     string //nolint:revive // WMI's own spelling
	FriendlyName string
	SerialNumber string
	MediaType    uint16
	BusType      uint16
	Size         uint64
}

// Values of MSFT_PhysicalDisk's MediaType and BusType.
const (
	mediaHDD    = 3
	mediaSSD    = 4
	busUSB      = 7
	busSD       = 12
	busMMC      = 13
	busVirtual  = 14
	busFile     = 15
	busNVMe     = 17
	maxDiskRows = 256
)

func (c *Collector) physicalDisks(ctx context.Context) ([]inventory.Disk, error) {
	rows, err := query[physicalDisk](ctx, c, storageNamespace,
		"SELECT DeviceId, FriendlyName, SerialNumber, MediaType, BusType, Size FROM MSFT_PhysicalDisk")
	if err != nil {
		return nil, err
	}
	disks := make([]inventory.Disk, 0, len(rows))
	for _, row := range rows[:min(len(rows), maxDiskRows)] {
		if row.Size == 0 || row.BusType == busFile { // no medium, or a mounted image
			continue
		}
		disks = append(disks, inventory.Disk{
			Name: "PhysicalDrive" + clean(row.DeviceId), Bytes: int64(row.Size),
			Model: named("the disk's name", row.FriendlyName), Serial: named("the disk's serial number", row.SerialNumber),
			Kind: row.kind(), Removable: row.BusType == busUSB || row.BusType == busSD,
		})
	}
	sort.Slice(disks, func(i, j int) bool { return disks[i].Name < disks[j].Name })
	return disks, nil
}

func (d physicalDisk) kind() inventory.Fact[string] {
	switch {
	case d.BusType == busVirtual || hypervisor(d.FriendlyName, "") != "" || d.FriendlyName == "Msft Virtual Disk":
		return inventory.Known("virtual")
	case d.BusType == busNVMe:
		return inventory.Known("nvme")
	case d.MediaType == mediaSSD || d.BusType == busMMC || d.BusType == busSD:
		return inventory.Known("ssd")
	case d.MediaType == mediaHDD:
		return inventory.Known("hdd")
	}
	return inventory.Unknown[string]("Windows does not say what kind of disk this is")
}

// systemDisk is the size of the disk that holds the system's volume.
func (c *Collector) systemDisk(disks []inventory.Disk) inventory.Fact[int64] {
	number, err := diskOfVolume(systemDrive())
	if err != nil {
		return unknownErr[int64](err)
	}
	name := fmt.Sprintf("PhysicalDrive%d", number)
	for _, d := range disks {
		if d.Name == name {
			return inventory.Known(d.Bytes)
		}
	}
	return inventory.Unknown[int64]("the system is on " + name + ", which Windows does not list")
}

// systemDrive is the letter of the volume with Windows on it: "C:".
func systemDrive() string {
	dir, err := windows.GetSystemWindowsDirectory()
	if err != nil || len(dir) < 2 || dir[1] != ':' {
		return "C:"
	}
	return dir[:2]
}

// diskOfVolume asks a volume which disk it lies on
// (IOCTL_VOLUME_GET_VOLUME_DISK_EXTENTS); it needs no privilege.
func diskOfVolume(drive string) (uint32, error) {
	path, err := windows.UTF16PtrFromString(`\\.\` + drive)
	if err != nil {
		return 0, fmt.Errorf("cannot name volume %s: %w", drive, err)
	}
	volume, err := windows.CreateFile(path, 0, windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE, nil, windows.OPEN_EXISTING, 0, 0)
	if err != nil {
		return 0, fmt.Errorf("cannot open volume %s: %w", drive, err)
	}
	defer windows.CloseHandle(volume) //nolint:errcheck // opened for a question
	const getVolumeDiskExtents = 0x560000
	var extents [8 + 24*16]byte // count, padding, then extents of 24 bytes
	var returned uint32
	if err := windows.DeviceIoControl(volume, getVolumeDiskExtents, nil, 0, &extents[0], uint32(unsafe.Sizeof(extents)), &returned, nil); err != nil {
		return 0, fmt.Errorf("cannot ask volume %s for its disk: %w", drive, err)
	}
	if returned < 8+24 || binary.LittleEndian.Uint32(extents[:]) == 0 {
		return 0, fmt.Errorf("volume %s lies on no disk", drive)
	}
	return binary.LittleEndian.Uint32(extents[8:]), nil
}
