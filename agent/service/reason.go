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

// reasonOfType reads logind's name of a kind of shutdown. Where it is not said, a
// shutdown is announced; systemd's jobs correct it when the agent is stopped.
func reasonOfType(kind string) inventory.LeaveReason {
	switch strings.TrimPrefix(kind, "dry-") {
	case "reboot", "kexec", "soft-reboot":
		return inventory.LeaveRestart
	}
	return inventory.LeaveShutdown // poweroff, power-off, halt and what is not known
}

// Windows' power broadcasts (winuser.h).
const (
	powerSuspend         = 0x4  // PBT_APMSUSPEND
	powerResumeAutomatic = 0x12 // PBT_APMRESUMEAUTOMATIC: told at every resume
)

// noticeOf reads a power broadcast; false means that it is about something else.
func noticeOf(broadcast uint32) (Notice, bool) {
	switch broadcast {
	case powerSuspend:
		return Notice{Turn: Sleeping, Reason: inventory.LeaveSleep}, true
	case powerResumeAutomatic:
		return Notice{Turn: Woke}, true
	}
	return Notice{}, false
}
