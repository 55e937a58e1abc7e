package api

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"muster/controller/sla"
	"muster/controller/sla/ledger"
	"muster/inventory"
)

// Ledger makes link reports and keeps corrections; *ledger.Ledger is one.
type Ledger interface {
	Report(ctx context.Context, q ledger.Query) (ledger.Report, error)
	Correct(ctx context.Context, c sla.Correction) (sla.Correction, error)
	Zone() *time.Location
}

// PeriodQuery selects the period of a report.
type PeriodQuery struct {
	From string `query:"from" maxLength:"40" doc:"a month (2026-11), a day (2026-11-23) or an instant; empty: the month so far"`
	To   string `query:"to" maxLength:"40" doc:"the last month or day, included, or an instant; empty: from alone"`
}

func (a *API) period(in PeriodQuery) (inventory.Span, error) {
	p, err := ledger.ParsePeriod(in.From, in.To, a.Ledger.Zone(), a.clock())
	if err != nil {
		return p, inventory.FieldErrors{{Field: "from", Why: err.Error()}}
	}
	return p, nil
}

type accountList struct {
	Paging
	PeriodQuery
	Circuit string `query:"circuit" maxLength:"100"`
	Site    string `query:"site" maxLength:"16"`
	Carrier string `query:"carrier" maxLength:"100"`
}

func (a *API) report(ctx context.Context, in *accountList) (ledger.Report, error) {
	p, err := a.period(in.PeriodQuery)
	if err != nil {
		return ledger.Report{}, err
	}
	return a.Ledger.Report(ctx, ledger.Query{Period: p, Circuit: in.Circuit, Site: in.Site, Carrier: in.Carrier})
}

func (a *API) listAccounts(ctx context.Context, in *accountList) ([]sla.Account, string, error) {
	r, err := a.report(ctx, in)
	if err != nil {
		return nil, "", err
	}
	items, next := pageOf(r.Accounts, in.page(), func(account sla.Account) string { return account.Circuit })
	return items, next, nil
}

func (a *API) listCarrierReports(ctx context.Context, in *accountList) ([]sla.Sum, string, error) {
	r, err := a.report(ctx, in)
	if err != nil {
		return nil, "", err
	}
	items, next := pageOf(r.Carriers, in.page(), func(s sla.Sum) string { return s.Name })
	return items, next, nil
}

// OutageLine is one outage of one link, its times in the programme's zone.
type OutageLine struct {
	Circuit string `json:"circuit"`
	Site    string `json:"site"`
	Carrier string `json:"carrier"`
	Began   string `json:"began"` // to the second, with the zone's offset
	Ended   string `json:"ended,omitempty"`
	sla.Line
}

func (a *API) listOutages(ctx context.Context, in *accountList) ([]OutageLine, string, error) {
	r, err := a.report(ctx, in)
	if err != nil {
		return nil, "", err
	}
	var lines []OutageLine
	zone := a.Ledger.Zone()
	for _, account := range r.Accounts {
		for _, l := range account.Outages {
			line := OutageLine{Circuit: account.Circuit, Site: account.Site, Carrier: account.Carrier, Began: l.From.In(zone).Format(time.RFC3339), Line: l}
			if !l.To.IsZero() {
				line.Ended = l.To.In(zone).Format(time.RFC3339)
			}
			lines = append(lines, line)
		}
	}
	items, next := pageOf(lines, in.page(), func(l OutageLine) string {
		return l.Circuit + " " + l.From.UTC().Format("20060102T150405") + " " + l.Incident + " " + strconv.Itoa(l.Spell)
	})
	return items, next, nil
}

type correctionOf struct {
	IncidentKey
	Body struct {
		Spell       int        `json:"spell,omitempty" minimum:"0" doc:"which down time of the incident, from 0"`
		From        time.Time  `json:"from,omitzero"`
		To          time.Time  `json:"to,omitzero"`
		Attribution string     `json:"attribution,omitempty" enum:"carrier,ours,unattributed"`
		Void        bool       `json:"void,omitempty" doc:"it was no outage"`
		Ticket      sla.Ticket `json:"ticket,omitzero" doc:"the carrier's own reference and times"`
		Reason      string     `json:"reason" minLength:"1" maxLength:"1000"`
	}
}

func (a *API) correctOutage(ctx context.Context, in *correctionOf) (sla.Correction, error) {
	b := in.Body
	c := sla.Correction{
		Outage: sla.OutageKey{Incident: in.ID, Spell: b.Spell}, From: b.From.UTC(), To: b.To.UTC(), Attribution: sla.Attribution(b.Attribution),
		Void: b.Void, Reason: strings.TrimSpace(b.Reason), Author: author(callerOf(ctx)),
	}
	if b.From.IsZero() {
		c.From = time.Time{}
	}
	if b.To.IsZero() {
		c.To = time.Time{}
	}
	if b.Ticket != (sla.Ticket{}) {
		c.Ticket = &b.Ticket
	}
	if err := c.Validate(); err != nil {
		return c, inventory.FieldErrors{{Field: "correction", Why: err.Error()}}
	}
	return a.Ledger.Correct(ctx, c)
}

