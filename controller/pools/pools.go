// Package pools runs the estate as it lives: it opens a Serf pool for each site,
// feeds the roster with what the mesh and the reports say, decides at which site
// a workstation is, hands each agent its settings and its site's keys, and walks
// key rotations. The deciding is pure and stands in roster and keyring; this
// room owns the clock, the lock and the loop.
//
// All methods are safe for concurrent use. What the API asks (presence, counts,
// reach, members) is answered from memory.
package pools

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"

	"muster/controller/keyring"
	"muster/controller/roster"
	"muster/inventory"
	"muster/inventory/wire"
	"muster/mesh"
)

// Store is what the pools keep; *store.Store is one.
type Store interface {
	Estate(ctx context.Context) (inventory.Register, error)
	AllWorkstations(ctx context.Context) ([]inventory.Workstation, error)
	Workstation(ctx context.Context, id string) (inventory.Workstation, error)
	MoveWorkstation(ctx context.Context, id, site string, at time.Time) error
	PoolKeys(ctx context.Context, site string) ([]inventory.PoolKey, error)
	PutPoolKey(ctx context.Context, site string, key inventory.PoolKey) error
	KeyAcks(ctx context.Context, site string) ([]inventory.KeyAck, error)
	AckPoolKey(ctx context.Context, workstation string, version int) error
	Meta(ctx context.Context, name string) (string, error)
	SetMeta(ctx context.Context, name, value string) error
	RevokeWorkstation(ctx context.Context, id, why, author string, at time.Time) error
	ResolveReview(ctx context.Context, id string, merge bool, author string, at time.Time) error
	AppendEvent(ctx context.Context, event inventory.Event) (int64, error)
}

// Mesh is the controller's side of the mesh; *mesh.Controller is one.
type Mesh interface {
	Open(ctx context.Context, spec mesh.PoolSpec) error
	CloseSite(ctx context.Context, site string) error
	SetKeys(site string, keys [][]byte, version int) error
	Members(site string) []mesh.Member
	PoolMembers(site string) []inventory.PoolMember
	Reach(site string) inventory.Reach
}

// Options is what the pools are made of.
type Options struct {
	Store       Store
	Mesh        Mesh
	Log         *slog.Logger
	Now         func() time.Time
	Controllers []string // host:port, as agents are told
	AgentPort   uint16   // the mesh port of the agents
	DwellFor    time.Duration
	Rules       roster.Rules
	KeyRules    keyring.Rules
	// Probing is what is probed from a site, asked from an address inside it, and
	// that plan's name; nil is nothing. It is asked at every report: it must answer
	// from memory and not call back, and nobody writes to what it returns.
	Probing func(site inventory.Site, inside netip.Addr) (*wire.Probing, string)
}

// Pools is the living estate.
type Pools struct {
	opts Options
	log  *slog.Logger

	cancel context.CancelFunc
	done   chan struct{}

	turning sync.Mutex // one change of keys at a time; before mu

	mu     sync.Mutex // guards all below; never held while calling Store or Mesh
	roster *roster.Roster
	homing *roster.Homing
	sites  map[string]*site
	at     map[string]string // workstation → the site it was last heard at
	held   map[string]int    // workstation → newest pool key it holds
	writes map[string]int    // workstation → pool key it writes, as heard since the start
	names  map[string]string // workstation → its newest member name
	moves  map[string]string // moves not yet in the store
	acks   map[string]int    // acknowledgements by key id not yet in the store

	versions map[shape]string // names of settings, by what they differ in
}

// site is one site's pool as it stands.
type site struct {
	noun    inventory.Site
	gateway netip.Addr
	router  netip.Addr
	inside  netip.Addr // an address of its first subnet
	turns   turns
	lately  []netip.AddrPort // members before this start, to join after a restart
	keys    []inventory.PoolKey
	ring    keyring.Ring
	open    bool
	stale   bool   // the mesh was not given the ring yet
	revoked string // see revoked.go
}

