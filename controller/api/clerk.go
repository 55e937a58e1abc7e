package api

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"muster/inventory"
)

// Clerk is a desk that records who did what. The API and the pages both use it.
type Clerk struct {
	Desk

	Events interface {
		AppendEvent(ctx context.Context, event inventory.Event) (int64, error)
	}
	Now func() time.Time
}

// Acknowledge implements Desk.
func (c Clerk) Acknowledge(ctx context.Context, id, author string) (inventory.Incident, error) {
	i, err := c.Desk.Acknowledge(ctx, id, author)
	if err != nil {
		return i, err
	}
	return i, c.record(ctx, inventory.NounIncident, "incident.acknowledged", id, author, nil)
}

// Note implements Desk.
func (c Clerk) Note(ctx context.Context, id, author, text string) (inventory.Incident, error) {
	i, err := c.Desk.Note(ctx, id, author, text)
	if err != nil {
		return i, err
	}
	return i, c.record(ctx, inventory.NounIncident, "incident.noted", id, author, nil)
}

// Ticket implements Desk.
func (c Clerk) Ticket(ctx context.Context, id, author, ticket string) (inventory.Incident, error) {
	i, err := c.Desk.Ticket(ctx, id, author, ticket)
	if err != nil {
		return i, err
	}
	return i, c.record(ctx, inventory.NounIncident, "incident.ticket", id, author, map[string]string{"ticket": ticket})
}

// AddWindow implements Desk; the window says who made it.
func (c Clerk) AddWindow(ctx context.Context, w inventory.Window) (inventory.Window, error) {
	kept, err := c.Desk.AddWindow(ctx, w)
	if err != nil {
		return kept, err
	}
	return kept, c.record(ctx, inventory.NounWindow, "maintenance.added", kept.ID, kept.CreatedBy, kept)
}

// EndWindow implements Desk.
func (c Clerk) EndWindow(ctx context.Context, id, author string) (inventory.Window, error) {
	w, err := c.Desk.EndWindow(ctx, id, author)
	if err != nil {
		return w, err
	}
	return w, c.record(ctx, inventory.NounWindow, "maintenance.ended", id, author, nil)
}

func (c Clerk) record(ctx context.Context, noun inventory.Noun, kind, key, author string, body any) error {
	now := c.Now().UTC()
	event := inventory.Event{Kind: kind, Subject: inventory.Subject{Noun: noun, Key: key}, OccurredAt: now, RecordedAt: now, Author: author}
	if body != nil {
		var err error
		if event.Body, err = json.Marshal(body); err != nil {
			return fmt.Errorf("cannot write event %s: %w", kind, err)
		}
	}
	if _, err := c.Events.AppendEvent(ctx, event); err != nil {
		return fmt.Errorf("cannot record %s of %s: %w", kind, key, err)
	}
	return nil
}
