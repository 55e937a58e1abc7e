package fabric

import (
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"

	"muster/mesh"
)

// Weather is what a path does to what it carries, each way for itself.
type Weather struct {
	Latency time.Duration // one way
	Jitter  time.Duration // up to this much more, evenly
	Loss    float64       // share of packets lost, 0 to 1; TCP sends again
	Rate    int64         // bits per second; zero: as fast as need be
}

// Traffic is what was sent one way from group to group, as packets of IP.
type Traffic struct {
	Packets uint64
	Bytes   uint64
}

// route is one way from group to group.
type route struct{ from, to string }

// Fabric is the county. All methods are safe for concurrent use.
type Fabric struct {
	// mu guards what follows, and all that hangs on it.
	mu       sync.Mutex
	rng      *rand.Rand
	ends     map[netip.Addr]*end
	groups   map[string]*group
	paths    map[route]*path
	lan, wan Weather
	nextPort uint16
}

// end is an address: a machine's, or a place's that only answers an echo.
type end struct {
	group    string
	known    bool
	machine  *Machine // nil: a place
	unplug   bool
	mute     bool
	segment  int       // of its group's LAN; places are in all
	heldTo   time.Time // what it sends or gets before waits until then
	starving bool
	phase    time.Duration // of the turns of a starving one
}

// group is what has a LAN in common: a site.
type group struct {
	cut      bool
	blockUDP bool
	blockTCP bool
	mtu      int // larger packets to and from other groups are lost without a word; zero: none
}

// path is one way between groups.
type path struct {
	own        bool // it has weather of its own
	now, until Weather
	changedAt  time.Time
	over       time.Duration // how long now takes to become until
	cut        bool
	freeAt     time.Time // when the queue in front of it is empty
	traffic    Traffic
}

// New makes an empty county: 0.3 ms within a group, 8 ms and a little jitter
// between groups, no loss. Chance comes from seed.
func New(seed uint64) *Fabric {
	return &Fabric{
		rng:  rand.New(rand.NewPCG(seed, seed^0x9e3779b97f4a7c15)),
		ends: make(map[netip.Addr]*end), groups: make(map[string]*group), paths: make(map[route]*path),
		lan: Weather{Latency: 300 * time.Microsecond},
		wan: Weather{Latency: 8 * time.Millisecond, Jitter: 2 * time.Millisecond},
	}
}

// Machine puts a machine into a group, or moves the one that has the address.
func (f *Fabric) Machine(addr netip.Addr, group string) mesh.Network { return f.Seat(addr, group) }

// Seat is Machine for who also kills and renumbers it.
func (f *Fabric) Seat(addr netip.Addr, group string) *Machine {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := f.end(addr)
	e.group, e.known = group, true
	if e.machine == nil {
		e.machine = &Machine{
			f: f, addr: addr,
			listeners: make(map[uint16]*listener), sockets: make(map[uint16]*socket), conns: make(map[*conn]bool),
		}
	}
	return e.machine
}

// Place puts an address that answers an echo into a group: a router, a gateway.
func (f *Fabric) Place(addr netip.Addr, group string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := f.end(addr)
	e.group, e.known = group, true
}

// SetLAN sets the weather within every group.
func (f *Fabric) SetLAN(w Weather) { f.set(func() { f.lan = w }) }

// SetWAN sets the weather between groups that have none of their own.
func (f *Fabric) SetWAN(w Weather) { f.set(func() { f.wan = w }) }

// SetPath sets the weather between two groups, both ways.
func (f *Fabric) SetPath(a, b string, w Weather) {
	f.set(func() { f.path(route{a, b}).turn(w, 0); f.path(route{b, a}).turn(w, 0) })
}

// SetPathOneWay sets the weather from one group to another.
func (f *Fabric) SetPathOneWay(from, to string, w Weather) {
	f.set(func() { f.path(route{from, to}).turn(w, 0) })
}

// Drift lets the weather between two groups, both ways, become another one over a
// time, evenly.
func (f *Fabric) Drift(a, b string, w Weather, over time.Duration) {
	f.set(func() {
		for _, r := range []route{{a, b}, {b, a}} {
			p := f.path(r)
			if !p.own {
				p.turn(f.wan, 0)
			}
			p.turn(w, over)
		}
	})
}

// turn begins other weather.
func (p *path) turn(w Weather, over time.Duration) {
	now := time.Now()
	p.now, p.until, p.changedAt, p.over, p.own = p.weather(now), w, now, over, true
}

// weather is what a path of its own has at a moment.
func (p *path) weather(now time.Time) Weather {
	since := now.Sub(p.changedAt)
	if since >= p.over {
		return p.until
	}
	part := float64(since) / float64(p.over)
	between := func(a, b time.Duration) time.Duration { return a + time.Duration(part*float64(b-a)) }
	return Weather{
		Latency: between(p.now.Latency, p.until.Latency), Jitter: between(p.now.Jitter, p.until.Jitter),
		Loss: p.now.Loss + part*(p.until.Loss-p.now.Loss), Rate: p.until.Rate,
	}
}

func (f *Fabric) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// end is the entry of an address; the caller holds mu, as with those below.
func (f *Fabric) end(addr netip.Addr) *end {
	e := f.ends[addr]
	if e == nil {
		e = &end{}
		f.ends[addr] = e
	}
	return e
}

func (f *Fabric) group(name string) *group {
	g := f.groups[name]
	if g == nil {
		g = &group{}
		f.groups[name] = g
	}
	return g
}

func (f *Fabric) path(r route) *path {
	p := f.paths[r]
	if p == nil {
		p = &path{}
		f.paths[r] = p
	}
	return p
}

// Traffic is what has gone from one group to another since the beginning. What
// was lost on the way counts, what met a cut does not.
func (f *Fabric) Traffic(from, to string) Traffic {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.path(route{from, to}).traffic
}
