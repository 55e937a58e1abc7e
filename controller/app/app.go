// Package app wires a controller: store, CA, mesh, intake, pools, API and pages,
// in one straight line, and takes it down in reverse. It decides nothing itself.
package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"muster/controller/identity"
	"muster/controller/incident/runner"
	"muster/controller/intake"
	"muster/controller/notify"
	"muster/controller/pools"
	"muster/controller/programme"
	"muster/controller/rota"
	"muster/controller/series"
	"muster/controller/services"
	"muster/controller/sla/ledger"
	"muster/controller/store"
	"muster/inventory"
	"muster/mesh"
)

// Errors of a life that went out of order.
var (
	ErrStarted = errors.New("the controller was started already")
	ErrStopped = errors.New("the controller was stopped")
)

// App is one controller. Start and Stop may be called from any goroutine.
type App struct {
	opts     Options
	registry *prometheus.Registry

	life    sync.Mutex // serialises Start and Stop; guards started, stopped and undo
	started bool
	stopped bool
	undo    []func(context.Context) error

	store     *store.Store
	authority *identity.Authority
	port      *mesh.Port
	mesh      *mesh.Controller
	pools     *pools.Pools
	intake    *intake.Intake
	ledger    *ledger.Ledger
	notify    *notify.Desk         // nil: nobody is told
	series    *series.DB           // nil: none are kept
	samples   chan []series.Sample // on their way into series
	plans     *services.Plans
	probing   *rota.Desk
	incidents *runner.Runner
	programme *programme.Desk
	web       net.Listener
	told      []string // how agents reach the port
	secret    string   // of the administrator's API token

	linksMu sync.Mutex // guards the two below
	links   map[string]inventory.Link
	linksAt time.Time
}

// New checks the options; nothing is opened before Start.
func New(o Options) (*App, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return &App{opts: o, registry: registry}, nil
}

// Start opens everything and returns when agents and people can connect. Where
// a part cannot be opened, what was opened before it is closed again.
func (a *App) Start(ctx context.Context) error {
	a.life.Lock()
	defer a.life.Unlock()
	switch {
	case a.stopped:
		return ErrStopped
	case a.started:
		return ErrStarted
	}
	a.started = true
	for _, step := range []func(context.Context) error{
		a.readFiles, a.takeFolder, a.openStore, a.openAuthority, a.makePlans, a.makeIncidents, a.openSeries, a.openNotify, a.makeProgramme, a.openMesh, a.openProbing, a.openIntake,
		a.openWebSide, a.openPools, a.startIncidents, a.startProgramme, a.beginChores,
	} {
		if err := step(ctx); err != nil {
			a.stopped = true
			return errors.Join(err, a.unwind(ctx))
		}
	}
	a.opts.Log.Info("the controller is up", "mesh", a.MeshAddr(), "version", a.opts.Version)
	return nil
}

// Stop takes the controller down in reverse order; what agents were promised is
// on disk before it returns. Stopping twice is harmless.
func (a *App) Stop(ctx context.Context) error {
	a.life.Lock()
	defer a.life.Unlock()
	if a.stopped {
		return nil
	}
	a.stopped = true
	return a.unwind(ctx)
}

// later registers a teardown the moment there is something to tear down.
func (a *App) later(undo func(context.Context) error) { a.undo = append(a.undo, undo) }

func (a *App) unwind(ctx context.Context) error {
	var errs []error
	for _, undo := range slices.Backward(a.undo) {
		errs = append(errs, undo(ctx))
	}
	a.undo = nil
	return errors.Join(errs...)
}

func (a *App) openStore(ctx context.Context) error {
	s, err := store.Open(ctx, store.Options{
		URL: a.opts.StoreURL(), BackupDir: a.backups(), Erasures: Erasures(a.opts.Data), DropNames: a.opts.DropNames(), Log: a.opts.Log, Now: a.opts.Now,
	})
	if err != nil {
		return err
	}
	a.store = s
	a.later(func(context.Context) error { return s.Close() })
	return a.admitAdministrator(ctx)
}

