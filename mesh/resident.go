package mesh

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"muster/inventory"
)

// ErrResidentClosed is returned by what is asked of a Resident after Close.
var ErrResidentClosed = errors.New("the resident is closed")

// ErrNoPool is returned where a pool is needed and there is none.
var ErrNoPool = errors.New("in no pool")

// closeGrace is about one gossip interval.
const closeGrace = 1200 * time.Millisecond

// maxJoinSpread keeps a mistyped setting from keeping agents out for a day.
const maxJoinSpread = 30 * time.Minute

// ResidentOptions says who lives in the pools.
type ResidentOptions struct {
	Port        *Port          // stays its owner's; the Resident serves its TLS connections to neighbours
	Addr        netip.AddrPort // advertised; zero: the port's own, or what CurrentAddr says
	Workstation string
	Version     string // of the agent, for the tags
	Run         string // of the journal, for the tags
	Log         *slog.Logger
	// Dir keeps the remembered pool, and is made if need be; empty remembers
	// nothing. Neighbours remembered there are added to those that Use is given.
	Dir string
	// JoinSpread is the time over which agents that start together spread their
	// first join; each waits a random share of it.
	JoinSpread time.Duration
	// Controllers are known from the start; Use and SetControllers replace them.
	Controllers []netip.AddrPort
	// CurrentAddr tells the address to advertise, usually LocalAddrFor; it is
	// asked every few seconds. Nil means that the address stays as it is.
	CurrentAddr func(controllers []netip.AddrPort) (netip.Addr, error)
	// OnAddr hears of a new address that has settled. If the port listens on all
	// addresses, the Resident has moved already; otherwise Move is called for,
	// though not from within OnAddr.
	OnAddr func(netip.Addr)
	// OnUnheard hears that the controller misses this machine while its site's
	// others answer: the direct way is dropped, in one direction or both. The way is
	// blamed already, so that DialController starts with a neighbour; a report sent
	// now tells the controller the most. It is called at most once in a minute and
	// must return soon.
	OnUnheard func()
	// OnQuery answers a question that was put to the pool; nil is no answer. It
	// must return soon.
	OnQuery func(name string, body []byte) []byte
	// NoRelay refuses to carry neighbours' connections.
	NoRelay bool
}

// Resident is an agent's life in pools: it joins its site's pool at a decent
// pace, comes back by itself when the controller is lost, takes a fresh name
// whenever it moves, remembers its neighbours, and dials the controller through
// one of them when it must. All methods are safe for concurrent use.
type Resident struct {
	opts   ResidentOptions
	log    *slog.Logger
	nudged chan struct{} // holds one; see nudge

	ctx        context.Context // ends with Close; bounds what runs beside the loop
	cancel     context.CancelFunc
	loop       sync.WaitGroup
	background sync.WaitGroup // goodbyes and local discovery

	// turns holds one token while Use, Move, SayLeave or Close are at work, which
	// may take seconds. It comes before mu.
	turns chan struct{}

	mu          sync.Mutex // guards what follows
	closed      bool
	port        *Port
	relay       *Relay
	addr        netip.AddrPort
	controllers []netip.AddrPort
	tenure      *tenure     // nil: in no pool
	wanted      *Membership // what Use last asked for
	joinedOnce  bool
	formerly    string // the name before a move
	routes      routes
	uplink      string
	health      string
	heardAt     time.Time // controller's last packet
	ackAt       time.Time // last authenticated acknowledgement of anyone
}

