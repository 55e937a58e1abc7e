package app

import (
	"context"
	"fmt"
	"time"

	"muster/controller/sla"
	"muster/controller/sla/ledger"
	"muster/dashboards"
	"muster/inventory"
)

// linkPage is the ledger as the pages draw it.
type linkPage struct {
	ledger *ledger.Ledger
	now    func() time.Time
}

// LinkReport implements dashboards.Accounts.
func (l linkPage) LinkReport(ctx context.Context, q dashboards.LinkQuery) (dashboards.LinkReport, error) {
	period, err := ledger.ParsePeriod(q.From, q.To, l.ledger.Zone(), l.now())
	if err != nil {
		return dashboards.LinkReport{Zone: l.ledger.Zone()}, inventory.FieldErrors{{Field: "from", Why: err.Error()}}
	}
	r, err := l.ledger.Report(ctx, ledger.Query{Period: period, Circuit: q.Circuit, Site: q.Site, Carrier: q.Carrier})
	if err != nil {
		return dashboards.LinkReport{}, err
	}
	out := dashboards.LinkReport{Period: r.Period, Zone: l.ledger.Zone(), Total: timeOfSum(r.Total), Unnamed: r.Unnamed}
	for _, s := range r.Carriers {
		out.Carriers = append(out.Carriers, timeOfSum(s))
	}
	for _, a := range r.Accounts {
		out.Links = append(out.Links, timeOfLink(a))
		for _, line := range a.Outages {
			out.Outages = append(out.Outages, outageOf(a, line))
		}
	}
	return out, nil
}

func timeOfSum(s sla.Sum) dashboards.LinkRow {
	return dashboards.LinkRow{
		Name: s.Name, Links: s.Links, LinkTime: s.LinkTime, Missed: s.Missed, Undetermined: s.Undetermined, Outages: s.Outages,
	}
}

func timeOfLink(a sla.Account) dashboards.LinkRow {
	measured := func(v float64) inventory.Fact[float64] {
		if a.Quality.Minutes == 0 {
			return inventory.Unknown[float64]("nothing was measured")
		}
		return inventory.Known(v)
	}
	return dashboards.LinkRow{
		Name: a.Circuit, Site: a.Site, Carrier: a.Carrier, Terms: a.Terms, Links: 1, Backup: a.Role == string(inventory.LinkBackup),
		LinkTime: a.LinkTime, Promise: string(a.Promise), Fixes: string(a.Fixes), Outages: len(a.Outages),
		LossRatio: measured(a.Quality.LossRatio), MedianMillis: measured(a.Quality.MedianMillis), P95Millis: measured(a.Quality.P95Millis),
	}
}

func outageOf(a sla.Account, line sla.Line) dashboards.LinkOutage {
	o := dashboards.LinkOutage{
		Circuit: a.Circuit, Site: a.Site, Carrier: a.Carrier, Incident: line.Incident, Spell: line.Spell, From: line.From, To: line.To, DownFor: line.DownFor,
		Cause: line.Cause, Grade: line.Grade, Whose: string(line.Attribution), Void: line.Void, ByJournals: line.ByJournals, Reason: line.Reason,
		Ticket: line.Ticket.Reference, TicketOpenedAt: line.Ticket.OpenedAt, TicketClosedAt: line.Ticket.ClosedAt, FixMissed: line.FixMissed,
	}
	for _, c := range line.Corrections {
		o.Corrections = append(o.Corrections, fmt.Sprintf("%s, %s: %s", c.Author, c.At.UTC().Format(time.RFC3339), c.Reason))
	}
	return o
}
