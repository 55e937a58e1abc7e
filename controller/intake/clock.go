package intake

import "time"

// A boot clock may run this much slower than the controller's: crystals of PCs
// are within 100 ppm.
const clockDrift = 100e-6

// Readings older than this are not believed; a journal holds days.
const oldestReading = 400 * 24 * time.Hour

// BootZero is when one boot clock of a workstation stood at zero, by the
// controller's clock.
type BootZero struct {
	Boot       string
	At         time.Time
	MeasuredAt time.Time
}

// Measure takes one more measurement of a boot clock into account: it stood at
// clock when a report was sent that arrived at receivedAt. A report is only ever
// delayed, so
//
//	zero = min(receivedAt − clock, previous zero + drift × time since)
//
// The allowance for drift lets the estimate follow a slow clock.
func (z BootZero) Measure(boot string, clock time.Duration, receivedAt time.Time) BootZero {
	at := receivedAt.Add(-clock)
	if z.Boot == boot {
		since := max(receivedAt.Sub(z.MeasuredAt), 0)
		if slow := z.At.Add(time.Duration(float64(since) * clockDrift)); slow.Before(at) {
			at = slow
		}
	}
	return BootZero{Boot: boot, At: at, MeasuredAt: receivedAt}
}

// DateReading is when something was read, by the controller's clock: by the boot
// clock where that boot's zero is known, else by the machine's own wall clock.
// It is never later than receivedAt; what cannot be believed is receivedAt.
func DateReading(zeros []BootZero, boot string, clock time.Duration, wall, receivedAt time.Time) time.Time {
	at := wall
	for _, z := range zeros {
		if z.Boot == boot {
			at = z.At.Add(clock)
			break
		}
	}
	if at.After(receivedAt) || receivedAt.Sub(at) > oldestReading {
		return receivedAt
	}
	return at.UTC()
}

// Boots that a workstation is remembered by; reports of a backlog come from the
// last few.
const rememberedBoots = 3

// measureBoot updates the boot's zero, newest boot first, in a bounded list.
func measureBoot(zeros []BootZero, boot string, clock time.Duration, receivedAt time.Time) []BootZero {
	for i, z := range zeros {
		if z.Boot == boot {
			zeros[i] = z.Measure(boot, clock, receivedAt)
			return zeros
		}
	}
	if len(zeros) < rememberedBoots {
		zeros = append(zeros, BootZero{})
	}
	copy(zeros[1:], zeros)
	zeros[0] = BootZero{}.Measure(boot, clock, receivedAt)
	return zeros
}
