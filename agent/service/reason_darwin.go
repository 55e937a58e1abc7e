package service

import (
	"context"

	"golang.org/x/sys/unix"

	"muster/inventory"
)

// StopReason tells why the agent is asked to stop, as far as macOS says: the
// kernel knows that it will shut down, and not whether it starts again. Empty
// means that the agent stops alone, or that nobody can tell.
func StopReason(context.Context) inventory.LeaveReason {
	if will, err := unix.SysctlUint32("kern.willshutdown"); err == nil && will != 0 {
		return inventory.LeaveShutdown
	}
	return ""
}
