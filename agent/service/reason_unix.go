//go:build unix

package service

import (
	"context"

	"muster/inventory"
)

// reasonOfShutdown is for the managers that say that the machine goes down.
func reasonOfShutdown(context.Context) inventory.LeaveReason { return inventory.LeaveShutdown }