// New checks the options. Start begins the work.
func New(o Options) (*Pools, error) {
	if o.Store == nil || o.Mesh == nil || o.Log == nil || o.Now == nil || len(o.Controllers) == 0 {
		return nil, errors.New("cannot make pools: a store, a mesh, a log, a clock and the controllers' addresses are needed")
	}
	if o.Rules == (roster.Rules{}) {
		o.Rules = roster.DefaultRules()
	}
	if o.KeyRules == (keyring.Rules{}) {
		o.KeyRules = keyring.DefaultRules()
	}
	return &Pools{
		opts:   o,
		log:    o.Log,
		done:   make(chan struct{}),
		roster: roster.New(o.Rules, o.Now()),
		homing: roster.NewHoming(o.DwellFor, nil),
		sites:  map[string]*site{},

		versions: map[shape]string{},
		at:       map[string]string{},
		held:     map[string]int{},
		writes:   map[string]int{},
		names:    map[string]string{},
		moves:    map[string]string{},
		acks:     map[string]int{},
	}, nil
}

// Start reads the register, makes missing keys and begins to open the pools. It
// returns once the register is read; pools open in the background.
func (p *Pools) Start(ctx context.Context) error {
	if err := p.load(ctx); err != nil {
		return err
	}
	loop, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p.cancel = cancel
	go p.run(loop)
	return nil
}

// Close ends the loop and writes what it still had to write. The pools
// themselves are closed with the mesh.
func (p *Pools) Close() {
	if p.cancel == nil {
		return
	}
	p.cancel()
	<-p.done
}

// tickEvery is how often moves are written and keys are looked at; all of it is
// cheap where nothing changed.
const tickEvery = time.Second

func (p *Pools) run(ctx context.Context) {
	defer close(p.done)
	p.openAll(ctx)
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			p.writeMoves(context.WithoutCancel(ctx))
			p.writeAcks(context.WithoutCancel(ctx))
			return
		case <-tick.C:
			p.writeMoves(ctx)
			p.writeAcks(ctx)
			p.turnKeys(ctx)
		}
	}
}

// load reads register and workstations and sets the roster by them.
func (p *Pools) load(ctx context.Context) error {
	register, err := p.opts.Store.Estate(ctx)
	if err != nil {
		return fmt.Errorf("cannot read the register: %w", err)
	}
	workstations, err := p.opts.Store.AllWorkstations(ctx)
	if err != nil {
		return fmt.Errorf("cannot read the workstations: %w", err)
	}
	keys, acks, revoked, err := p.loadKeys(ctx, register.Sites)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.roster.Expect(register.Sites, register.Assets, workstations)
	p.homing.SetSubnets(register.Subnets)
	for _, w := range workstations {
		if _, known := p.at[w.ID]; !known && !w.LastReportAt.IsZero() {
			p.at[w.ID] = w.Site
		}
	}
	for id, version := range acks {
		if _, heard := p.held[id]; !heard { // what it said since is newer
			p.held[id] = version
		}
	}
	p.setSites(register, keys, revoked)
	p.setLately(workstations)
	return nil
}

// setLately notes a few addresses a site, newest report first, so that a
// controller that was away finds its pools again before they look for it.
func (p *Pools) setLately(workstations []inventory.Workstation) {
	recent := slices.Clone(workstations)
	slices.SortFunc(recent, func(a, b inventory.Workstation) int { return b.LastReportAt.Compare(a.LastReportAt) })
	for _, w := range recent {
		s := p.sites[w.Site]
		if s == nil || !w.Active() || !w.Addr.IsValid() || len(s.lately) >= neighbours {
			continue
		}
		s.lately = append(s.lately, netip.AddrPortFrom(w.Addr, p.opts.AgentPort))
	}
}

// setSites replaces the sites, keeping which pools are open.
func (p *Pools) setSites(register inventory.Register, keys map[string][]inventory.PoolKey, revoked map[string]string) {
	before := p.sites
	p.sites = make(map[string]*site, len(register.Sites))
	for _, noun := range register.Sites {
		s := &site{noun: noun, keys: keys[noun.Code], revoked: revoked[noun.Code]}
		if old := before[noun.Code]; old != nil {
			s.open, s.ring, s.stale = old.open, old.ring, old.stale
		}
		p.sites[noun.Code] = s
		p.order(s)
	}
	for _, subnet := range register.Subnets {
		if s := p.sites[subnet.Site]; s != nil && subnet.Gateway.IsValid() && !s.gateway.IsValid() {
			s.gateway = subnet.Gateway
		}
		if s := p.sites[subnet.Site]; s != nil && subnet.Purpose != inventory.PurposeVPN && !s.inside.IsValid() {
			s.inside = insideOf(subnet.Prefix)
		}
	}
	for _, link := range register.Links {
		if s := p.sites[link.Site]; s != nil && link.Router.IsValid() && !s.router.IsValid() {
			s.router = link.Router
		}
	}
}
