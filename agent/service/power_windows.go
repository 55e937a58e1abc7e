package service

import (
	"context"
	"unsafe"

	"golang.org/x/sys/windows"
)

// deviceNotifyCallback is DEVICE_NOTIFY_CALLBACK.
const deviceNotifyCallback = 2

// subscription is DEVICE_NOTIFY_SUBSCRIBE_PARAMETERS.
type subscription struct {
	callback uintptr
	context  uintptr
}

// watchPower asks for a call before each suspend and after each resume. The
// service manager's own power event would not do: its handler returns before
// anybody has heard, and the machine sleeps. That the machine stops is the
// manager's to say, see runner.
func watchPower(ctx context.Context, o PowerOptions, t *teller) {
	proc := windows.NewLazySystemDLL("powrprof.dll").NewProc("PowerRegisterSuspendResumeNotification")
	end := windows.NewLazySystemDLL("powrprof.dll").NewProc("PowerUnregisterSuspendResumeNotification")
	if err := proc.Find(); err != nil {
		o.Log.InfoContext(ctx, "sleep cannot be announced beforehand", "why", err.Error())
		<-ctx.Done()
		return
	}
	params := &subscription{callback: windows.NewCallback(func(_, kind, _ uintptr) uintptr {
		if n, ok := noticeOf(uint32(kind)); ok && ctx.Err() == nil {
			t.tell(ctx, n)
		}
		return 0
	})}
	var handle uintptr
	if code, _, _ := proc.Call(deviceNotifyCallback, uintptr(unsafe.Pointer(params)), uintptr(unsafe.Pointer(&handle))); code != 0 {
		o.Log.InfoContext(ctx, "sleep cannot be announced beforehand", "why", windows.Errno(code).Error())
		<-ctx.Done()
		return
	}
	<-ctx.Done()
	_, _, _ = end.Call(handle) // returns when no call is under way
}
