package fabric

import (
	"net/netip"
	"time"
)

// protocol tells blocked ones apart.
type protocol int

const (
	udp protocol = iota
	tcp
	icmp
)

// queueFor is how much a slow path keeps waiting before it drops.
const queueFor = 400 * time.Millisecond

// fate is what becomes of one packet.
type fate struct {
	open  bool // the path is there
	lost  bool
	after time.Duration
}

// judge decides one packet of size bytes and counts it.
func (f *Fabric) judge(from, to netip.Addr, p protocol, bytes int) fate {
	return f.judgeAfter(0, from, to, p, bytes)
}

// judgeAfter decides one that is sent some time from now.
func (f *Fabric) judgeAfter(later time.Duration, from, to netip.Addr, p protocol, bytes int) fate {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, open := f.open(from, to, p, bytes)
	if !open {
		return fate{}
	}
	now := time.Now().Add(later)
	way := f.path(r)
	way.count(1, bytes)
	w := f.weatherOf(r, way, now)
	d := fate{open: true, after: w.Latency}
	if w.Jitter > 0 {
		d.after += time.Duration(f.rng.Int64N(int64(w.Jitter)))
	}
	d.lost = w.Loss > 0 && f.rng.Float64() < w.Loss
	if w.Rate > 0 && !d.lost {
		d.lost = way.queue(now, w.Rate, bytes, &d.after)
	}
	a, b := f.ends[from], f.ends[to]
	if wait := a.held(now); wait > 0 {
		d.after += wait
	}
	if wait := b.held(now.Add(d.after)); wait > 0 {
		d.after += wait
	}
	return d
}

// queue lets a packet wait for those before it; true means that it was dropped.
func (p *path) queue(now time.Time, rate int64, bytes int, after *time.Duration) bool {
	if p.freeAt.Before(now) {
		p.freeAt = now
	}
	wait := p.freeAt.Sub(now)
	if wait > queueFor {
		return true
	}
	takes := time.Duration(int64(bytes) * 8 * int64(time.Second) / rate)
	p.freeAt = p.freeAt.Add(takes)
	*after += wait + takes
	return false
}

// open says whether a path is there for a packet of so many bytes; the caller
// holds mu.
func (f *Fabric) open(from, to netip.Addr, p protocol, bytes int) (route, bool) {
	a, b := f.ends[from], f.ends[to]
	if a == nil || b == nil || !a.known || !b.known || a.unplug || b.unplug {
		return route{}, false
	}
	r := route{a.group, b.group}
	if a.group == b.group {
		return r, a.segment == b.segment || a.machine == nil || b.machine == nil
	}
	for _, name := range [2]string{a.group, b.group} {
		g := f.groups[name]
		if g != nil && (g.cut || g.blockUDP && p == udp || g.blockTCP && p == tcp || g.mtu > 0 && bytes > g.mtu) {
			return r, false
		}
	}
	way := f.paths[r]
	return r, way == nil || !way.cut
}

func (f *Fabric) weatherOf(r route, way *path, now time.Time) Weather {
	switch {
	case way.own:
		return way.weather(now)
	case r.from == r.to:
		return f.lan
	default:
		return f.wan
	}
}

func (p *path) count(packets, bytes int) {
	p.traffic.Packets += uint64(packets)
	p.traffic.Bytes += uint64(bytes)
}

// tally counts packets that need no judging, such as acknowledgements.
func (f *Fabric) tally(from, to netip.Addr, packets, bytes int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r, open := f.open(from, to, tcp, 0); open {
		f.path(r).count(packets, bytes)
	}
}
