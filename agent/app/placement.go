package app

import (
	"context"
	"net/netip"
	"time"

	"muster/inventory"
)

// placeAfter is for how long reports must have come from an address before the
// site that the settings name is believed to be of it: the controller keeps a
// machine that moved at its former site for thirty seconds and until the report
// after them.
const placeAfter = 45 * time.Second

// notPlaced is why a report says nothing of the network.
const notPlaced = "not at one of the organisation's sites"

// placement is where the controller has placed this machine. Only what is known
// of that address travels: at home, in a hotel or on a VPN the machine is at no
// site, and its addresses are nobody's business.
type placement struct {
	at    netip.Addr    // the address last placed at a site; invalid: none
	trial netip.Addr    // from which reports are acknowledged now
	since time.Duration // boot clock of the first of them
	fresh bool          // enrolled in this process: the controller knows no former site
	asked bool          // for the report that ends the trial
}

// acknowledged takes a report that was sent from an address and acknowledged for
// the first time, after which the settings in force name site. A relayed one has
// no address and says nothing.
func (p placement) acknowledged(from netip.Addr, site string, clock time.Duration) placement {
	if !from.IsValid() {
		return p
	}
	if from != p.trial {
		p.trial, p.since, p.asked = from, clock, false
	}
	switch {
	case site == "":
		p.at = netip.Addr{}
	case p.fresh || clock-p.since >= placeAfter:
		p.at, p.fresh = from, false
	}
	return p
}

// due reports whether a report should go to end the trial of an address.
func (p placement) due(site string, clock time.Duration) bool {
	return !p.asked && site != "" && p.trial.IsValid() && p.trial != p.at && clock-p.since >= placeAfter
}

// open reports whether the machine is where it was last placed.
func (p placement) open(present netip.Addr) bool { return present.IsValid() && present == p.at }

// outward is what may travel of a network. Present is the address that routes to
// the controller; it follows a move after some seconds only, so the network must
// agree, unless it is made up or on loopback.
func (p placement) outward(n inventory.Network, present netip.Addr, simulated bool) inventory.Network {
	addr := n.Addr.Or(present)
	if p.open(present) && (addr == present || simulated || addr.IsLoopback() && present.IsLoopback()) {
		return n
	}
	return inventory.Network{
		Interface: inventory.Unknown[string](notPlaced), Addr: inventory.Unknown[netip.Addr](notPlaced),
		Prefix: inventory.Unknown[netip.Prefix](notPlaced), Gateway: inventory.Unknown[netip.Addr](notPlaced),
		Resolvers: inventory.Unknown[[]netip.Addr](notPlaced), Medium: inventory.Unknown[string](notPlaced),
	}
}

// placed takes up an acknowledgement. The address outlives a restart.
func (a *App) placed(ctx context.Context, from netip.Addr, repeat bool) {
	if repeat {
		return // the controller judged by the first sending
	}
	_, clock := a.boot()
	a.mu.Lock()
	before := a.placement
	a.placement = before.acknowledged(from, a.settings.Site, clock)
	at := a.placement.at
	a.mu.Unlock()
	if at == before.at {
		return
	}
	if err := a.vault.PutPlaced(at); err != nil {
		a.log.WarnContext(ctx, "the place would not outlive a restart", "error", err)
	}
}

// present is the address that routes to the controller.
func (a *App) present() netip.Addr {
	resident, _ := a.parts()
	if resident == nil {
		return netip.Addr{}
	}
	addr := resident.Addr().Addr()
	if addr.IsUnspecified() {
		return netip.Addr{}
	}
	return addr
}

// outward is what may travel of a network now.
func (a *App) outward(n inventory.Network) inventory.Network {
	present := a.present()
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.placement.outward(n, present, a.opts.Simulated)
}

// addrOut is the one address that may travel in journal records; invalid: none.
func (a *App) addrOut() netip.Addr {
	present := a.present()
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.placement.open(present) {
		return netip.Addr{}
	}
	return present
}

// trialOver reports once whether a report should go to end a trial.
func (a *App) trialOver(clock time.Duration) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	due := a.placement.due(a.settings.Site, clock)
	a.placement.asked = a.placement.asked || due
	return due
}
