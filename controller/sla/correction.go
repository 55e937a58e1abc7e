package sla

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Correction changes one outage in the accounts. The original stays, and so does
// every earlier correction. Number is its key.
type Correction struct {
	Number      int64       `json:"number"`
	Outage      OutageKey   `json:"outage"`
	From        time.Time   `json:"from,omitzero"`         // zero: unchanged
	To          time.Time   `json:"to,omitzero"`           // zero: unchanged
	Attribution Attribution `json:"attribution,omitempty"` // empty: unchanged
	Void        bool        `json:"void,omitempty"`        // it was no outage
	Ticket      *Ticket     `json:"ticket,omitempty"`
	Reason      string      `json:"reason"`
	Author      string      `json:"author"`
	At          time.Time   `json:"at"`
}

// Validate says what is missing or contradicts itself.
func (c Correction) Validate() error {
	changes := !c.From.IsZero() || !c.To.IsZero() || c.Attribution != "" || c.Void || c.Ticket != nil
	switch {
	case c.Outage.Incident == "":
		return errors.New("a correction names no outage")
	case c.Outage.Spell < 0:
		return fmt.Errorf("spell %d of an incident", c.Outage.Spell)
	case !changes:
		return errors.New("a correction changes nothing: give from, to, attribution, void or ticket")
	case c.Reason == "":
		return errors.New("a correction needs a reason: it is kept beside the original")
	case len(c.Reason) > 1000:
		return fmt.Errorf("the reason has %d bytes, the limit is 1000", len(c.Reason))
	case !c.From.IsZero() && !c.To.IsZero() && !c.To.After(c.From):
		return fmt.Errorf("the outage would end at %s, before it begins at %s", c.To.Format(time.RFC3339), c.From.Format(time.RFC3339))
	}
	switch c.Attribution {
	case "", Carrier, Ours, Unattributed:
	default:
		return fmt.Errorf("attribution %q is none of carrier, ours, unattributed", c.Attribution)
	}
	if c.Ticket != nil && !c.Ticket.ClosedAt.IsZero() && c.Ticket.ClosedAt.Before(c.Ticket.OpenedAt) {
		return errors.New("the ticket closes before it opens")
	}
	return nil
}

// Corrected applies corrections, oldest first, to outages. Neither argument is
// changed. A correction that would turn an outage round is passed over.
func Corrected(outages []Outage, corrections []Correction) []Outage {
	out := make([]Outage, len(outages))
	for i, o := range outages {
		out[i] = o
		for _, c := range corrections {
			if c.Outage == o.Key() {
				out[i] = out[i].with(c)
			}
		}
	}
	return out
}

func (o Outage) with(c Correction) Outage {
	next := o
	if !c.From.IsZero() {
		next.From = c.From
	}
	if !c.To.IsZero() {
		next.To = c.To
	}
	if !next.To.IsZero() && !next.To.After(next.From) {
		return o
	}
	if c.Attribution != "" {
		next.Attribution = c.Attribution
	}
	if c.Ticket != nil {
		next.Ticket = *c.Ticket
	}
	next.Void = c.Void
	next.Corrections = append(slices.Clip(next.Corrections), c)
	if next.Original == nil {
		original := o
		next.Original = &original
	}
	return next
}
