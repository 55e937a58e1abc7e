// Package ledger gathers what link reports are made of (links, incidents, windows,
// minutes, corrections), has package sla account for it, and keeps corrections.
// It decides nothing about time itself.
package ledger

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"muster/controller/sla"
	"muster/controller/strictyaml"
	"muster/inventory"
)

// Terms is the file of contract terms.
type Terms struct {
	Zone  string      `yaml:"zone"` // of the programme; empty is Europe/London
	Terms []sla.Terms `yaml:"terms"`
}

// ParseTerms reads the text of a file of terms; file names it in errors.
func ParseTerms(file string, b []byte) (Terms, error) {
	var t Terms
	if err := strictyaml.Decode(file, b, &t); err != nil {
		return t, fmt.Errorf("cannot read contract terms: %w", err)
	}
	seen := map[string]bool{}
	for _, one := range t.Terms {
		if err := one.Validate(); err != nil {
			return t, fmt.Errorf("cannot read contract terms: %s: %w", file, err)
		}
		if seen[one.Name] {
			return t, fmt.Errorf("cannot read contract terms: %s: %q is there twice", file, one.Name)
		}
		seen[one.Name] = true
	}
	if _, err := t.Location(); err != nil || t.Zone == "Local" {
		return t, fmt.Errorf("cannot read contract terms: %s: zone %q is not a time zone such as Europe/London", file, t.Zone)
	}
	return t, nil
}

// Location is the programme's zone.
func (t Terms) Location() (*time.Location, error) {
	return time.LoadLocation(cmp.Or(t.Zone, inventory.DefaultZone))
}

// Store is what a ledger reads and writes.
type Store interface {
	Links(ctx context.Context, f inventory.LinkFilter) (links []inventory.Link, next string, err error)
	Site(ctx context.Context, code string) (inventory.Site, error)
	Incidents(ctx context.Context, f inventory.IncidentFilter) (found []inventory.Incident, next string, err error)
	Incident(ctx context.Context, id string) (inventory.Incident, error)
	Windows(ctx context.Context, endAfter time.Time) ([]inventory.Window, error)
	Events(ctx context.Context, f inventory.EventFilter) (events []inventory.Event, next string, err error)
	AppendEvent(ctx context.Context, event inventory.Event) (int64, error)
}

// Options says what a ledger runs on; all are required.
type Options struct {
	Store Store
	Terms Terms
	// Minutes are the measurements of a site's link within a span.
	Minutes func(ctx context.Context, site string, span inventory.Span) ([]sla.Minute, error)
	// Contacts are what journals say of the way beyond a site, or all where none is
	// named, of times in which the controller was not heard; nil: nothing.
	Contacts func(ctx context.Context, site string, span inventory.Span) ([]sla.Contact, error)
	Now      func() time.Time
}

// Ledger makes link reports. It is safe for concurrent use.
type Ledger struct {
	o     Options
	zone  *time.Location
	terms map[string]sla.Terms
}

// New checks the options.
func New(o Options) (*Ledger, error) {
	if o.Store == nil || o.Minutes == nil || o.Now == nil {
		return nil, errors.New("cannot account for links: store, minutes and clock are all needed")
	}
	zone, err := o.Terms.Location()
	if err != nil {
		return nil, fmt.Errorf("cannot account for links: %w", err)
	}
	l := &Ledger{o: o, zone: zone, terms: map[string]sla.Terms{}}
	for _, t := range o.Terms.Terms {
		l.terms[t.Name] = t
	}
	return l, nil
}

// Zone is the programme's.
func (l *Ledger) Zone() *time.Location { return l.zone }

// Query selects a report. Empty fields select all links.
type Query struct {
	Period  inventory.Span
	Circuit string
	Site    string
	Carrier string
}

// MaxPeriod bounds one report.
const MaxPeriod = 400 * 24 * time.Hour

// Report is the accounts of links over a period.
type Report struct {
	Period   inventory.Span `json:"period"`
	Zone     string         `json:"zone"`
	MadeAt   time.Time      `json:"made_at"`
	Accounts []sla.Account  `json:"accounts"`
	Carriers []sla.Sum      `json:"carriers"`
	Total    sla.Sum        `json:"total"`
	// Unnamed lists links whose terms are not in the file of terms.
	Unnamed []string `json:"without_terms,omitempty"`
}

