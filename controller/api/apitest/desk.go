package apitest

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"muster/controller/store"
	"muster/inventory"
)

// Desk sees to incidents that a test puts on it, as the engine's runner does, on
// the real store.
type Desk struct {
	kept *store.Store

	mu   sync.Mutex // guards live and made
	live []inventory.Incident
	made int
}

// Put keeps incidents; those that go on are live.
func (d *Desk) Put(ctx context.Context, incidents ...inventory.Incident) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, i := range incidents {
		d.live = slices.DeleteFunc(d.live, func(l inventory.Incident) bool { return l.ID == i.ID })
		if i.Live() {
			d.live = append(d.live, i)
		}
	}
	return d.kept.KeepIncidents(ctx, incidents, nil)
}

// Live implements api.Desk.
func (d *Desk) Live() []inventory.Incident {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.live)
}

func (d *Desk) touch(ctx context.Context, id string, change func(*inventory.Incident)) (inventory.Incident, error) {
	i, err := d.kept.Incident(ctx, id)
	if err != nil {
		return i, err
	}
	change(&i)
	return i, d.Put(ctx, i)
}

// Acknowledge implements api.Desk.
func (d *Desk) Acknowledge(ctx context.Context, id, author string) (inventory.Incident, error) {
	return d.touch(ctx, id, func(i *inventory.Incident) { i.AcknowledgedAt, i.AcknowledgedBy = time.Now().UTC(), author })
}

// Note implements api.Desk.
func (d *Desk) Note(ctx context.Context, id, author, text string) (inventory.Incident, error) {
	return d.touch(ctx, id, func(i *inventory.Incident) {
		i.Notes = append(i.Notes, inventory.Note{At: time.Now().UTC(), Author: author, Text: text})
	})
}

// Ticket implements api.Desk.
func (d *Desk) Ticket(ctx context.Context, id, _, ticket string) (inventory.Incident, error) {
	return d.touch(ctx, id, func(i *inventory.Incident) { i.Ticket = ticket })
}

// Export implements api.Desk.
func (d *Desk) Export(ctx context.Context, id string, out io.Writer) error {
	i, err := d.kept.Incident(ctx, id)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "name: %s\nevidence: []\n", i.ID)
	return err
}

// AddWindow implements api.Desk.
func (d *Desk) AddWindow(ctx context.Context, w inventory.Window) (inventory.Window, error) {
	d.mu.Lock()
	d.made++
	w.ID = fmt.Sprintf("m%08d", d.made)
	d.mu.Unlock()
	return w, d.kept.PutWindow(ctx, w)
}

// EndWindow implements api.Desk.
func (d *Desk) EndWindow(ctx context.Context, id, _ string) (inventory.Window, error) {
	w, err := d.kept.Window(ctx, id)
	if err != nil {
		return w, err
	}
	if !w.EndedAt.IsZero() {
		return w, fmt.Errorf("maintenance window %s is over already: %w", id, inventory.ErrConflict)
	}
	w.EndedAt = time.Now().UTC()
	return w, d.kept.PutWindow(ctx, w)
}
