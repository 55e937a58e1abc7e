package api

import (
	"context"
	"time"

	"muster/inventory"
)

// Incidents is one page of incidents, newest first; those that go on have the
// evidence that they have by now.
func (p *Picture) Incidents(ctx context.Context, filter inventory.IncidentFilter) ([]inventory.Incident, string, error) {
	found, next, err := p.declared.Incidents(ctx, filter)
	return p.asNow(found), next, err
}

// Incident is one; an error wraps inventory.ErrNotFound where there is none.
func (p *Picture) Incident(ctx context.Context, id string) (inventory.Incident, error) {
	i, err := p.declared.Incident(ctx, id)
	if err != nil {
		return i, err
	}
	return p.asNow([]inventory.Incident{i})[0], nil
}

// Windows are the maintenance windows that end after an instant.
func (p *Picture) Windows(ctx context.Context, endAfter time.Time) ([]inventory.Window, error) {
	return p.declared.Windows(ctx, endAfter)
}

func (p *Picture) asNow(incidents []inventory.Incident) []inventory.Incident {
	live := map[string]inventory.Incident{}
	for _, i := range p.incidents() {
		live[i.ID] = i
	}
	for n, i := range incidents {
		if now, ok := live[i.ID]; ok && i.Live() {
			incidents[n] = now
		}
	}
	return incidents
}
