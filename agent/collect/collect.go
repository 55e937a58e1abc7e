package collect

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/shirou/gopsutil/v3/common"

	"muster/inventory"
	"muster/inventory/wire"
)

// Options says what a Collector reads. The zero Options reads this machine.
type Options struct {
	Root string           // "/" by default; a test passes a tree that looks like one
	Log  *slog.Logger     // silent by default
	Now  func() time.Time // time.Now by default
}

// Collector reads one machine. It is safe for concurrent use and keeps only
// what saves work: the interface towards the controller, and lists that are
// costly to read while nothing on disk changed.
type Collector struct {
	root string
	live bool // root is this machine, so system calls say the truth about it
	log  *slog.Logger
	now  func() time.Time

	patience patience
	system   system // what only this operating system needs

	mu     sync.Mutex // guards toward
	toward netip.Addr
}

// New makes a Collector; it fails when the root is no folder.
func New(o Options) (*Collector, error) {
	if o.Root == "" {
		o.Root = "/"
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if at, err := os.Stat(o.Root); err != nil || !at.IsDir() {
		return nil, fmt.Errorf("cannot read a machine at %q: it is no folder", o.Root)
	}
	return &Collector{
		root: o.Root, live: filepath.Clean(o.Root) == string(filepath.Separator),
		log: o.Log.With("component", "collect"), now: o.Now,
	}, nil
}

// Name is the computer's own name, without a domain.
func (c *Collector) Name() string {
	name, err := c.computerName()
	if err != nil || clean(name) == "" {
		return "unnamed"
	}
	return shortName(clean(name))
}

// Hardware reads what the machine is made of; it may take some tenths of a second.
func (c *Collector) Hardware(ctx context.Context) inventory.Hardware { return c.hardware(ctx) }

// Firmware reads what the machine boots through.
func (c *Collector) Firmware(ctx context.Context) inventory.Firmware { return c.firmware(ctx) }

// OS reads the operating system and its patch level.
func (c *Collector) OS(ctx context.Context) inventory.OS { return c.operatingSystem(ctx) }

// Software lists the installed programs, sorted, without duplicates. The error
// says why there is no list at all; a part that could not be read is logged.
func (c *Collector) Software(ctx context.Context) ([]inventory.Program, error) {
	programs, err := c.software(ctx)
	if err != nil {
		return nil, err
	}
	return tidyPrograms(programs), nil
}

// Health reads how the client feels now.
func (c *Collector) Health(ctx context.Context) inventory.Health { return c.health(ctx) }

// Network describes the interface that routes to toward, usually a controller;
// an address that is not valid asks for the default route. No packet is sent.
func (c *Collector) Network(ctx context.Context, toward netip.Addr) inventory.Network {
	c.mu.Lock()
	c.toward = toward
	c.mu.Unlock()
	return c.network(ctx, toward)
}

// Surroundings reads what a journal record says of the machine's surroundings:
// whether the gateway answers on the local segment, whether there is a carrier,
// and where the power comes from. It is cheap enough for every ten seconds. The
// interface is the one that routes to the address last given to Network.
func (c *Collector) Surroundings(ctx context.Context) (gateway, carrier wire.Reachable, power wire.PowerSource) {
	c.mu.Lock()
	toward := c.toward
	c.mu.Unlock()
	return c.surroundings(ctx, toward)
}

// Identity is what tells this machine from another: only permanent addresses of
// built-in cards are in it.
func (c *Collector) Identity(ctx context.Context) inventory.Identity {
	hw := c.hardware(ctx)
	return IdentityOf(hw)
}

// Kind is what sort of computer this is: one with a battery is a laptop.
func (c *Collector) Kind(ctx context.Context) inventory.AssetKind { return KindOf(c.hardware(ctx)) }

// KindOf is the sort of computer that this hardware makes.
func KindOf(hw inventory.Hardware) inventory.AssetKind {
	switch hw.Chassis.Or("") {
	case "laptop", "convertible", "detachable", "tablet":
		return inventory.AssetLaptop
	case "other", "":
		if hw.Battery.Or(inventory.Battery{}).Present {
			return inventory.AssetLaptop
		}
	}
	return inventory.AssetDesktop
}

// IdentityOf is the identity of a machine with this hardware.
func IdentityOf(hw inventory.Hardware) inventory.Identity {
	id := inventory.Identity{
		UUID:   inventory.CanonicalUUID(hw.UUID.Or("")),
		Serial: hw.Serial.Or(""),
	}
	for _, nic := range hw.NICs.Or(nil) {
		if mac := inventory.CanonicalMAC(nic.MAC); nic.BuiltIn && mac != "" && !inventory.JunkMAC(mac) {
			id.MACs = append(id.MACs, mac)
		}
	}
	return id
}

// Boot is the id of this boot and the clock since it began, sleep included. Both
// survive a restart of the agent and a change of the wall clock.
func (c *Collector) Boot() (id string, clock time.Duration) { return c.boot() }

// path is name below the root.
func (c *Collector) path(name string) string { return filepath.Join(c.root, name) }

// gopsutil returns a context that points gopsutil at the same tree.
func (c *Collector) gopsutil(ctx context.Context) context.Context {
	return context.WithValue(ctx, common.EnvKey, common.EnvMap{
		common.HostProcEnvKey: c.path("proc"),
		common.HostSysEnvKey:  c.path("sys"),
		common.HostEtcEnvKey:  c.path("etc"),
		common.HostVarEnvKey:  c.path("var"),
		common.HostRunEnvKey:  c.path("run"),
		common.HostDevEnvKey:  c.path("dev"),
		common.HostRootEnvKey: c.root,
	})
}

func ownProcess() int32 { return int32(os.Getpid()) }

// Machine is what Everything reads: a Collector, or a simulated machine.
type Machine interface {
	Name() string
	Hardware(ctx context.Context) inventory.Hardware
	Firmware(ctx context.Context) inventory.Firmware
	OS(ctx context.Context) inventory.OS
	Software(ctx context.Context) ([]inventory.Program, error)
	Health(ctx context.Context) inventory.Health
	Network(ctx context.Context, toward netip.Addr) inventory.Network
}

// Everything reads all of a machine.
func Everything(ctx context.Context, m Machine, toward netip.Addr) Inventory {
	programs, err := m.Software(ctx)
	if err == nil && programs == nil {
		programs = []inventory.Program{}
	}
	hw := m.Hardware(ctx)
	return Inventory{
		Name: m.Name(), Identity: IdentityOf(hw), Hardware: hw, Firmware: m.Firmware(ctx), OS: m.OS(ctx), Health: m.Health(ctx),
		Network: m.Network(ctx, toward), Software: inventory.KnownIf(programs, err),
	}
}