// Report accounts for links.
func (l *Ledger) Report(ctx context.Context, q Query) (Report, error) {
	now := l.o.Now().UTC()
	r := Report{Period: q.Period, Zone: l.zone.String(), MadeAt: now, Accounts: []sla.Account{}}
	if err := l.check(q.Period, now); err != nil {
		return r, err
	}
	links, err := l.links(ctx, q)
	if err != nil {
		return r, fmt.Errorf("cannot account for links: %w", err)
	}
	gathered, err := l.gather(ctx, q, links)
	if err != nil {
		return r, fmt.Errorf("cannot account for links: %w", err)
	}
	for _, link := range links {
		if link.SLA != "" && l.terms[link.SLA].Name == "" {
			r.Unnamed = append(r.Unnamed, link.Circuit)
		}
		r.Accounts = append(r.Accounts, l.account(link, gathered, q.Period, now))
	}
	r.Carriers, r.Total = sla.ByCarrier(r.Accounts), sla.Total("all", r.Accounts)
	return r, nil
}

func (l *Ledger) check(p inventory.Span, now time.Time) error {
	switch {
	case p.From.IsZero() || !p.To.After(p.From):
		return fmt.Errorf("cannot account for links: the period from %s to %s is empty", p.From.Format(time.RFC3339), p.To.Format(time.RFC3339))
	case p.For() > MaxPeriod:
		return fmt.Errorf("cannot account for links: a period of %d days, the limit is %d", int(p.For().Hours()/24), int(MaxPeriod.Hours()/24))
	case p.From.After(now):
		return fmt.Errorf("cannot account for links: the period begins at %s, in the future", p.From.Format(time.RFC3339))
	}
	return nil
}

// gathered is what all links of a report share.
type gathered struct {
	incidents   []inventory.Incident
	windows     []inventory.Window
	corrections []sla.Correction
	sites       map[string]inventory.Site
	minutes     map[string][]sla.Minute // by site
	journals    map[string]journals     // by site
}

func (l *Ledger) gather(ctx context.Context, q Query, links []inventory.Link) (gathered, error) {
	g := gathered{sites: map[string]inventory.Site{}, minutes: map[string][]sla.Minute{}, journals: map[string]journals{}}
	var err error
	if g.incidents, err = l.incidents(ctx, q); err != nil {
		return g, err
	}
	if g.windows, err = l.o.Store.Windows(ctx, q.Period.From); err != nil {
		return g, err
	}
	if g.corrections, err = l.Corrections(ctx, ""); err != nil {
		return g, err
	}
	for _, link := range links {
		if _, known := g.minutes[link.Site]; known || link.Site == "" {
			continue
		}
		if g.sites[link.Site], err = l.o.Store.Site(ctx, link.Site); err != nil && !errors.Is(err, inventory.ErrNotFound) {
			return g, err
		}
		if g.minutes[link.Site], err = l.o.Minutes(ctx, link.Site, q.Period); err != nil {
			return g, err
		}
		if g.journals[link.Site], err = l.readJournals(ctx, link.Site, q.Period); err != nil {
			return g, err
		}
	}
	return g, nil
}

func (l *Ledger) account(link inventory.Link, g gathered, period inventory.Span, now time.Time) sla.Account {
	f := sla.Facts{Link: link, Terms: l.terms[link.SLA], Zone: l.zone}
	outages := sla.OutagesOf(link, g.incidents)
	for _, w := range g.windows {
		if w.Touches(g.sites[link.Site], []inventory.Link{link}, nil) {
			f.Windows = append(f.Windows, w)
		}
	}
	// The sweep comes by the link that the site uses; what a spare one would have
	// done nobody observed.
	if link.Role != inventory.LinkBackup {
		f.Minutes = g.minutes[link.Site]
		f.Observed = sla.ObservedIn(f.Minutes)
		said := g.journals[link.Site]
		f.Journals = sla.ProvenUp(said.contacts)
		outages = append(outages, sla.ProvenDown(link.Site, said.contacts, said.elsewhere, seen(outages, f.Observed, now))...)
		slices.SortStableFunc(outages, func(a, b sla.Outage) int { return a.From.Compare(b.From) })
	}
	f.Outages = sla.Corrected(outages, g.corrections)
	return sla.Add(f, period, now)
}

