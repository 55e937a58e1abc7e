//go:build !linux

package service

import (
	"context"

	"muster/inventory"
)

// StopReason cannot be known here: the Windows manager says by itself when the
// machine goes down, launchd does not.
func StopReason(context.Context) inventory.LeaveReason { return "" }
