package app

import (
	"context"
	"slices"

	"muster/inventory"
	"muster/inventory/wire"
)

// outside asks beyond the site while the controller is not heard. What answers
// proves that the site's link carries something, though nobody was there to see
// it: the controller was away, or its own network down. It belongs to App.watch.
type outside struct {
	app  *App
	last string // who answered last, and is asked first
}

// ask is whether anything answered; empty where it is not this machine's to ask.
// The two elected of a site ask, one ping each while there are answers.
func (o *outside) ask(ctx context.Context) wire.Reachable {
	plan, site := o.app.plan()
	if plan == nil || site == "" || !o.app.atSite() {
		return ""
	}
	self, members := o.app.members(plan.Turns)
	targets := o.targets(plan)
	if len(targets) == 0 || !slices.Contains(inventory.RotaElected(site, members, probersElected), self) {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, lookEvery/2)
	defer cancel()
	for _, target := range targets {
		r := o.app.opts.Machine.Probe(ctx, wire.ProbeSpec{
			Kind: inventory.ProbePing, Why: inventory.ProbeElected, Target: target, Count: 1, Timeout: 1,
		})
		if r.OK {
			o.last = target
			return wire.Yes
		}
	}
	if ctx.Err() != nil {
		return "" // stopping, or not all were asked
	}
	return wire.No
}

// targets are the addresses to ask, the likeliest first: a controller that is
// stopped leaves a machine that answers.
func (o *outside) targets(plan *wire.Probing) []string {
	targets := make([]string, 0, 1+2*wire.MaxOutside)
	targets = append(targets, plan.Outside...)
	o.app.mu.Lock()
	for _, c := range o.app.controllers[:min(len(o.app.controllers), wire.MaxOutside)] {
		targets = append(targets, c.Addr().String())
	}
	o.app.mu.Unlock()
	if i := slices.Index(targets, o.last); i > 0 {
		targets = slices.Insert(slices.Delete(targets, i, i+1), 0, o.last)
	}
	return targets
}
