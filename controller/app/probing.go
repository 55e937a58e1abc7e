package app

import (
	"context"
	"net"
	"net/netip"

	"muster/controller/pac"
	"muster/controller/rota"
	"muster/controller/services"
	"muster/inventory"
	"muster/inventory/wire"
)

// makePlans plans what is probed from which site. PAC files are only fetched
// where a service names one.
func (a *App) makePlans(context.Context) error {
	options := services.Options{Services: a.opts.Services, Outside: a.opts.references(), Log: a.opts.Log.With("component", "services")}
	for _, s := range a.opts.Services {
		if !inventory.AutoProxy(s.Proxy) {
			continue
		}
		files, err := pac.New(pac.Options{
			Log: options.Log, Now: a.opts.Now,
			Lookup: func(ctx context.Context, name string) ([]netip.Addr, error) {
				return net.DefaultResolver.LookupNetIP(ctx, "ip4", name)
			},
		})
		if err != nil {
			return err
		}
		a.later(func(context.Context) error { files.Close(); return nil })
		options.Proxies = files
		break
	}
	var err error
	a.plans, err = services.New(options)
	return err
}

// openProbing opens the desk at which probes are asked for.
func (a *App) openProbing(context.Context) error {
	desk, err := rota.New(rota.Options{
		Mesh: a.mesh, Estate: a.pools, Services: a.plans.Services, Log: a.opts.Log.With("component", "rota"), Now: a.opts.Now,
	})
	if err != nil {
		return err
	}
	a.probing = desk
	a.later(func(context.Context) error { desk.Close(); return nil })
	return nil
}

// Probe makes a workstation probe something and waits until ctx ends, as
// `muster workstation probe` does.
func (a *App) Probe(ctx context.Context, workstation string, spec wire.ProbeSpec) (inventory.ProbeResult, error) {
	return a.probing.Ask(ctx, workstation, spec)
}
