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
	// mu guards what follows.
	mu        sync.Mutex
	rng       *rand.Rand
	machines  map[netip.Addr]*Machine
	places    map[netip.Addr]string // addresses that only answer an echo
	lan, wan  Weather
	weather   map[route]Weather
	cutRoutes map[route]bool
	cutGroups map[string]bool
	blockUDP  map[string]bool
	blockTCP  map[string]bool
	isolated  map[netip.Addr]bool
	traffic   map[route]*Traffic
	nextPort  uint16
}

// New makes an empty county: 0.3 ms within a group, 8 ms and a little jitter
// between groups, no loss. Chance comes from seed.
func New(seed uint64) *Fabric {
	return &Fabric{
		rng:      rand.New(rand.NewPCG(seed, seed^0x9e3779b97f4a7c15)),
		machines: make(map[netip.Addr]*Machine), places: make(map[netip.Addr]string),
		lan:     Weather{Latency: 300 * time.Microsecond},
		wan:     Weather{Latency: 8 * time.Millisecond, Jitter: 2 * time.Millisecond},
		weather: make(map[route]Weather), cutRoutes: make(map[route]bool),
		cutGroups: make(map[string]bool), blockUDP: make(map[string]bool), blockTCP: make(map[string]bool),
		isolated: make(map[netip.Addr]bool), traffic: make(map[route]*Traffic),
	}
}

// Machine puts a machine into a group, or moves the one that has the address.
func (f *Fabric) Machine(addr netip.Addr, group string) mesh.Network {
	f.mu.Lock()
	defer f.mu.Unlock()
	if m := f.machines[addr]; m != nil {
		m.group = group
		return m
	}
	m := &Machine{
		f: f, addr: addr, group: group,
		listeners: make(map[uint16]*listener), sockets: make(map[uint16]*socket),
	}
	f.machines[addr] = m
	return m
}

// Place puts an address that answers an echo into a group: a router, a gateway.
func (f *Fabric) Place(addr netip.Addr, group string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.places[addr] = group
}

// SetLAN sets the weather within every group.
func (f *Fabric) SetLAN(w Weather) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lan = w
}

// SetWAN sets the weather between groups that have none of their own.
func (f *Fabric) SetWAN(w Weather) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wan = w
}

// SetPath sets the weather between two groups, both ways.
func (f *Fabric) SetPath(a, b string, w Weather) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.weather[route{a, b}], f.weather[route{b, a}] = w, w
}

// SetPathOneWay sets the weather from one group to another.
func (f *Fabric) SetPathOneWay(from, to string, w Weather) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.weather[route{from, to}] = w
}

// Cut cuts a group off from every other; within it everything goes on.
func (f *Fabric) Cut(group string) { f.set(func() { f.cutGroups[group] = true }) }

// Heal undoes Cut and every one-way cut from or to the group.
func (f *Fabric) Heal(group string) {
	f.set(func() {
		delete(f.cutGroups, group)
		for r := range f.cutRoutes {
			if r.from == group || r.to == group {
				delete(f.cutRoutes, r)
			}
		}
	})
}

// CutOneWay loses all that goes from one group to another.
func (f *Fabric) CutOneWay(from, to string) { f.set(func() { f.cutRoutes[route{from, to}] = true }) }

// BlockUDP loses or lets through the group's UDP to and from other groups.
func (f *Fabric) BlockUDP(group string, block bool) { f.set(func() { f.blockUDP[group] = block }) }

// BlockTCP loses or lets through the group's TCP to and from other groups.
func (f *Fabric) BlockTCP(group string, block bool) { f.set(func() { f.blockTCP[group] = block }) }

// Isolate takes one machine or place off every network, as a pulled plug does.
func (f *Fabric) Isolate(addr netip.Addr) { f.set(func() { f.isolated[addr] = true }) }

// Restore undoes Isolate.
func (f *Fabric) Restore(addr netip.Addr) { f.set(func() { delete(f.isolated, addr) }) }

func (f *Fabric) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// Traffic is what has gone from one group to another since the beginning. What
// was lost on the way counts, what met a cut does not.
func (f *Fabric) Traffic(from, to string) Traffic {
	f.mu.Lock()
	defer f.mu.Unlock()
	if t := f.traffic[route{from, to}]; t != nil {
		return *t
	}
	return Traffic{}
}

// protocol tells blocked ones apart.
type protocol int

const (
	udp protocol = iota
	tcp
	icmp
)

// fate is what becomes of one packet.
type fate struct {
	open  bool // the path is there
	lost  bool
	after time.Duration
}

// judge decides one packet of size bytes and counts it.
func (f *Fabric) judge(from, to netip.Addr, p protocol, bytes int) fate {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, open := f.open(from, to, p)
	if !open {
		return fate{}
	}
	f.count(r, 1, bytes)
	w := f.weatherOf(r)
	d := fate{open: true, after: w.Latency}
	if w.Jitter > 0 {
		d.after += time.Duration(f.rng.Int64N(int64(w.Jitter)))
	}
	d.lost = w.Loss > 0 && f.rng.Float64() < w.Loss
	return d
}

// open says whether a path is there; the caller holds mu.
func (f *Fabric) open(from, to netip.Addr, p protocol) (route, bool) {
	a, knownFrom := f.groupOf(from)
	b, knownTo := f.groupOf(to)
	r := route{a, b}
	if !knownFrom || !knownTo || f.isolated[from] || f.isolated[to] {
		return r, false
	}
	if a == b {
		return r, true
	}
	blocked := f.cutGroups[a] || f.cutGroups[b] || f.cutRoutes[r] ||
		p == udp && (f.blockUDP[a] || f.blockUDP[b]) || p == tcp && (f.blockTCP[a] || f.blockTCP[b])
	return r, !blocked
}

func (f *Fabric) groupOf(addr netip.Addr) (string, bool) {
	if m := f.machines[addr]; m != nil {
		return m.group, true
	}
	group, known := f.places[addr]
	return group, known
}

func (f *Fabric) weatherOf(r route) Weather {
	if w, own := f.weather[r]; own {
		return w
	}
	if r.from == r.to {
		return f.lan
	}
	return f.wan
}

func (f *Fabric) count(r route, packets, bytes int) {
	t := f.traffic[r]
	if t == nil {
		t = &Traffic{}
		f.traffic[r] = t
	}
	t.Packets += uint64(packets)
	t.Bytes += uint64(bytes)
}

// tally counts packets that need no judging, such as acknowledgements.
func (f *Fabric) tally(from, to netip.Addr, packets, bytes int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r, open := f.open(from, to, tcp); open {
		f.count(r, packets, bytes)
	}
}
