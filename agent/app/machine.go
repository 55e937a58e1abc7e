package app

import (
	"context"
	"net/netip"
	"time"

	"muster/inventory"
	"muster/inventory/wire"
)

// Machine is what an agent can read of the machine it runs on. agent/collect
// reads a real one and agent/probe probes from it, agent/collect/simulated makes
// one up for the demo. Calls come from one goroutine of the App at a time for
// Lists, from another for Senses and from two more for Prober; a Machine must
// bear all at once.
type Machine interface {
	Lists
	Senses
	Prober
}

// Prober makes one probe, within the spec's timeout and ctx whatever the other
// side does. A failure is a result. The target is never one of the words of
// inventory.SelfNamed: the App resolves them.
type Prober interface {
	Probe(ctx context.Context, spec wire.ProbeSpec) inventory.ProbeResult
}

// Lists is what changes seldom and may cost some tenths of a CPU second.
type Lists interface {
	Hardware(ctx context.Context) inventory.Hardware
	Firmware(ctx context.Context) inventory.Firmware
	OS(ctx context.Context) inventory.OS
	Software(ctx context.Context) ([]inventory.Program, error)
	Identity(ctx context.Context) inventory.Identity
}

// Senses is what is read often and must be cheap.
type Senses interface {
	// Name is the computer's own name.
	Name() string
	// Boot names this boot and says how long ago it was, suspend included.
	Boot() (id string, clock time.Duration)
	Health(ctx context.Context) inventory.Health
	// Network is the interface that routes toward an address; an invalid one
	// means the default route.
	Network(ctx context.Context, toward netip.Addr) inventory.Network
	// Surroundings is what a journal record says of cable, gateway and mains.
	Surroundings(ctx context.Context) (gateway, carrier wire.Reachable, power wire.PowerSource)
	// Stops is how the last boots ended by the system's own records, newest first.
	Stops(ctx context.Context) ([]inventory.Stop, error)
}
