package collect

import (
	"context"
	"time"

	"muster/agent/collect/stops"
	"muster/inventory"
)

// stopsWithin bounds reading how past boots ended.
const stopsWithin = 15 * time.Second

// Stops lists how the last boots ended by the system's own records, newest first,
// ten at most. The error says why nothing is known.
func (c *Collector) Stops(ctx context.Context) ([]inventory.Stop, error) {
	return within(ctx, &c.patience, "the record of past boots", stopsWithin, func() ([]inventory.Stop, error) {
		return stops.Read(ctx, c.root)
	})
}
