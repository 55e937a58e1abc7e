package collect

import (
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

// timeOfDay is SYSTEM_TIMEOFDAY_INFORMATION.
type timeOfDay struct {
	bootTime, currentTime, zoneBias int64
	zone, reserved                  uint32
	bootBias, sleepBias             uint64
}

// boot is GetTickCount64, which counts sleep, and an id made of the moment of the
// boot. Windows moves its boot time whenever the clock is set and keeps by how
// much in a bias: their difference stays what it was.
func (c *Collector) boot() (string, time.Duration) {
	clock := windows.DurationSinceBoot()
	var t timeOfDay
	err := windows.NtQuerySystemInformation(windows.SystemTimeOfDayInformation, unsafe.Pointer(&t), uint32(unsafe.Sizeof(t)), nil)
	if err != nil || t.bootTime == 0 {
		return "unknown-boot", clock
	}
	return fmt.Sprintf("w%016x", uint64(t.bootTime)-t.bootBias), clock
}