func accountColumns() []column[sla.Account] {
	type c = sla.Account
	return []column[c]{
		{"circuit", func(v c) string { return v.Circuit }},
		{"site", func(v c) string { return v.Site }},
		{"carrier", func(v c) string { return v.Carrier }},
		{"role", func(v c) string { return v.Role }},
		{"terms", func(v c) string { return v.Terms }},
		{"from", func(v c) string { return instant(v.Period.From) }},
		{"to", func(v c) string { return instant(v.Period.To) }},
		{"up_seconds", func(v c) string { return seconds(v.UpFor) }},
		{"down_seconds", func(v c) string { return seconds(v.DownFor) }},
		{"excluded_seconds", func(v c) string { return seconds(v.ExcludedFor) }},
		{"not_observed_seconds", func(v c) string { return seconds(v.NotObservedFor) }},
		{"carrier_down_seconds", func(v c) string { return seconds(v.CarrierDownFor) }},
		{"ours_down_seconds", func(v c) string { return seconds(v.OursDownFor) }},
		{"unattributed_down_seconds", func(v c) string { return seconds(v.UnattributedDownFor) }},
		{"available_ratio", func(v c) string { return ratioText(v.Available) }},
		{"available_at_worst_ratio", func(v c) string { return ratioText(v.AtWorst) }},
		{"available_of_carrier_ratio", func(v c) string { return ratioText(v.OfCarrier) }},
		{"promise", func(v c) string { return string(v.Promise) }},
		{"fix_promise", func(v c) string { return string(v.Fixes) }},
		{"loss_promise", func(v c) string { return string(v.Loss) }},
		{"rtt_promise", func(v c) string { return string(v.Latency) }},
		{"loss_ratio", func(v c) string { return measured(v.Quality, strconv.FormatFloat(v.Quality.LossRatio, 'f', 6, 64)) }},
		{"rtt_median_ms", func(v c) string { return measured(v.Quality, strconv.FormatFloat(v.Quality.MedianMillis, 'f', 2, 64)) }},
		{"rtt_p95_ms", func(v c) string { return measured(v.Quality, strconv.FormatFloat(v.Quality.P95Millis, 'f', 2, 64)) }},
		{"outages", func(v c) string { return strconv.Itoa(len(v.Outages)) }},
		{"up_by_journals_seconds", func(v c) string { return seconds(v.UpByJournalsFor) }},
	}
}

func sumColumns() []column[sla.Sum] {
	type c = sla.Sum
	return []column[c]{
		{"carrier", func(v c) string { return v.Name }},
		{"links", func(v c) string { return strconv.Itoa(v.Links) }},
		{"up_seconds", func(v c) string { return seconds(v.UpFor) }},
		{"down_seconds", func(v c) string { return seconds(v.DownFor) }},
		{"excluded_seconds", func(v c) string { return seconds(v.ExcludedFor) }},
		{"not_observed_seconds", func(v c) string { return seconds(v.NotObservedFor) }},
		{"carrier_down_seconds", func(v c) string { return seconds(v.CarrierDownFor) }},
		{"ours_down_seconds", func(v c) string { return seconds(v.OursDownFor) }},
		{"unattributed_down_seconds", func(v c) string { return seconds(v.UnattributedDownFor) }},
		{"available_ratio", func(v c) string { return ratioText(v.Available) }},
		{"available_of_carrier_ratio", func(v c) string { return ratioText(v.OfCarrier) }},
		{"missed", func(v c) string { return strconv.Itoa(v.Missed) }},
		{"undetermined", func(v c) string { return strconv.Itoa(v.Undetermined) }},
		{"outages", func(v c) string { return strconv.Itoa(v.Outages) }},
	}
}

func outageColumns() []column[OutageLine] {
	type c = OutageLine
	return []column[c]{
		{"circuit", func(v c) string { return v.Circuit }},
		{"site", func(v c) string { return v.Site }},
		{"carrier", func(v c) string { return v.Carrier }},
		{"incident", func(v c) string { return v.Incident }},
		{"spell", func(v c) string { return strconv.Itoa(v.Spell) }},
		{"began", func(v c) string { return v.Began }},
		{"ended", func(v c) string { return v.Ended }},
		{"cause", func(v c) string { return string(v.Cause) }},
		{"grade", func(v c) string { return string(v.Grade) }},
		{"attribution", func(v c) string { return string(v.Attribution) }},
		{"down_seconds", func(v c) string { return seconds(v.DownFor) }},
		{"excluded_seconds", func(v c) string { return seconds(v.ExcludedFor) }},
		{"fix_seconds", func(v c) string { return seconds(v.FixFor) }},
		{"fix_missed", func(v c) string { return strconv.FormatBool(v.FixMissed) }},
		{"ticket", func(v c) string { return v.Ticket.Reference }},
		{"ticket_opened_at", func(v c) string { return instant(v.Ticket.OpenedAt) }},
		{"ticket_closed_at", func(v c) string { return instant(v.Ticket.ClosedAt) }},
		{"void", func(v c) string { return strconv.FormatBool(v.Void) }},
		{"corrections", func(v c) string { return corrections(v.Corrections) }},
		{"reason", func(v c) string { return v.Reason }},
		{"by_journals", func(v c) string { return strconv.FormatBool(v.ByJournals) }},
	}
}

// corrections says who changed what, for a cell.
func corrections(all []sla.Correction) string {
	texts := make([]string, 0, len(all))
	for _, c := range all {
		texts = append(texts, fmt.Sprintf("%s by %s: %s", instant(c.At), c.Author, c.Reason))
	}
	return strings.Join(texts, "; ")
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 0, 64) }

// ratioText is a ratio with its reason where it is unknown.
func ratioText(f inventory.Fact[float64]) string {
	v, known := f.Get()
	if !known {
		return ""
	}
	return strconv.FormatFloat(v, 'f', 6, 64)
}

// measured is empty where nothing was.
func measured(q sla.Quality, text string) string {
	if q.Minutes == 0 {
		return ""
	}
	return text
}