func (l *Ledger) links(ctx context.Context, q Query) ([]inventory.Link, error) {
	var all []inventory.Link
	page := inventory.Page{Limit: inventory.MaxPage}
	for {
		links, next, err := l.o.Store.Links(ctx, inventory.LinkFilter{Site: q.Site, Carrier: q.Carrier, Page: page})
		if err != nil {
			return nil, err
		}
		for _, link := range links {
			if q.Circuit == "" || link.Circuit == q.Circuit {
				all = append(all, link)
			}
		}
		if next == "" {
			break
		}
		page.After = next
	}
	if q.Circuit != "" && len(all) == 0 {
		return nil, fmt.Errorf("circuit %q: %w", q.Circuit, inventory.ErrNotFound)
	}
	return all, nil
}

// incidents that went on at some moment of the period.
func (l *Ledger) incidents(ctx context.Context, q Query) ([]inventory.Incident, error) {
	var all []inventory.Incident
	page := inventory.Page{Limit: inventory.MaxPage}
	for {
		found, next, err := l.o.Store.Incidents(ctx, inventory.IncidentFilter{From: q.Period.From, To: q.Period.To, Site: q.Site, Page: page})
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
		if next == "" {
			return all, nil
		}
		page.After = next
	}
}

// EventCorrected is the kind of event that a correction is kept as.
const EventCorrected = "outage.corrected"

// Corrections lists corrections, oldest first: of one incident, or of all.
func (l *Ledger) Corrections(ctx context.Context, incident string) ([]sla.Correction, error) {
	var all []sla.Correction
	filter := inventory.EventFilter{Kind: EventCorrected, Page: inventory.Page{Limit: inventory.MaxPage}}
	if incident != "" {
		filter.Subject = inventory.Subject{Noun: inventory.NounIncident, Key: incident}
	}
	for {
		events, next, err := l.o.Store.Events(ctx, filter)
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			var c sla.Correction
			if err := json.Unmarshal(e.Body, &c); err != nil {
				return nil, fmt.Errorf("correction %d is not readable: %w", e.ID, err)
			}
			c.Number, c.Author, c.At = e.ID, e.Author, e.RecordedAt
			all = append(all, c)
		}
		if next == "" {
			break
		}
		filter.After = next
	}
	slices.Reverse(all)
	return all, nil
}

// Correct keeps a correction. The outage must be there, and the original stays.
func (l *Ledger) Correct(ctx context.Context, c sla.Correction) (sla.Correction, error) {
	if err := c.Validate(); err != nil {
		return c, fmt.Errorf("cannot correct outage: %w", err)
	}
	i, err := l.o.Store.Incident(ctx, c.Outage.Incident)
	if err != nil {
		return c, fmt.Errorf("cannot correct outage: %w", err)
	}
	if spells := max(len(i.Spells), 1); c.Outage.Spell >= spells {
		return c, fmt.Errorf("cannot correct outage: incident %s has %d spells, there is none of number %d: %w", i.ID, spells, c.Outage.Spell, inventory.ErrNotFound)
	}
	author := c.Author
	c.Number, c.Author, c.At = 0, "", time.Time{}
	body, err := json.Marshal(c)
	if err != nil {
		return c, fmt.Errorf("cannot correct outage: %w", err)
	}
	now := l.o.Now().UTC()
	c.Number, err = l.o.Store.AppendEvent(ctx, inventory.Event{
		Kind: EventCorrected, Subject: inventory.Subject{Noun: inventory.NounIncident, Key: i.ID}, OccurredAt: now, RecordedAt: now, Author: author, Body: body,
	})
	if err != nil {
		return c, fmt.Errorf("cannot correct outage: %w", err)
	}
	c.Author, c.At = author, now
	return c, nil
}
