package mesh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/serf/serf"
)

// PoolOptions says how to be in a pool. The listeners are called from the pool's
// own goroutines, must return soon, and must not call Close.
type PoolOptions struct {
	Port       *Port
	Membership Membership
	Name       string         // fresh whenever Advertise changes
	Advertise  netip.AddrPort // where the other members reach this one
	Role       Role
	Tags       Tags // Role is set from Role
	Log        *slog.Logger

	// OnEvent hears of members in order; a listener 1,024 events behind gets
	// PoolMissed in place of what it missed.
	OnEvent func(PoolEvent)
	// OnAck hears of each direct acknowledgement of a probe.
	OnAck func(name string, rtt time.Duration)
	// OnPing hears of each authenticated ping from any member.
	OnPing func()
	// OnController hears of each packet that came from an address among
	// Membership.Controllers and opened with a key of the pool.
	OnController func(from netip.AddrPort)
	// OnSource hears, while Listen is on, of each packet that opened.
	OnSource func(from netip.AddrPort)
	// OnDirect hears of each sealed direct message, from the port's reader.
	OnDirect func(Direct)
	// OnQuery answers a question asked with Query; nil is no answer.
	OnQuery func(name string, body []byte) []byte
}

// Pool is one membership. All methods are safe for concurrent use.
type Pool struct {
	site, label, name string
	role              Role

	serf      *serf.Serf
	lane      *lane
	ring      *keyRing
	line      eventLine[PoolEvent]
	pings     pings
	strangers strangers
	onQuery   func(name string, body []byte) []byte
	running   sync.WaitGroup
	once      sync.Once

	// These are locks that are held while waiting for the network. They are
	// channels because a synctest bubble's clock stands still while a goroutine
	// waits for a mutex.
	tagging chan struct{} // one SetTags at a time: Serf writes its tags without a lock
	joining chan struct{} // one Join at a time, so that Serf's own mutex never waits
	// ending is held while Serf says goodbye or ends, and guards ended: memberlist
	// panics when it is asked to leave after its end.
	ending chan struct{}
	ended  bool

	// starting is held while a goroutine of running starts, and guards closing:
	// nothing starts once Close has begun to wait.
	starting sync.Mutex
	closing  bool
}

// OpenPool opens the pool, alone until Join.
func OpenPool(o PoolOptions) (*Pool, error) {
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("cannot open pool: %w", err)
	}
	ring, err := newKeyRing(o.Membership.Keys)
	if err != nil {
		return nil, fmt.Errorf("cannot open pool of %s: %w", o.Membership.Site, err)
	}
	o.Tags.Role = o.Role
	tags, err := o.Tags.Encode()
	if err != nil {
		return nil, fmt.Errorf("cannot open pool of %s: %w", o.Membership.Site, err)
	}
	l, err := o.Port.attach(o.Membership.Label)
	if err != nil {
		return nil, err
	}
	p := &Pool{
		site: o.Membership.Site, label: o.Membership.Label, name: o.Name, role: o.Role,
		lane: l, ring: ring, onQuery: o.OnQuery,
		tagging: make(chan struct{}, 1), joining: make(chan struct{}, 1), ending: make(chan struct{}, 1),
		line: eventLine[PoolEvent]{listener: o.OnEvent, overflow: PoolEvent{Kind: PoolMissed}},
	}
	l.onDirect = func(d Direct) { p.hearDirect(d, o.OnDirect) }
	l.onController, l.onSource, l.onStranger = o.OnController, o.OnSource, p.meet
	l.controllers.Store(new(slices.Clone(o.Membership.Controllers)))
	l.ring.Store(ring)

	events := make(chan serf.Event, 64)
	conf := settings(o.Role)
	conf.NodeName = o.Name
	conf.Tags = tags
	conf.EventCh = events
	quiet := slog.NewLogLogger(o.Log.With("component", "serf", "site", p.site).Handler(), slog.LevelDebug)
	if !o.Log.Enabled(context.Background(), slog.LevelDebug) {
		quiet.SetOutput(io.Discard) // so that nothing is even formatted
	}
	conf.Logger = quiet
	m := conf.MemberlistConfig
	m.Logger = quiet
	m.LogOutput = nil
	m.Label = p.label
	m.Keyring = ring.ring
	m.Transport = l
	m.AdvertiseAddr = o.Advertise.Addr().String()
	m.AdvertisePort = int(o.Advertise.Port())
	m.BindAddr = m.AdvertiseAddr
	m.BindPort = m.AdvertisePort
	m.Ping = &pingEar{onAck: o.OnAck, onPing: o.OnPing}
	if p.serf, err = serf.Create(conf); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot open pool of %s: %w", p.site, err), l.Shutdown())
	}
	p.watchStrangers()
	p.running.Go(func() { p.drainEvents(events, p.serf.ShutdownCh()) })
	return p, nil
}

