package wire

import (
	"fmt"
	"time"

	"muster/inventory"
)

// Bounds of what a report says of past boots.
const (
	MaxStops    = 10
	maxStopText = 200 // bytes of a source or a detail
)

// ValidStop holds one end of a boot against its bounds.
func ValidStop(s inventory.Stop) error {
	switch s.Kind {
	case inventory.StopShutdown, inventory.StopRestart, inventory.StopUnclean, inventory.StopCrash:
	default:
		return fmt.Errorf("unknown kind of stop %.20q", s.Kind)
	}
	switch {
	case s.At.Before(time.Unix(0, 0)) || s.At.Year() > 9999:
		return fmt.Errorf("stop at %s", s.At)
	case s.Source == "" || len(s.Source) > maxStopText || len(s.Detail) > maxStopText:
		return fmt.Errorf("stop with a source of %d bytes and a detail of %d, the limits are 1 to %d and %d",
			len(s.Source), len(s.Detail), maxStopText, maxStopText)
	}
	return nil
}

func (r Report) validStops() error {
	if len(r.Stops) > MaxStops {
		return fmt.Errorf("report of %s has %d stops, the limit is %d", r.Workstation, len(r.Stops), MaxStops)
	}
	for i, s := range r.Stops {
		if err := ValidStop(s); err != nil {
			return fmt.Errorf("report of %s, stop %d: %w", r.Workstation, i, err)
		}
	}
	return nil
}
