package programme

import (
	"context"

	"muster/inventory"
)

// Replay takes over a past that was lived elsewhere by the same rules: the events
// of swaps in the order in which they were recorded, and the swaps that they add up
// to. None of them may be known here. The register that they name must be in the
// store; the desk reads it anew.
func (d *Desk) Replay(ctx context.Context, events []inventory.Event, swaps []inventory.Swap) error {
	if err := d.begin(); err != nil {
		return err
	}
	defer d.work.Unlock()
	var states []inventory.State
	for _, s := range swaps {
		steps, err := swapStates(s, 0)
		if err != nil {
			return err
		}
		states = append(states, steps...)
	}
	if err := d.o.Store.Record(ctx, events, states); err != nil {
		return err
	}
	register, err := d.o.Store.Register(ctx)
	if err != nil {
		return err
	}
	d.mu.Lock()
	for _, s := range swaps {
		d.swaps.put(s)
	}
	d.estate = newEstate(register)
	for _, code := range d.estate.codes {
		if _, known := d.seen[code]; !known {
			d.seen[code] = unseen()
		}
	}
	d.version++
	d.mu.Unlock()
	d.inbox.touchAll()
	return nil
}