func (o PoolOptions) validate() error {
	if err := o.Membership.Validate(); err != nil {
		return err
	}
	switch {
	case o.Port == nil:
		return errors.New("no port")
	case o.Log == nil:
		return errors.New("no log")
	case !validName(o.Name):
		return fmt.Errorf("%.80q is not a member name", o.Name)
	case !o.Advertise.Addr().IsValid() || o.Advertise.Addr().IsUnspecified() || o.Advertise.Port() == 0:
		return fmt.Errorf("cannot advertise %s", o.Advertise)
	case o.Role != RoleAgent && o.Role != RoleController:
		return fmt.Errorf("unknown role %.20q", string(o.Role))
	}
	return nil
}

// Site is the site whose pool this is.
func (p *Pool) Site() string { return p.site }

// Name is this member's own name.
func (p *Pool) Name() string { return p.name }

// Join contacts each address in turn (each may take the TCP timeout of 3 s)
// until ctx is done, and returns how many answered. It fails when none did.
func (p *Pool) Join(ctx context.Context, addrs []netip.AddrPort) (int, error) {
	select {
	case p.joining <- struct{}{}:
		defer func() { <-p.joining }()
	case <-ctx.Done():
		return 0, fmt.Errorf("cannot join pool of %s: %w", p.site, ctx.Err())
	}
	joined := 0
	var errs []error
	for _, addr := range addrs {
		if err := ctx.Err(); err != nil {
			errs = append(errs, err)
			break
		}
		n, err := p.serf.Join([]string{addr.String()}, true)
		joined += n
		if err != nil {
			errs = append(errs, err)
		}
	}
	if joined > 0 {
		return joined, nil
	}
	if len(errs) == 0 {
		errs = append(errs, errors.New("no address to try"))
	}
	return 0, fmt.Errorf("cannot join pool of %s: %w", p.site, errors.Join(errs...))
}

// Leave says goodbye to the pool; it takes up to three seconds, or ends earlier
// with ctx, while Serf goes on. Close comes after it.
func (p *Pool) Leave(ctx context.Context) error {
	done := make(chan error, 1)
	if !p.start(func() { done <- p.sayLeave() }) {
		return fmt.Errorf("cannot leave pool of %s: %w", p.site, net.ErrClosed)
	}
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("cannot leave pool of %s: %w", p.site, err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("cannot leave pool of %s: %w", p.site, ctx.Err())
	}
}

func (p *Pool) sayLeave() error {
	p.ending <- struct{}{}
	defer func() { <-p.ending }()
	if p.ended {
		return net.ErrClosed
	}
	return p.serf.Leave()
}

// Close ends the pool and waits for its goroutines, also for a Leave under way;
// without a Leave it is an end without a goodbye. Memberlist has goroutines that
// outlive it by some probe intervals; they touch nothing of ours.
func (p *Pool) Close() error {
	var err error
	p.once.Do(func() {
		p.starting.Lock()
		p.closing = true
		p.starting.Unlock()
		p.ending <- struct{}{}
		p.ended = true
		err = p.serf.Shutdown()
		<-p.ending
		p.line.close()
	})
	p.running.Wait()
	if err != nil {
		return fmt.Errorf("cannot close pool of %s: %w", p.site, err)
	}
	return nil
}

func (p *Pool) start(f func()) bool {
	p.starting.Lock()
	defer p.starting.Unlock()
	if p.closing {
		return false
	}
	p.running.Go(f)
	return true
}

// SetTags changes this member's tags and waits, at most 1.2 seconds, while the
// change is sent. The role stays what it is.
func (p *Pool) SetTags(t Tags) error {
	p.tagging <- struct{}{}
	defer func() { <-p.tagging }()
	t.Role = p.role
	tags, err := t.Encode()
	if err != nil {
		return err
	}
	// The tags are within Serf's bounds, so the one error left is that the gossip
	// has not finished yet. It goes on by itself.
	_ = p.serf.SetTags(tags)
	return nil
}

// SetKeys changes the keys in place, the current one first. Messages under any
// of them open from now on; what is sent is sealed with the first. Nothing is
// said to the other members: each gets its keys from the controller.
func (p *Pool) SetKeys(keys [][]byte) error {
	if err := p.ring.set(keys); err != nil {
		return fmt.Errorf("cannot set keys of %s: %w", p.site, err)
	}
	return nil
}

// SetControllers changes the addresses that OnController hears of.
func (p *Pool) SetControllers(addrs []netip.AddrPort) {
	p.lane.controllers.Store(new(slices.Clone(addrs)))
}
