package app

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"muster/agent/report"
	"muster/inventory"
	"muster/inventory/wire"
	"muster/mesh"
)

// Options says what an agent runs on. StateDir, Network, Machine and Addr are
// required.
type Options struct {
	// StateDir keeps key, certificate, settings, journal and what is not yet
	// acknowledged. It is made if need be, for its owner only.
	StateDir string
	// Token is a join token as printed by `muster token create`. It is needed
	// until the first enrolment and kept for a machine that is imaged later.
	Token string
	// Network is the operating system's (mesh.OS) or a test's.
	Network mesh.Network
	// Machine is the machine this agent speaks for.
	Machine Machine
	// Addr is the mesh port. With an unspecified address the agent listens on
	// all and advertises the one that routes to the controller.
	Addr netip.AddrPort
	Log  *slog.Logger
	// Version is the agent's own version, as its tags and reports give it.
	Version string
	// JournalSize is the size of a new journal file in bytes; zero means 8 MiB,
	// which is 90 hours. An existing file keeps its size.
	JournalSize int64
	// JoinSpread is how long joins of agents that start together are spread over.
	JoinSpread time.Duration
	// Kind is what the asset is; empty means judged by the chassis.
	Kind inventory.AssetKind
	// Relaxed syncs nothing that the agent writes: for the demo, whose agents live
	// on one disk by the thousand and end with it.
	Relaxed bool
	// Simulated marks a machine of the demo.
	Simulated bool
	// StatusFile keeps a copy of Status in the state folder for `muster-agent status`.
	StatusFile bool
	// Shared is what several agents of one process share; nil means its own.
	Shared *Shared
	// Now is the machine's clock on the wall, which may be wrong; nil is time.Now.
	// What is measured is measured by the boot clock and the process's own.
	Now func() time.Time
	// CurrentAddr tells the address that routes to the controllers, where Addr is
	// unspecified; nil asks the operating system.
	CurrentAddr func(controllers []netip.AddrPort) (netip.Addr, error)
	// JournalFile opens the journal of a path; nil is the operating system's file.
	// A rehearsal's forgets what was not synced.
	JournalFile func(path string) (report.File, error)
}

// DefaultJournalSize holds 90 hours of records: incidents are open to revision for 72.
const DefaultJournalSize = 8 << 20

// check fills in defaults and says what is missing.
func (o *Options) check() error {
	switch {
	case o.StateDir == "":
		return errors.New("cannot set up agent: no state folder given")
	case o.Network == nil:
		return errors.New("cannot set up agent: no network given")
	case o.Machine == nil:
		return errors.New("cannot set up agent: no machine given")
	case !o.Addr.IsValid():
		return errors.New("cannot set up agent: no address to listen on given")
	case o.JournalSize < 0 || o.JoinSpread < 0:
		return errors.New("cannot set up agent: negative journal size or join spread")
	}
	if o.Token != "" {
		if _, err := wire.ParseJoinToken(o.Token); err != nil {
			return fmt.Errorf("cannot set up agent: %w", err)
		}
	}
	if o.JournalSize == 0 {
		o.JournalSize = DefaultJournalSize
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Version == "" {
		o.Version = "dev"
	}
	if o.Shared == nil {
		o.Shared = NewShared()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.CurrentAddr == nil {
		o.CurrentAddr = mesh.LocalAddrFor
	}
	return nil
}