func (a *App) openMesh(context.Context) error {
	listen := netip.MustParseAddrPort(a.opts.MeshListen) // checked by Config
	port, err := mesh.ListenPort(mesh.PortOptions{Network: a.opts.Network, Addr: listen, Log: a.opts.Log})
	if err != nil {
		return fmt.Errorf("cannot open the mesh port %s: %w", listen, err)
	}
	a.port = port
	a.later(func(context.Context) error { return port.Close() })

	var advertise netip.AddrPort
	a.told, advertise = a.opts.advertised(port.Addr())
	c, err := mesh.NewController(mesh.ControllerOptions{
		Port: port, Name: controllerName, Advertise: advertise, Version: a.opts.Version, Log: a.opts.Log,
		OnEvent:    a.member, // no event before the first pool opens
		Observe:    a.incidents.Observed,
		References: a.opts.references(), Gateway: a.ownGateway(),
	})
	if err != nil {
		return err
	}
	a.mesh = c
	a.later(func(context.Context) error { return c.Close() })

	agentPort := a.opts.AgentPort
	if agentPort == 0 {
		agentPort = port.Addr().Port()
	}
	a.pools, err = pools.New(pools.Options{
		Store: a.store, Mesh: c, Log: a.opts.Log.With("component", "pools"), Now: a.opts.Now,
		Controllers: a.told, AgentPort: agentPort, DwellFor: a.opts.DwellFor, Probing: a.plans.Of,
	})
	return err
}

// controllerName is the controller's name in every pool. It must not change
// between two starts: members take it for the same one.
const controllerName = "controller"

func (a *App) openPools(ctx context.Context) error {
	if err := a.pools.Start(ctx); err != nil {
		return err
	}
	if err := a.registry.Register(newEstateCollector(a)); err != nil {
		return fmt.Errorf("cannot register the metrics of the estate: %w", err)
	}
	a.later(func(context.Context) error { a.pools.Close(); return nil })
	return nil
}

// MeshAddr is where agents reach the controller.
func (a *App) MeshAddr() string { return a.told[0] }

// WebAddr is where pages and API are; empty where there are none.
func (a *App) WebAddr() string {
	if a.web == nil {
		return ""
	}
	return a.web.Addr().String()
}

// Pools is the estate as it lives.
func (a *App) Pools() *pools.Pools { return a.pools }

// MeshPort is the number of the one port.
func (a *App) MeshPort() uint16 { return a.port.Addr().Port() }

// Import applies batches as the operator's imports are applied. Batches that
// change nothing are passed over.
func (a *App) Import(ctx context.Context, batches []inventory.Batch) error {
	for _, b := range batches {
		if _, err := a.store.Apply(ctx, b); err != nil {
			return fmt.Errorf("cannot import %s: %w", b.Source, err)
		}
	}
	a.pools.RegisterChanged(ctx)
	a.registerChanged()
	return nil
}

// ImportPast applies batches as Import does, with what happened since: the events of
// swaps, and the swaps that they add up to. Nobody judges by the one without the
// other.
func (a *App) ImportPast(ctx context.Context, batches []inventory.Batch, events []inventory.Event, swaps []inventory.Swap) error {
	for _, b := range batches {
		if _, err := a.store.Apply(ctx, b); err != nil {
			return fmt.Errorf("cannot import %s: %w", b.Source, err)
		}
	}
	if err := a.programme.Replay(ctx, events, swaps); err != nil {
		return fmt.Errorf("cannot import %d swaps: %w", len(swaps), err)
	}
	a.pools.RegisterChanged(ctx)
	a.registerChanged()
	return nil
}

// IssueToken makes a join token, as `muster token create` does.
func (a *App) IssueToken(ctx context.Context, kind inventory.TokenKind, site string, uses int, lasts time.Duration) (string, error) {
	token, _, join := a.authority.NewToken(kind, site, uses, a.opts.Now().Add(lasts))
	join.Controllers = a.told
	token.CreatedBy = "controller"
	if err := token.Validate(); err != nil {
		return "", fmt.Errorf("cannot make a join token: %w", err)
	}
	if err := a.store.AddToken(ctx, token); err != nil {
		return "", fmt.Errorf("cannot keep the join token: %w", err)
	}
	return join.String(), nil
}
