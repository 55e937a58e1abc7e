package rehearsal

import (
	"context"
	"fmt"
	"time"
)

// Stage does to an estate what a script says. Do is called in order, from one
// goroutine, and returns soon: what takes a while goes on beside.
type Stage interface {
	Do(ctx context.Context, s Step) error
}

// Play plays a script on a stage from start on and returns when everything was
// done, or with the first error, or when ctx ends. It waits by the clock of the
// process, which in a test bubble is the fleet's.
func Play(ctx context.Context, stage Stage, script Script, start time.Time) error {
	for _, step := range script.Steps {
		if err := until(ctx, start.Add(step.At)); err != nil {
			return err
		}
		if err := stage.Do(ctx, step); err != nil {
			return fmt.Errorf("cannot do %s of line %d: %w", step.Do, step.Fault.Line, err)
		}
	}
	return nil
}

func until(ctx context.Context, at time.Time) error {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
