package service

import (
	"context"
	"os"
	"os/exec"

	"muster/inventory"
)

// StopReason tells why the agent is asked to stop, where that can be known:
// systemd has the machine's own stop among its jobs. Empty means that the agent
// stops alone, or that nobody can tell.
func StopReason(ctx context.Context) inventory.LeaveReason {
	if _, err := os.Stat("/run/systemd/system"); err != nil {
		return "" // systemd is not what runs this machine
	}
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	jobs, err := exec.CommandContext(ctx, "systemctl", "list-jobs", "--plain", "--no-legend").Output()
	if err != nil {
		return ""
	}
	return reasonOfJobs(string(jobs))
}
