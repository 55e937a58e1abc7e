package service

import (
	"strings"

	"muster/inventory"
)

// reasonOfJobs reads what systemd has queued, as `systemctl list-jobs --plain
// --no-legend` prints it: a start job of a target that ends the machine's day.
// Empty means that the agent stops alone.
func reasonOfJobs(jobs string) inventory.LeaveReason {
	reason := inventory.LeaveReason("")
	for line := range strings.Lines(jobs) {
		fields := strings.Fields(line)
		if len(fields) < 3 || fields[2] != "start" {
			continue
		}
		switch fields[1] {
		case "reboot.target", "kexec.target", "soft-reboot.target", "systemd-reboot.service", "systemd-kexec.service":
			return inventory.LeaveRestart
		case "poweroff.target", "halt.target", "shutdown.target", "systemd-poweroff.service", "systemd-halt.service":
			reason = inventory.LeaveShutdown // reboot.target pulls shutdown.target in too
		}
	}
	return reason
}
