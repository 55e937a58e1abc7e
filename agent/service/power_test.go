package service

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"muster/inventory"
)

func TestTheMachineIsNotHeldBackByAGoodbyeThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan struct{})
		var order []Turn
		tell := &teller{hear: func(ctx context.Context, n Notice) {
			if n.Turn == Sleeping {
				<-stuck // it does not even look at its context
			}
			order = append(order, n.Turn)
		}}
		began := time.Now()
		tell.tell(t.Context(), Notice{Turn: Sleeping, Reason: inventory.LeaveSleep})
		if held := time.Since(began); held != noticeFor {
			t.Errorf("the machine was held for %s", held)
		}
		tell.tell(t.Context(), Notice{Turn: Woke})
		if held := time.Since(began); held != 2*noticeFor {
			t.Errorf("waking took until %s", held)
		}
		close(stuck)
		tell.wait()
		if !slices.Equal(order, []Turn{Sleeping, Woke}) {
			t.Errorf("heard in the order %v", order)
		}
	})
}

func TestAGoodbyeOutlivesTheSignalThatEndsTheAgent(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	alive := false
	tell := &teller{hear: func(ctx context.Context, _ Notice) { alive = ctx.Err() == nil }}
	tell.tell(ended, Notice{Turn: Stopping, Reason: inventory.LeaveShutdown})
	tell.wait()
	if !alive {
		t.Error("the goodbye had no time")
	}
}

func TestPowerBroadcastsBecomeTurns(t *testing.T) {
	for broadcast, want := range map[uint32]Turn{powerSuspend: Sleeping, powerResumeAutomatic: Woke, 0x7: "", 0xa: "", 0x8013: ""} {
		if n, ok := noticeOf(broadcast); n.Turn != want || ok != (want != "") {
			t.Errorf("broadcast %#x is %+v", broadcast, n)
		}
	}
}

func TestKindsOfShutdownBecomeReasons(t *testing.T) {
	for kind, want := range map[string]inventory.LeaveReason{
		"reboot": inventory.LeaveRestart, "kexec": inventory.LeaveRestart, "soft-reboot": inventory.LeaveRestart, "dry-reboot": inventory.LeaveRestart,
		"poweroff": inventory.LeaveShutdown, "power-off": inventory.LeaveShutdown, "halt": inventory.LeaveShutdown, "": inventory.LeaveShutdown,
	} {
		if got := reasonOfType(kind); got != want {
			t.Errorf("%q is %q", kind, got)
		}
	}
}
