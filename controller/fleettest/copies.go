package fleettest

import (
	"context"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"

	"muster/agent/collect/simulated"
	"muster/controller/store"
	"muster/inventory"
)

// Machine is the number of the hardware behind an asset tag: two machines with
// one number have one maker's label, as a copied virtual machine has.
func (f *Fleet) Machine(tag string) int64 { return f.agents[tag].number }

// AddMachine puts one more machine at a site's desk, which is not in the
// register. Its agent is off.
func (f *Fleet) AddMachine(tag, site string, desk int, number int64) {
	f.t.Helper()
	f.AddTwin(tag, site, desk, number)
	f.agents[tag].model.Restart() // it boots by itself
}

// AddTwin is AddMachine, but the boot has the name of the other machine's: as if
// both agents ran on one.
func (f *Fleet) AddTwin(tag, site string, desk int, number int64) {
	f.t.Helper()
	for s := range f.estate.Sites {
		if siteCode(s) == site {
			f.agents[tag] = f.machine(tag, s, desk, number)
			return
		}
	}
	f.t.Fatalf("there is no site %s", site)
}

func (f *Fleet) machine(tag string, s, desk int, number int64) *machine {
	m := &machine{tag: tag, site: siteCode(s), number: number, model: simulated.New(number)}
	m.addr = netip.AddrPortFrom(siteAddr(s, 10+desk), meshPort)
	m.model.Place(simulated.Standing{
		Addr: netip.PrefixFrom(m.addr.Addr(), 24), Gateway: siteAddr(s, 1), Resolvers: []netip.Addr{siteAddr(s, 1)},
	})
	m.model.Live(f.estate.World)
	return m
}

// CopyState copies the state folder of one workstation's agent to another's, as
// an image of its disk does, while either runs or not.
func (f *Fleet) CopyState(from, to string) {
	f.t.Helper()
	source, target := filepath.Join(f.dir, from), filepath.Join(f.dir, to)
	err := filepath.WalkDir(source, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(source, path)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return os.MkdirAll(filepath.Join(target, name), 0o700)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(target, name), b, 0o600)
	})
	if err != nil {
		f.t.Fatalf("cannot copy the state of %s: %v", from, err)
	}
}

// Addr is a free address at a desk of a site, for a machine that is no agent.
func (f *Fleet) Addr(site, desk int) netip.AddrPort {
	return netip.AddrPortFrom(siteAddr(site, 10+desk), meshPort)
}

// ControllerAddr is where the controller listens.
func ControllerAddr() netip.AddrPort { return netip.AddrPortFrom(controllerAddr, meshPort) }

// Workstations is everyone who ever enrolled, as the controller's store has them.
func (f *Fleet) Workstations() (all []inventory.Workstation) {
	f.t.Helper()
	f.look(func(ctx context.Context, s *store.Store) (err error) {
		all, err = s.AllWorkstations(ctx)
		return err
	})
	return all
}

// Events is what the controller has recorded of a kind.
func (f *Fleet) Events(kind string) (events []inventory.Event) {
	f.t.Helper()
	f.look(func(ctx context.Context, s *store.Store) (err error) {
		events, _, err = s.Events(ctx, inventory.EventFilter{Kind: kind})
		return err
	})
	return events
}

// look reads the controller's database beside it.
func (f *Fleet) look(read func(context.Context, *store.Store) error) {
	f.t.Helper()
	ctx := context.Background()
	s, err := store.OpenExisting(ctx, store.Options{URL: "sqlite:" + filepath.Join(f.data(), "muster.db")})
	if err != nil {
		f.t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			f.t.Error(err)
		}
	}()
	if err := read(ctx, s); err != nil {
		f.t.Fatal(fmt.Errorf("cannot look into the controller's store: %w", err))
	}
}

// Addrs is where a site's workstations listen.
func (f *Fleet) Addrs(site string) []netip.AddrPort {
	var addrs []netip.AddrPort
	for _, m := range f.agents {
		if m.site == site {
			addrs = append(addrs, m.addr)
		}
	}
	return addrs
}
