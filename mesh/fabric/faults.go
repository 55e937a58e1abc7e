package fabric

import (
	"net/netip"
	"time"
)

// Cut cuts a group off from every other; within it everything goes on.
func (f *Fabric) Cut(group string) { f.set(func() { f.group(group).cut = true }) }

// Uncut undoes Cut alone.
func (f *Fabric) Uncut(group string) { f.set(func() { f.group(group).cut = false }) }

// Heal undoes Cut and every one-way cut from or to the group.
func (f *Fabric) Heal(group string) {
	f.set(func() {
		f.group(group).cut = false
		for r, p := range f.paths {
			if r.from == group || r.to == group {
				p.cut = false
			}
		}
	})
}

// CutOneWay loses all that goes from one group to another.
func (f *Fabric) CutOneWay(from, to string) { f.set(func() { f.path(route{from, to}).cut = true }) }

// BlockUDP loses or lets through the group's UDP to and from other groups.
func (f *Fabric) BlockUDP(group string, block bool) {
	f.set(func() { f.group(group).blockUDP = block })
}

// BlockTCP loses or lets through the group's TCP to and from other groups.
func (f *Fabric) BlockTCP(group string, block bool) {
	f.set(func() { f.group(group).blockTCP = block })
}

// LimitMTU makes the group's way out a black hole for packets of more bytes, IP
// header included: no word comes back. Zero undoes it.
func (f *Fabric) LimitMTU(group string, bytes int) { f.set(func() { f.group(group).mtu = bytes }) }

// Isolate takes one machine or place off every network, as a pulled plug does.
func (f *Fabric) Isolate(addr netip.Addr) { f.set(func() { f.end(addr).unplug = true }) }

// Restore undoes Isolate.
func (f *Fabric) Restore(addr netip.Addr) { f.set(func() { f.end(addr).unplug = false }) }

// Segment puts a machine into another part of its group's LAN: it reaches places
// and other groups, and of its neighbours only those in the same part. All begin
// in part 0.
func (f *Fabric) Segment(addr netip.Addr, part int) { f.set(func() { f.end(addr).segment = part }) }

// Mute makes an address answer no echo, while what it forwards goes on.
func (f *Fabric) Mute(addr netip.Addr, mute bool) { f.set(func() { f.end(addr).mute = mute }) }

// Hold keeps back all that an address sends and gets until then, and lets it go
// at once: what a process sees whose machine stood still.
func (f *Fabric) Hold(addr netip.Addr, until time.Time) { f.set(func() { f.end(addr).heldTo = until }) }

// The turns of a starving machine: it gets to run for a while, then waits.
const (
	starveEvery = 4 * time.Second
	starveRuns  = 1200 * time.Millisecond
)

// Starve lets a machine work in turns only, as one whose processors are taken:
// packets wait for its next turn.
func (f *Fabric) Starve(addr netip.Addr, starving bool) {
	f.set(func() {
		e := f.end(addr)
		e.starving, e.phase = starving, time.Duration(f.rng.Int64N(int64(starveEvery)))
	})
}

// held is how long the packets of an address wait.
func (e *end) held(now time.Time) time.Duration {
	wait := max(e.heldTo.Sub(now), 0)
	if !e.starving {
		return wait
	}
	at := (time.Duration(now.UnixNano()) + wait + e.phase) % starveEvery
	if at >= starveRuns {
		wait += starveEvery - at
	}
	return wait
}

// Renumber gives a machine another address, and perhaps another group: its
// connections stay behind, and what listens on all addresses goes along.
func (f *Fabric) Renumber(from, to netip.Addr, group string) {
	f.set(func() {
		e := f.ends[from]
		if e == nil || e.machine == nil || from == to {
			return
		}
		delete(f.ends, from)
		e.machine.addr, e.group = to, group
		f.ends[to] = e
	})
}

// PathOpen reports whether a packet of TCP could go from one address to another
// and an answer back, whatever the weather.
func (f *Fabric) PathOpen(from, to netip.Addr) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, there := f.open(from, to, tcp, 0)
	_, back := f.open(to, from, tcp, 0)
	return there && back
}

// DropOneWay loses, or lets through again, all that goes from one group to
// another.
func (f *Fabric) DropOneWay(from, to string, drop bool) {
	f.set(func() { f.path(route{from, to}).cut = drop })
}

// Look is the network of whoever has an address, for an echo from there; nobody's
// where there is none.
func (f *Fabric) Look(addr netip.Addr) *Machine {
	f.mu.Lock()
	defer f.mu.Unlock()
	if e := f.ends[addr]; e != nil && e.machine != nil {
		return e.machine
	}
	return &Machine{f: f, addr: addr, ended: true}
}
