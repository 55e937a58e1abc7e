package mesh

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// ControllerOptions says how a controller holds its pools. The listeners must
// return soon and must not call the Controller's Close or CloseSite.
type ControllerOptions struct {
	Port      *Port
	Name      string // stable over restarts: agents take it for the same member
	Advertise netip.AddrPort
	Version   string
	Log       *slog.Logger

	SweepEvery time.Duration // per site; zero means 1.5 s
	OpenEvery  time.Duration // between two pools that are opened; zero means 10 ms
	// References are addresses outside the WAN, asked every other sweep: when they
	// fail too, it is the controller's own network. Gateway, where it is valid, is
	// the controller's own, asked at every sweep.
	References []netip.Addr
	Gateway    netip.Addr

	// Observe hears of each measurement, from several goroutines at once.
	Observe func(Observation)
	// OnEvent hears of members, leave reasons and reach, in order.
	OnEvent func(MemberEvent)
}

// PoolSpec is a site for the controller to hold.
type PoolSpec struct {
	Site       string
	Label      string
	Keys       [][]byte // current first
	KeyVersion int
	Neighbours []netip.AddrPort // members lately alive, to join after a restart
	Gateway    netip.Addr       // of the site's LAN; may be invalid
	Router     netip.Addr       // of the site's link; may be invalid
}

// ErrNoSite is wrapped when a site has no open pool here.
var ErrNoSite = errors.New("no pool is open")

// Controller is a member of the pool of each of its sites and sweeps them. All
// methods are safe for concurrent use.
type Controller struct {
	o      ControllerOptions
	log    *slog.Logger
	events eventLine[MemberEvent]

	closing context.Context // done when Close begins
	close   context.CancelFunc
	running sync.WaitGroup
	changed chan struct{} // wakes the sweeper
	opening chan struct{} // one at a time, paced
	joining chan struct{} // eight at a time

	// starting is held while a goroutine is started from outside of running, and
	// while closing is ended: nothing starts after Close began to wait.
	starting sync.Mutex

	// mu guards what follows.
	mu     sync.Mutex
	closed bool
	sites  map[string]*site
}

// NewController starts a controller without sites.
func NewController(o ControllerOptions) (*Controller, error) {
	switch {
	case o.Port == nil:
		return nil, errors.New("cannot start mesh controller: no port")
	case o.Log == nil:
		return nil, errors.New("cannot start mesh controller: no log")
	case !validName(o.Name):
		return nil, fmt.Errorf("cannot start mesh controller: %.80q is not a member name", o.Name)
	case !o.Advertise.IsValid() || o.Advertise.Addr().IsUnspecified():
		return nil, fmt.Errorf("cannot start mesh controller: cannot advertise %s", o.Advertise)
	case o.SweepEvery < 0 || o.OpenEvery < 0:
		return nil, errors.New("cannot start mesh controller: negative duration")
	}
	o.SweepEvery = cmp.Or(o.SweepEvery, 1500*time.Millisecond)
	o.OpenEvery = cmp.Or(o.OpenEvery, 10*time.Millisecond)
	if o.Observe == nil {
		o.Observe = func(Observation) {}
	}
	c := &Controller{
		o: o, log: o.Log.With("component", "mesh"),
		events:  eventLine[MemberEvent]{listener: o.OnEvent, overflow: MemberEvent{Kind: MembersMissed}},
		changed: make(chan struct{}, 1), opening: make(chan struct{}, 1), joining: make(chan struct{}, 8),
		sites: make(map[string]*site),
	}
	c.closing, c.close = context.WithCancel(context.Background())
	c.running.Go(c.sweep)
	if len(o.References) > 0 || o.Gateway.IsValid() {
		c.running.Go(c.askReferences)
	}
	return c, nil
}

// Open opens a site's pool and begins to sweep it. Openings are paced; joining
// the neighbours goes on afterwards.
func (c *Controller) Open(ctx context.Context, spec PoolSpec) error {
	select {
	case c.opening <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("cannot open pool of %s: %w", spec.Site, ctx.Err())
	case <-c.closing.Done():
		return fmt.Errorf("cannot open pool of %s: the mesh controller is closed", spec.Site)
	}
	defer func() { <-c.opening }()
	s, err := c.openSite(spec)
	if err != nil {
		return err
	}
	select {
	case c.changed <- struct{}{}:
	default:
	}
	s.reform(nil)
	return wait(ctx, c.closing, c.o.OpenEvery)
}

