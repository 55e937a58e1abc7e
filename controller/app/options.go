package app

import (
	"errors"
	"log/slog"
	"net/netip"
	"time"

	"muster/controller/intake"
	"muster/inventory"
	"muster/mesh"
)

// Options is what a controller is made of beside its configuration.
type Options struct {
	Config
	Version string
	Log     *slog.Logger
	// Network is the operating system's where it is nil; the fleet tests give a
	// fabric.
	Network mesh.Network
	Now     func() time.Time
	// APIToken, where it is set, is accepted as an administrator's. Without one
	// the first start makes a token and leaves it in the data folder.
	APIToken string
	// OpenOnLoopback lets anyone on this machine read the pages: for the demo.
	OpenOnLoopback bool
	// WithoutWeb opens no pages and no API: a test bubble bears no real socket.
	WithoutWeb bool
	// KeepSeries keeps samples though nobody can ask for them over the web: link
	// reports are made of them.
	KeepSeries bool
	// Limits bound what agents may ask; zero fields take the intake's defaults.
	Limits intake.Limits
	// AgentPort is the mesh port of the agents; zero is the controller's own.
	AgentPort uint16
	// OnIncident, where set, hears of each step of each incident, in order and
	// after it was kept. It must not wait.
	OnIncident func(inventory.IncidentChange)
	// Lag is how late this process's own clock ticks are; nil measures it. A test
	// bubble's clock is never late, so a rehearsal says what it should seem.
	Lag func() time.Duration
	// DwellFor is how long a workstation must stay at a new site before it
	// counts there; zero is 30 seconds.
	DwellFor time.Duration
}

func (o *Options) complete() error {
	if o.Log == nil {
		return errors.New("cannot make controller: no log")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Network == nil {
		o.Network = mesh.OS{}
	}
	if o.DwellFor == 0 {
		o.DwellFor = 30 * time.Second
	}
	return o.check()
}

// advertised is how agents reach this controller: as configured, or the address
// that it listens on.
func (o *Options) advertised(listening netip.AddrPort) ([]string, netip.AddrPort) {
	if len(o.MeshAdvertise) == 0 {
		return []string{listening.String()}, listening
	}
	return o.MeshAdvertise, netip.MustParseAddrPort(o.MeshAdvertise[0]) // checked by Config
}
