package app

import (
	"context"
	"fmt"
	"net/netip"

	"muster/controller/incident"
	"muster/controller/incident/runner"
	"muster/controller/pools"
	"muster/inventory"
	"muster/mesh"
)

// makeIncidents makes the incident engine's runner: from here on evidence is
// taken, and judged from startIncidents on.
func (a *App) makeIncidents(context.Context) error {
	rules, err := a.rules()
	if err != nil {
		return err
	}
	a.incidents, err = runner.New(runner.Options{
		Rules: rules, Store: a.store, Estate: a.estate, Now: a.opts.Now, Lag: a.opts.Lag, Log: a.opts.Log, Registry: a.registry,
		SiteOf:   func(workstation string) string { return a.pools.SiteOf(workstation) },
		Installs: func(site string) []string { return a.pools.Installs(site) },
		Members:  func(site string) []inventory.PoolMember { return a.pools.PoolMembers(site) },
		OnChange: a.incidentChanged, OnMinutes: a.sampleMinutes,
		Blind:    func(blind bool) { a.pools.SetBlind(blind) },
		AskBurst: a.askBurst, AskReferences: func() { a.mesh.AskReferences() },
		AskReport: func(site, workstation string) { a.probing.Report(site, workstation) },
		AskProbe:  func(site, service string, count int) { a.probing.Confirm(site, service, count) },
	})
	return err
}

// startIncidents begins to judge, once the roster knows what to expect.
func (a *App) startIncidents(ctx context.Context) error {
	if err := a.incidents.Start(ctx); err != nil {
		return err
	}
	a.later(func(context.Context) error { a.incidents.Close(); return nil })
	return nil
}

// askBurst asks all members of a site at once. A site without a pool has none.
func (a *App) askBurst(site, workstation string) {
	if err := a.mesh.AskAll(site, workstation); err != nil {
		a.opts.Log.Debug("nobody can be asked", "site", site, "err", err)
	}
}

// estate is what the register says of everything that verdicts are about.
func (a *App) estate(ctx context.Context) (incident.Estate, error) {
	estate := incident.Estate{References: len(a.opts.References), Services: a.opts.Services}
	facts := map[string]*incident.SiteFacts{}
	var order []string
	for page := (inventory.Page{Limit: inventory.MaxPage}); ; {
		sites, next, err := a.store.Sites(ctx, page)
		if err != nil {
			return estate, err
		}
		for _, s := range sites {
			facts[s.Code] = &incident.SiteFacts{Site: s}
			order = append(order, s.Code)
		}
		if next == "" {
			break
		}
		page.After = next
	}
	if err := a.addLinks(ctx, facts); err != nil {
		return estate, err
	}
	subnets, err := a.store.Subnets(ctx)
	if err != nil {
		return estate, err
	}
	for _, s := range subnets {
		if f := facts[s.Site]; f != nil && s.Gateway.IsValid() {
			f.HasGateway = true
		}
	}
	counts := a.pools.AllCounts()
	for _, code := range order {
		facts[code].Expected = counts[code].Expected
		estate.Sites = append(estate.Sites, *facts[code])
	}
	return estate, nil
}

func (a *App) addLinks(ctx context.Context, facts map[string]*incident.SiteFacts) error {
	filter := inventory.LinkFilter{Page: inventory.Page{Limit: inventory.MaxPage}}
	for {
		links, next, err := a.store.Links(ctx, filter)
		if err != nil {
			return err
		}
		for _, l := range links {
			if f := facts[l.Site]; f != nil {
				f.Links = append(f.Links, l)
				f.HasRouter = f.HasRouter || l.Router.IsValid()
			}
		}
		if next == "" {
			return nil
		}
		filter.After = next
	}
}

// ownGateway is the controller's own: as configured, or the system's way out. On a
// network that is not the system's nothing is looked for.
func (a *App) ownGateway() netip.Addr {
	switch a.opts.Gateway {
	case noGateway:
		return netip.Addr{}
	case "":
		if _, system := a.opts.Network.(mesh.OS); !system {
			return netip.Addr{}
		}
		return systemGateway()
	default:
		return netip.MustParseAddr(a.opts.Gateway) // checked by Config
	}
}

// operator is the pools for the API, and lets the incident engine know too when
// the register changed.
type operator struct {
	*pools.Pools

	changed func()
}

// RegisterChanged implements api.Operator.
func (o operator) RegisterChanged(ctx context.Context) {
	o.Pools.RegisterChanged(ctx)
	o.changed()
}

// Incidents is what was concluded, newest first: a page of what the filter
// selects.
func (a *App) Incidents(ctx context.Context, filter inventory.IncidentFilter) ([]inventory.Incident, error) {
	found, _, err := a.store.Incidents(ctx, filter)
	return found, err
}

// AddWindow keeps a maintenance window and lets the incident engine know of it.
func (a *App) AddWindow(ctx context.Context, w inventory.Window) error {
	if _, err := a.incidents.AddWindow(ctx, w); err != nil {
		return fmt.Errorf("cannot add maintenance window: %w", err)
	}
	return nil
}

// SetBaselines says what links are usually like, by circuit, or by site for a link
// without one: a history that was not observed here.
func (a *App) SetBaselines(ctx context.Context, baselines map[string]incident.Baseline) error {
	return a.incidents.SetBaselines(ctx, baselines)
}
