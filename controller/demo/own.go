package demo

import (
	"context"
	"fmt"
	"time"

	agent "muster/agent/app"
	"muster/agent/collect"
	"muster/agent/probe"
	"muster/inventory"
)

// ownMachine is the machine that the demo runs on, with its own hardware.
type ownMachine struct {
	*collect.Collector
	*probe.Prober
}

// registerThisMachine puts this machine into the register as one of the first
// site's, by the serial number, UUID and network cards that it tells. One that
// tells none, as many virtual machines and containers do, could not be recognised
// by its entry: it stays a stranger, and its page says why.
func (d *demo) registerThisMachine(ctx context.Context) error {
	collector, err := collect.New(collect.Options{Log: d.o.Log})
	if err != nil {
		return fmt.Errorf("cannot read this machine: %w", err)
	}
	d.own = ownMachine{collector, probe.New(probe.Options{})}
	register := &d.estate.register
	asset := assetOf(ctx, d.own, collector.Kind(ctx), d.o.Workstations, register.Sites[0].Code, MaxPerSite)
	if recognisable(asset) {
		register.Assets = append(register.Assets, asset)
	}
	return nil
}

// recognisable reports whether a machine can be matched to the asset.
func recognisable(a inventory.Asset) bool {
	return len(inventory.Identity{UUID: a.UUID, Serial: a.Serial, MACs: a.MACs}.Keys()) > 0
}

// startThisMachine enrols this machine at the first site.
func (d *demo) startThisMachine(ctx context.Context) error {
	token, err := d.app.IssueToken(ctx, inventory.TokenSite, d.estate.register.Sites[0].Code, 1, 24*time.Hour)
	if err != nil {
		return err
	}
	// The last place of the first subnet, beyond the simulated desks.
	return d.launch(ctx, "this-machine", agent.Options{
		Token: token, Machine: d.own, Addr: d.plan.addr(0, MaxPerSite),
	})
}
