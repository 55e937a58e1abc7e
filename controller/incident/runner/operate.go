package runner

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"

	"muster/inventory"
)

// do runs f in the loop, between two steps, and waits for it.
func (r *Runner) do(ctx context.Context, f func(ctx context.Context) error) error {
	result := make(chan error, 1)
	op := func(loop context.Context) { result <- f(loop) }
	select {
	case r.ops <- op:
		return <-result
	case <-r.done:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Live are the pending and open incidents, oldest first, as they were after the
// last change. The slice is the caller's; what its elements refer to is not to be
// changed.
func (r *Runner) Live() []inventory.Incident {
	return append([]inventory.Incident(nil), *r.live.Load()...)
}

// Acknowledge notes that author sees to an incident. ErrNotFound; acknowledging
// twice leaves the first.
func (r *Runner) Acknowledge(ctx context.Context, id, author string) (inventory.Incident, error) {
	return r.touch(ctx, id, func(i *inventory.Incident, now time.Time) {
		if i.AcknowledgedAt.IsZero() {
			i.AcknowledgedAt, i.AcknowledgedBy = now, author
		}
	})
}

// maxNotes bounds the notes of one incident; the oldest go.
const maxNotes = 200

// Note adds what author wrote to an incident. ErrNotFound.
func (r *Runner) Note(ctx context.Context, id, author, text string) (inventory.Incident, error) {
	return r.touch(ctx, id, func(i *inventory.Incident, now time.Time) {
		i.Notes = append(slices.Clip(i.Notes), inventory.Note{At: now, Author: author, Text: text})
		if len(i.Notes) > maxNotes {
			i.Notes = i.Notes[len(i.Notes)-maxNotes:]
		}
	})
}

// Ticket sets the reference of an incident in somebody's ticket system; empty
// takes it away. ErrNotFound. Who did it is the caller's to record.
func (r *Runner) Ticket(ctx context.Context, id, _, ticket string) (inventory.Incident, error) {
	return r.touch(ctx, id, func(i *inventory.Incident, _ time.Time) { i.Ticket = ticket })
}

// touch lets a person's change in: into the engine where it still knows the
// incident, else into what is on disk.
func (r *Runner) touch(ctx context.Context, id string, change func(*inventory.Incident, time.Time)) (touched inventory.Incident, err error) {
	err = r.do(ctx, func(ctx context.Context) error {
		now := r.o.Now().UTC()
		c, known := r.engine.Touch(id, now, func(i *inventory.Incident) { change(i, now) })
		if !known {
			i, err := r.o.Store.Incident(ctx, id)
			if err != nil {
				return err
			}
			change(&i, now)
			c = inventory.IncidentChange{Step: inventory.IncidentTouched, At: now, Incident: i}
		}
		if err := r.o.Store.KeepIncidents(ctx, []inventory.Incident{c.Incident}, nil); err != nil {
			return fmt.Errorf("cannot keep what was done to incident %s: %w", id, err)
		}
		delete(r.unkept, id)
		r.changed(ctx, []inventory.IncidentChange{c})
		touched = c.Incident
		return nil
	})
	return touched, err
}

// AddWindow keeps a maintenance window, giving it an id where it has none, and
// lets the engine know. It returns what was kept.
func (r *Runner) AddWindow(ctx context.Context, w inventory.Window) (inventory.Window, error) {
	if w.ID == "" {
		w.ID = "m" + randomID()
	}
	if w.CreatedAt.IsZero() {
		w.CreatedAt = r.o.Now().UTC()
	}
	return w, r.putWindow(ctx, w)
}

// EndWindow ends a maintenance window before its time, or cancels one that has not
// begun. ErrNotFound; ErrConflict where it is over already.
func (r *Runner) EndWindow(ctx context.Context, id, _ string) (inventory.Window, error) {
	w, err := r.o.Store.Window(ctx, id)
	if err != nil {
		return w, err
	}
	now := r.o.Now().UTC()
	if !w.EndedAt.IsZero() || !now.Before(w.To) {
		return w, fmt.Errorf("maintenance window %s is over already: %w", id, inventory.ErrConflict)
	}
	w.EndedAt = now
	return w, r.putWindow(ctx, w)
}

func (r *Runner) putWindow(ctx context.Context, w inventory.Window) error {
	if err := w.Validate(); err != nil {
		return err
	}
	return r.do(ctx, func(ctx context.Context) error {
		if err := r.o.Store.PutWindow(ctx, w); err != nil {
			return err
		}
		return r.readWindows(ctx)
	})
}

// windowsFor is how far back windows still matter to the engine.
const windowsFor = 72 * time.Hour

func (r *Runner) readWindows(ctx context.Context) error {
	windows, err := r.o.Store.Windows(ctx, r.o.Now().Add(-windowsFor))
	if err != nil {
		return fmt.Errorf("cannot read maintenance windows: %w", err)
	}
	r.engine.SetWindows(windows)
	return nil
}

// randomID is eight of 0–9 and a–z.
func randomID() string { return strings.ToLower(rand.Text()[:8]) }
