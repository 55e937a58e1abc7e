package ledger

import (
	"context"
	"slices"
	"time"

	"muster/controller/sla"
	"muster/inventory"
)

// journals is what those of a site say of times in which the controller was not
// heard, and when those of other sites had answers from outside.
type journals struct {
	contacts  []sla.Contact
	elsewhere []inventory.Span
}

// readJournals asks after other sites only where this one had no answers.
func (l *Ledger) readJournals(ctx context.Context, site string, period inventory.Span) (journals, error) {
	if l.o.Contacts == nil {
		return journals{}, nil
	}
	contacts, err := l.o.Contacts(ctx, site, period)
	if err != nil {
		return journals{}, err
	}
	j := journals{contacts: contacts}
	for _, silent := range sla.SilentIn(contacts) {
		around := inventory.Span{From: silent.From.Add(-time.Minute), To: silent.To.Add(time.Minute)}
		all, err := l.o.Contacts(ctx, "", around)
		if err != nil {
			return journals{}, err
		}
		others := slices.DeleteFunc(all, func(c sla.Contact) bool { return c.Site == site })
		j.elsewhere = append(j.elsewhere, sla.ProvenUp(others)...)
	}
	j.elsewhere = inventory.JoinSpans(j.elsewhere)
	return j, nil
}

// seen is the time of which something is known without journals.
func seen(outages []sla.Outage, observed []inventory.Span, now time.Time) []inventory.Span {
	spans := slices.Clone(observed)
	for _, o := range outages {
		if o.To.IsZero() {
			o.To = now
		}
		spans = append(spans, inventory.Span{From: o.From, To: o.To})
	}
	return spans
}
