package app

import (
	"context"
	"net/url"
	"slices"
	"time"

	"muster/controller/notify"
	"muster/controller/programme"
	"muster/inventory"
)

// toldFor is how long after its end an incident may still be told about.
const toldFor = 7 * 24 * time.Hour

// openNotify opens the desk that tells people, where a file says whom.
func (a *App) openNotify(ctx context.Context) error {
	if a.opts.Notify == "" {
		return nil
	}
	t, err := notifyFrom(a.opts.Notify, a.opts.Now)
	if err != nil {
		return err
	}
	c := t.config
	kinds := map[string]notify.SinkKind{}
	for _, s := range c.Sinks {
		kinds[s.Name] = s.Kind
	}
	plan := c.Plan()
	o := notify.Options{
		Store: a.store, Plan: plan, Incidents: a.incidentsToTell, Incident: a.store.Incident, Sinks: t.sinks, Kinds: kinds, Alertmanagers: t.managers,
		Now: a.opts.Now, Log: a.opts.Log.With("component", "notify"),
		Facts: func(ctx context.Context, i inventory.Incident) notify.Facts {
			return a.factsOf(ctx, i, plan.Zone, c.PageURL)
		},
	}
	if c.Deadman != nil {
		o.Deadman = &notify.Pinger{URL: c.Deadman.URL, Every: c.Deadman.Every.Duration(), Client: t.client, Now: a.opts.Now, Log: o.Log}
	}
	if a.notify, err = notify.New(o); err != nil {
		return err
	}
	if err := a.notify.Start(ctx); err != nil {
		return err
	}
	a.later(func(context.Context) error { a.notify.Close(); return nil })
	return nil
}

// incidentsToTell are those that go on, and those that ended lately.
func (a *App) incidentsToTell(ctx context.Context) ([]inventory.Incident, error) {
	var all []inventory.Incident
	filter := inventory.IncidentFilter{Paged: true, From: a.opts.Now().Add(-toldFor), Page: inventory.Page{Limit: inventory.MaxPage}}
	for {
		found, next, err := a.store.Incidents(ctx, filter)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
		if next == "" {
			return all, nil
		}
		filter.After = next
	}
}

// factsOf adds to an incident what a message says beside it. What cannot be read
// is left out: a message without a circuit is better than none.
func (a *App) factsOf(ctx context.Context, i inventory.Incident, zone *time.Location, pages string) notify.Facts {
	f := notify.Facts{Incident: i, Zone: zone}
	if pages != "" {
		if page, err := url.JoinPath(pages, "incidents", i.ID); err == nil {
			f.PageURL = page
		}
	}
	if i.Scope.Site != "" {
		if site, err := a.store.Site(ctx, i.Scope.Site); err == nil {
			f.SiteName = site.Name
		}
	}
	filter := inventory.LinkFilter{Site: i.Scope.Site, Carrier: i.Scope.Carrier, Page: inventory.Page{Limit: maxLinksTold}}
	if filter.Site == "" && filter.Carrier == "" {
		return f
	}
	links, _, err := a.store.Links(ctx, filter)
	if err != nil {
		a.opts.Log.Error("links cannot be read for a notification", "incident", i.ID, "error", err)
		return f
	}
	for _, l := range links {
		if i.Scope.Carrier == "" || len(i.Scope.Sites) == 0 || slices.Contains(i.Scope.Sites, l.Site) {
			f.Links = append(f.Links, l)
		}
	}
	return f
}

// maxLinksTold bounds the circuits that one message lists.
const maxLinksTold = 20

// incidentChanged hands a step of an incident on to everyone who listens.
func (a *App) incidentChanged(c inventory.IncidentChange) {
	if a.notify != nil {
		a.notify.Heard(c)
	}
	if a.programme != nil { // the engine takes up evidence before the desk is made
		a.programme.IncidentChanged(c)
	}
	if a.opts.OnIncident != nil {
		a.opts.OnIncident(c)
	}
}

// tellProgramme hands a message of the programme on.
func (a *App) tellProgramme(m programme.Message) {
	if a.notify != nil {
		a.notify.Say(notify.Notice{ID: m.ID, Kind: m.Kind, Site: m.Site, For: m.To, Title: m.Title, Lines: m.Lines})
	}
}
