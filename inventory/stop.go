package inventory

import "time"

// StopKind is how a boot ended, by the system's own records.
type StopKind string

// The kinds.
const (
	StopShutdown StopKind = "shutdown" // clean
	StopRestart  StopKind = "restart"  // clean
	StopUnclean  StopKind = "unclean"  // no clean stop was written: power, crash or reset
	StopCrash    StopKind = "crash"    // the system itself recorded a crash
)

// Stop is one end of a boot.
type Stop struct {
	At     time.Time `json:"at"` // the machine's clock; as near as its records say
	Kind   StopKind  `json:"kind"`
	Source string    `json:"source"` // wtmp, Kernel-Power 41, EventLog 6008, User32 1074 …
	Detail string    `json:"detail,omitempty"`
}

// Clean reports whether somebody or something ended the boot on purpose.
func (s Stop) Clean() bool { return s.Kind == StopShutdown || s.Kind == StopRestart }
