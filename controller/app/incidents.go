package app

import (
	"context"
	"fmt"

	"muster/inventory"
)

// Incidents is what was concluded, newest first: a page of what the filter
// selects.
func (a *App) Incidents(ctx context.Context, filter inventory.IncidentFilter) ([]inventory.Incident, error) {
	found, _, err := a.store.Incidents(ctx, filter)
	return found, err
}

// AddWindow keeps a maintenance window and lets the engine know of it.
func (a *App) AddWindow(ctx context.Context, w inventory.Window) error {
	if err := a.store.PutWindow(ctx, w); err != nil {
		return fmt.Errorf("cannot add maintenance window: %w", err)
	}
	return nil
}
