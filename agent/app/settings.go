package app

import (
	"context"
	"net/netip"

	"muster/agent/report"
	"muster/inventory/wire"
	"muster/mesh"
)

// adopt keeps new settings on disk and uses them.
func (a *App) adopt(ctx context.Context, s wire.Settings) {
	a.mu.Lock()
	a.settings = s
	a.mu.Unlock()
	if err := a.vault.PutSettings(s); err != nil {
		// They are used all the same, and the controller sends them again.
		a.log.WarnContext(ctx, "settings would not outlive a restart", "error", err)
	}
	a.use(ctx, s)
}

// use puts settings into force: controllers, cadence, and the pool to be in.
func (a *App) use(ctx context.Context, s wire.Settings) {
	resident, reporter := a.parts()
	controllers := a.resolve(ctx)
	a.planProbing(s.Probing)
	reporter.SetCadence(report.CadenceOf(s))
	resident.SetControllers(controllers)
	if err := resident.Use(ctx, membershipOf(s, controllers)); err != nil && ctx.Err() == nil {
		a.log.WarnContext(ctx, "pool not entered", "site", s.Site, "error", err)
		a.setProblem("cannot enter the pool of " + s.Site + ": " + err.Error())
	}
}

// planProbing takes up what is to be probed.
func (a *App) planProbing(p *wire.Probing) {
	var planned *wire.Probing
	if p != nil {
		planned = new(p.Bounded())
	}
	a.mu.Lock()
	a.planned = planned
	a.mu.Unlock()
	a.probing.poke()
}

// membershipOf is the pool that settings say; nil where the site runs without
// gossip, or the machine is at no site.
func membershipOf(s wire.Settings, controllers []netip.AddrPort) *mesh.Membership {
	if s.Pool == nil {
		return nil
	}
	m := &mesh.Membership{
		Site: s.Pool.Site, Label: s.Pool.Label, Keys: s.Pool.Keys,
		KeyVersion: s.Pool.KeyVersion, Controllers: controllers,
	}
	for _, text := range s.Pool.Neighbours {
		if addr, err := netip.ParseAddrPort(text); err == nil {
			m.Neighbours = append(m.Neighbours, addr)
		}
	}
	return m
}