func (c *Controller) openSite(spec PoolSpec) (*site, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return nil, fmt.Errorf("cannot open pool of %s: the mesh controller is closed", spec.Site)
	case c.sites[spec.Site] != nil:
		return nil, fmt.Errorf("cannot open pool of %s: it is open already", spec.Site)
	}
	now := time.Now()
	s := &site{
		c: c, spec: spec, ready: make(chan struct{}), exchanging: make(chan struct{}, 1),
		seenAt: make(map[string]time.Time), told: make(map[string]told), returning: make(map[string]bool),
		log: newReachLog(now), pace: c.o.SweepEvery,
		// Sites opened together are not swept together.
		nextAt: now.Add(stagger(len(c.sites), c.o.SweepEvery)),
	}
	s.ctx, s.stop = context.WithCancel(c.closing)
	pool, err := OpenPool(PoolOptions{
		Port: c.o.Port, Name: c.o.Name, Advertise: c.o.Advertise, Role: RoleController,
		Membership: Membership{Site: spec.Site, Label: spec.Label, Keys: spec.Keys, KeyVersion: spec.KeyVersion},
		Tags:       Tags{Version: c.o.Version}, Log: c.o.Log,
		OnEvent: s.onEvent, OnDirect: s.onDirect, OnSource: s.onSource,
	})
	if err != nil {
		s.stop()
		return nil, err
	}
	s.pool = pool
	close(s.ready)
	pool.Listen(true)
	c.sites[spec.Site] = s
	return s, nil
}

// stagger spreads the nth of any number of sites over a period, by the golden
// ratio: each newcomer falls into a widest gap.
func stagger(n int, over time.Duration) time.Duration {
	const golden = 0.6180339887498949
	share := float64(n) * golden
	return time.Duration((share - float64(int(share))) * float64(over))
}

// CloseSite leaves a site's pool and forgets it. It takes up to three seconds.
func (c *Controller) CloseSite(ctx context.Context, code string) error {
	c.mu.Lock()
	s := c.sites[code]
	delete(c.sites, code)
	c.mu.Unlock()
	if s == nil {
		return fmt.Errorf("cannot close pool of %s: %w", code, ErrNoSite)
	}
	s.stop()
	err := s.pool.Leave(ctx)
	return errors.Join(err, s.pool.Close())
}

// SetKeys rotates a site's keys here, the current one first. Agents get theirs in
// report replies.
func (c *Controller) SetKeys(code string, keys [][]byte, version int) error {
	s, err := c.site(code)
	if err != nil {
		return fmt.Errorf("cannot set keys: %w", err)
	}
	if err := s.pool.SetKeys(keys); err != nil {
		return err
	}
	s.mu.Lock()
	s.spec.Keys, s.spec.KeyVersion = cloneKeys(keys), version
	s.mu.Unlock()
	return nil
}

// SetTargets changes the gateway and router that a burst asks.
func (c *Controller) SetTargets(code string, gateway, router netip.Addr) error {
	s, err := c.site(code)
	if err != nil {
		return fmt.Errorf("cannot set targets: %w", err)
	}
	s.mu.Lock()
	s.spec.Gateway, s.spec.Router = gateway, router
	s.mu.Unlock()
	return nil
}

// Close leaves all pools side by side, within about four seconds, and waits for
// everything that was started. The port stays open.
func (c *Controller) Close() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil
	}
	c.closed = true
	sites := slices.Collect(maps.Values(c.sites))
	c.mu.Unlock()
	c.starting.Lock()
	c.close()
	c.starting.Unlock()

	errs := make([]error, len(sites))
	var leaving sync.WaitGroup
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Second)
	defer cancel()
	for i, s := range sites {
		leaving.Go(func() {
			// A goodbye that reached nobody is no error of the closing.
			if err := s.pool.Leave(ctx); err != nil {
				c.log.Debug("left without a goodbye", "site", s.spec.Site, "error", err)
			}
			errs[i] = s.pool.Close()
		})
	}
	leaving.Wait()
	c.running.Wait()
	c.events.close()
	return errors.Join(errs...)
}

// start runs f beside, and reports whether it could: not once Close has begun.
func (c *Controller) start(f func()) bool {
	c.starting.Lock()
	defer c.starting.Unlock()
	if c.closing.Err() != nil {
		return false
	}
	c.running.Go(f)
	return true
}

// wait waits for a duration, ctx or closing.
func wait(ctx, closing context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-closing.Done():
		return context.Canceled
	}
}
