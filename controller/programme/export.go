package programme

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"muster/inventory"
)

// Export writes everything about the programme as one JSON document of lines: a
// header, then one object each of a kind and its body, so that no reader needs to
// hold it whole. Names of people are in none of them.
func (d *Desk) Export(ctx context.Context, w io.Writer) error {
	out := json.NewEncoder(w)
	line := func(kind string, body any) error { return out.Encode(map[string]any{"kind": kind, "body": body}) }
	if err := line("export", map[string]any{"made_at": d.o.Now().UTC(), "format": 1}); err != nil {
		return fmt.Errorf("cannot export: %w", err)
	}
	register, err := d.o.Store.Register(ctx)
	if err != nil {
		return fmt.Errorf("cannot export the register: %w", err)
	}
	for i := range register.Staff {
		register.Staff[i].Name = ""
	}
	if err := line("register", register); err != nil {
		return fmt.Errorf("cannot export the register: %w", err)
	}
	for _, noun := range []inventory.Noun{
		inventory.NounSwap, inventory.NounSignOff, inventory.NounWaiver, inventory.NounBlocker, inventory.NounBaseline,
		inventory.NounWhatIf, inventory.NounWipe, inventory.NounDisposal, nounDoubt,
	} {
		var written error
		err := readStates(ctx, d.o.Store, noun, func(st inventory.State, _ json.RawMessage) {
			if written == nil {
				written = line(string(noun), st)
			}
		})
		if err = errors.Join(err, written); err != nil {
			return fmt.Errorf("cannot export %s: %w", noun, err)
		}
	}
	return d.exportHistory(ctx, line)
}

func (d *Desk) exportHistory(ctx context.Context, line func(kind string, body any) error) error {
	last, err := d.o.Store.Evaluations(ctx, time.Time{})
	if err != nil {
		return fmt.Errorf("cannot export evaluations: %w", err)
	}
	for _, e := range last {
		page := inventory.Page{Limit: inventory.MaxPage}
		for {
			evaluations, next, err := d.o.Store.EvaluationsOf(ctx, e.Site, e.Gate, page)
			if err != nil {
				return fmt.Errorf("cannot export evaluations of %s: %w", e.Site, err)
			}
			for _, was := range evaluations {
				if err := line("evaluation", was); err != nil {
					return fmt.Errorf("cannot export evaluations: %w", err)
				}
			}
			if next == "" {
				break
			}
			page.After = next
		}
	}
	filter := inventory.EventFilter{Page: inventory.Page{Limit: inventory.MaxPage}}
	for {
		events, next, err := d.o.Store.Events(ctx, filter)
		if err != nil {
			return fmt.Errorf("cannot export events: %w", err)
		}
		for _, e := range events {
			if err := line("event", e); err != nil {
				return fmt.Errorf("cannot export events: %w", err)
			}
		}
		if next == "" {
			return nil
		}
		filter.After = next
	}
}