// NewResident starts a resident that is in no pool; Use puts it into one.
func NewResident(o ResidentOptions) (*Resident, error) {
	switch {
	case o.Port == nil || o.Log == nil:
		return nil, errors.New("cannot live in pools: port and log are needed")
	case !inventory.ValidWorkstationID(o.Workstation):
		return nil, fmt.Errorf("cannot live in pools: %.40q is not a workstation id", o.Workstation)
	case o.JoinSpread < 0 || o.JoinSpread > maxJoinSpread:
		return nil, fmt.Errorf("cannot live in pools: join spread %s, 0 to %s are allowed", o.JoinSpread, maxJoinSpread)
	}
	if _, err := (Tags{Version: o.Version, Run: o.Run}).Encode(); err != nil {
		return nil, fmt.Errorf("cannot live in pools: %w", err)
	}
	addr := firstAddr(o)
	if addr.Addr().IsUnspecified() && o.CurrentAddr == nil {
		return nil, fmt.Errorf("cannot live in pools: %s says nothing about where neighbours reach this machine", addr)
	}
	if o.Dir != "" {
		if err := os.MkdirAll(o.Dir, 0o700); err != nil {
			return nil, fmt.Errorf("cannot live in pools: %w", err)
		}
	}
	r := &Resident{
		opts: o, log: o.Log.With("component", "mesh"), nudged: make(chan struct{}, 1), turns: make(chan struct{}, 1),
		port: o.Port, addr: addr, controllers: slices.Clone(o.Controllers),
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	if err := r.openRelay(o.Port); err != nil {
		r.cancel()
		return nil, err
	}
	r.loop.Go(func() { r.run(r.ctx) })
	return r, nil
}

func firstAddr(o ResidentOptions) netip.AddrPort {
	addr := o.Addr
	if !addr.Addr().IsValid() {
		addr = o.Port.Addr()
	}
	if addr.Port() == 0 {
		addr = netip.AddrPortFrom(addr.Addr(), o.Port.Addr().Port())
	}
	if addr.Addr().IsUnspecified() && o.CurrentAddr != nil {
		if local, err := o.CurrentAddr(o.Controllers); err == nil {
			addr = netip.AddrPortFrom(local, addr.Port())
		}
	}
	return addr
}

// Close ends the membership without a goodbye (SayLeave says one), refuses
// neighbours, and waits for everything. The port and connections that
// DialController gave out stay with their owners.
func (r *Resident) Close(ctx context.Context) error {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return nil
	}
	r.closed = true
	r.mu.Unlock()

	r.cancel()
	done := make(chan error, 1)
	go func() { done <- r.shut() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("cannot wait for the resident to close: %w", ctx.Err())
	}
}

// shut gives the loop a moment to finish what it is at, so that tags just being
// gossiped go out, and then ends the pool under it.
func (r *Resident) shut() error {
	looped := make(chan struct{})
	go func() { r.loop.Wait(); close(looped) }()
	timer := time.NewTimer(closeGrace)
	defer timer.Stop()
	select {
	case <-looped:
	case <-timer.C:
	}
	errs := r.shutPool()
	<-looped
	r.background.Wait()
	return errs
}

func (r *Resident) shutPool() error {
	r.turns <- struct{}{}
	defer r.endTurn()
	t, relay := r.detach()
	var errs error
	if relay != nil {
		errs = errors.Join(errs, relay.Close())
	}
	if t != nil {
		r.save(t)
		errs = errors.Join(errs, t.end())
	}
	return errs
}

// beginTurn waits until nobody else changes the membership. It fails when ctx
// ends first, and once the resident is closed.
func (r *Resident) beginTurn(ctx context.Context) error {
	select {
	case r.turns <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	r.mu.Lock()
	closed := r.closed
	r.mu.Unlock()
	if closed {
		r.endTurn()
		return ErrResidentClosed
	}
	return nil
}

func (r *Resident) endTurn() { <-r.turns }

// detach takes the tenure and the relay away.
func (r *Resident) detach() (*tenure, *Relay) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t, relay := r.tenure, r.relay
	r.tenure, r.relay = nil, nil
	return t, relay
}

// SetUplink overrides what the uplink tag says of the way to the controller;
// DialController keeps it by itself.
func (r *Resident) SetUplink(uplink string) {
	r.mu.Lock()
	r.uplink = uplink
	r.mu.Unlock()
	r.nudge()
}

// SetHealth says the health digest in the tags. It is gossiped at most once in
// fifteen minutes, and should name states rather than figures that always change.
func (r *Resident) SetHealth(digest string) {
	r.mu.Lock()
	r.health = digest
	r.mu.Unlock()
	r.nudge()
}

// SetControllers replaces the controllers' addresses, as when a name has come to
// mean another one. An empty list changes nothing.
func (r *Resident) SetControllers(controllers []netip.AddrPort) {
	if len(controllers) == 0 {
		return
	}
	r.mu.Lock()
	r.controllers = slices.Clone(controllers)
	t := r.tenure
	if t != nil {
		t.membership.Controllers = r.controllers
	}
	r.mu.Unlock()
	if t != nil {
		t.pool.SetControllers(controllers)
	}
}

// Controllers lists the controllers' addresses.
func (r *Resident) Controllers() []netip.AddrPort {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.controllers)
}

func (r *Resident) current() *tenure {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tenure
}

func (r *Resident) currentPort() *Port {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.port
}

// nudge makes the loop look again soon.
func (r *Resident) nudge() {
	select {
	case r.nudged <- struct{}{}:
	default: // it will look anyway
	}
}
