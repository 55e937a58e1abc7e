package service

import (
	"context"

	"muster/agent/collect/stops"
	"muster/inventory"
)

// StopReason is not asked for here: the service manager says by itself that the
// machine goes down.
func StopReason(context.Context) inventory.LeaveReason { return "" }

// reasonOfShutdown tells a restart from a shutdown by what Windows has just
// written into its log; where it has not, or where that cannot be read, it is a
// shutdown, and the records of the next boot say what it was.
func reasonOfShutdown(ctx context.Context) inventory.LeaveReason {
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	if kind, ok := stops.Begun(ctx); ok && kind == inventory.StopRestart {
		return inventory.LeaveRestart
	}
	return inventory.LeaveShutdown
}
