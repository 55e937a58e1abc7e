package collect

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

func hexByte(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 0, 16)
	return n, err == nil
}

// nvmeAdmin is struct nvme_passthru_cmd of linux/nvme_ioctl.h.
type nvmeAdmin struct {
	opcode, flags uint8
	_             uint16
	namespace     uint32
	_, _          uint32
	_             uint64
	address       uint64
	_, length     uint32
	cdw10, cdw11  uint32
	_, _, _, _    uint32
	timeoutMillis uint32
	_             uint32
}

const (
	nvmeAdminCommand = 0xc0484e41 // NVME_IOCTL_ADMIN_CMD
	nvmeGetLogPage   = 0x02
	nvmeHealthLog    = 0x02
	nvmeHealthBytes  = 512
)

// nvmeWear reads "percentage used" from the SMART log (NVMe base specification,
// figure "SMART / Health Information Log Page", byte 5); it may pass 100.
func nvmeWear(path string) (float64, error) {
	f, err := openDisk(path)
	if err != nil {
		return 0, err
	}
	defer f.Close() // opened for reading
	page := make([]byte, nvmeHealthBytes)
	var pinned runtime.Pinner
	pinned.Pin(&page[0])
	defer pinned.Unpin()
	command := nvmeAdmin{
		opcode: nvmeGetLogPage, namespace: 0xffffffff, address: uint64(uintptr(unsafe.Pointer(&page[0]))), length: nvmeHealthBytes,
		cdw10: nvmeHealthLog | (nvmeHealthBytes/4-1)<<16, timeoutMillis: 1000,
	}
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), nvmeAdminCommand, uintptr(unsafe.Pointer(&command))); errno != 0 {
		return 0, fmt.Errorf("the disk does not give its health log: %w", errno)
	}
	return nvmeUsed(page)
}

// nvmeUsed decodes the log page.
func nvmeUsed(page []byte) (float64, error) {
	if len(page) < nvmeHealthBytes || binary.LittleEndian.Uint16(page[1:]) == 0 { // 0 kelvin: never filled in
		return 0, errors.New("the disk's health log is empty")
	}
	return float64(page[5]) / 100, nil
}

// sgHeader is struct sg_io_hdr of scsi/sg.h.
type sgHeader struct {
	interfaceID   int32
	direction     int32
	commandLength uint8
	senseLength   uint8
	_             uint16
	length        uint32
	address       uintptr
	command       uintptr
	sense         uintptr
	timeoutMillis uint32
	_             uint32
	_             int32
	_             uintptr
	status        uint8
	_, _, _       uint8
	hostStatus    uint16
	driverStatus  uint16
	_             int32
	_, _          uint32
}

const (
	sgIO         = 0x2285
	sgFromDevice = -3
	ataLogBytes  = 512
)

// ataWear reads "percentage used endurance indicator" from the device statistics
// log, page 7 (ATA ACS-4, 9.5.9), by ATA PASS-THROUGH (16) of READ LOG EXT.
func ataWear(path string) (float64, error) {
	f, err := openDisk(path)
	if err != nil {
		return 0, err
	}
	defer f.Close() // opened for reading
	page, sense := make([]byte, ataLogBytes), make([]byte, 32)
	command := []byte{
		0x85, 4<<1 | 1, 0x0e, // PIO data in, extended; one block, length in the count field, from the device
		0, 0, 0, 1, // features, count: one page
		0, 0x04, 0, 7, 0, 0, // log address 04h, page 7
		0, 0x2f, 0, // READ LOG EXT
	}
	var pinned runtime.Pinner
	pinned.Pin(&page[0])
	pinned.Pin(&sense[0])
	pinned.Pin(&command[0])
	defer pinned.Unpin()
	header := sgHeader{
		interfaceID: 'S', direction: sgFromDevice, commandLength: uint8(len(command)), senseLength: uint8(len(sense)),
		length: ataLogBytes, timeoutMillis: 1000, address: uintptr(unsafe.Pointer(&page[0])),
		command: uintptr(unsafe.Pointer(&command[0])), sense: uintptr(unsafe.Pointer(&sense[0])),
	}
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), sgIO, uintptr(unsafe.Pointer(&header))); errno != 0 {
		return 0, fmt.Errorf("the disk does not give its statistics: %w", errno)
	}
	if header.hostStatus != 0 || header.status&^0x02 != 0 {
		return 0, errors.New("the disk does not give its statistics")
	}
	return ataUsed(page)
}

// ataUsed decodes page 7: a header with revision and page number, then the
// indicator whose flags must say that it is supported and valid.
func ataUsed(page []byte) (float64, error) {
	if len(page) < 16 || page[2] != 7 || page[15]&0xc0 != 0xc0 {
		return 0, errors.New("the disk counts no wear")
	}
	return float64(page[8]) / 100, nil
}

func openDisk(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, plain(path, err)
	}
	return f, nil
}
