package readiness

import (
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"muster/inventory"
)

// CheckResult is how one requirement of Windows 11 is met, and the whole.
type CheckResult string

// The results. A failure outranks undetermined.
const (
	Capable      CheckResult = "capable"
	NotCapable   CheckResult = "not capable"
	Undetermined CheckResult = "undetermined" // a value could not be read
)

// HardwareCheck is one requirement.
type HardwareCheck struct {
	Name     string      `json:"name"`
	Result   CheckResult `json:"result"`
	Measured string      `json:"measured"` // "3.8 GiB"; of an undetermined one the reason
	Required string      `json:"required"` // "at least 4 GiB"
}

// Windows11 is a machine against the requirements of Windows 11. The zero value
// is undetermined: nothing was read.
type Windows11 struct {
	Result CheckResult     `json:"result"`
	Checks []HardwareCheck `json:"checks"`
	// Direct is whether its Windows can be upgraded in one step. It is a fact of the
	// system, not a requirement: a capable machine can be installed anew.
	Direct inventory.Fact[bool] `json:"direct"`
}

// Failed lists the checks that are not met.
func (w Windows11) Failed() []HardwareCheck { return w.with(NotCapable) }

// Open lists the checks that nobody could decide.
func (w Windows11) Open() []HardwareCheck { return w.with(Undetermined) }

func (w Windows11) with(result CheckResult) []HardwareCheck {
	var found []HardwareCheck
	for _, check := range w.Checks {
		if check.Result == result {
			found = append(found, check)
		}
	}
	return found
}

// Why names what failed, or what could not be read; empty of a capable machine.
func (w Windows11) Why() string {
	var why []string
	for _, check := range w.Failed() {
		why = append(why, check.Name+" "+check.Measured+", required "+check.Required)
	}
	if len(why) == 0 {
		for _, check := range w.Open() {
			why = append(why, check.Name+" "+check.Measured)
		}
	}
	return strings.Join(why, "; ")
}

// val is what a predicate sees: undetermined is no value but the lack of one.
func (w Windows11) val() ref.Val {
	switch w.Result {
	case Capable, NotCapable:
		return types.String(w.Result)
	case Undetermined:
		return unknown("windows11", w.Why())
	default:
		return unknown("windows11", "no hardware was read")
	}
}
