package incident

import (
	"cmp"
	"slices"
	"time"

	"muster/inventory"
)

// entry is one journal record, as much of it as votes need.
type entry struct {
	At      time.Time     `json:"at"`
	N       uint64        `json:"n"`
	Boot    string        `json:"boot"`
	Began   time.Time     `json:"began"` // when that boot did
	Kind    string        `json:"kind"`
	Reason  string        `json:"reason,omitempty"`
	Heard   time.Duration `json:"heard"` // age of the controller's last packet; negative: never
	Gateway string        `json:"gateway"`
	Carrier string        `json:"carrier"`
	Power   string        `json:"power"`
	Peers   int           `json:"peers"`
	Known   int           `json:"known"`
	Addr    bool          `json:"addr"`
}

// starting reports whether the agent had no time to hear its neighbours.
func (x *entry) starting() bool { return x.Kind == "start" || x.At.Sub(x.Began) < time.Minute }

// like reports whether two records in a row say the same.
func (x *entry) like(y *entry, r *Rules) bool {
	return x.Boot == y.Boot && x.Kind == "tick" && y.Kind == "tick" && x.Gateway == y.Gateway && x.Carrier == y.Carrier &&
		x.Power == y.Power && (x.Peers > 0) == (y.Peers > 0) && x.Addr == y.Addr && x.hears(r) == y.hears(r)
}

// hears reports whether the machine heard the controller lately.
func (x *entry) hears(r *Rules) bool { return x.Heard >= 0 && x.Heard <= r.HeardFor }

// observeEntry keeps a record, in order, once.
func (e *Engine) observeEntry(m *machine, ev *inventory.Evidence) bool {
	j := ev.Entry
	if j == nil || len(j.Boot) > 200 || len(j.Reason) > 200 || len(j.Kind) > 20 || j.BootClock < 0 {
		return false
	}
	x := entry{
		At: ev.At, N: j.N, Boot: j.Boot, Began: ev.At.Add(-j.BootClock), Kind: j.Kind, Reason: j.Reason, Heard: j.HeardAge,
		Gateway: j.Gateway, Carrier: j.Carrier, Power: j.Power, Peers: j.Peers, Known: j.PeersKnown, Addr: j.AddrPresent,
	}
	i, found := slices.BinarySearchFunc(m.entries, x, compareEntries)
	if found {
		return true
	}
	m.entries = slices.Insert(m.entries, i, x)
	if len(m.entries) > maxEntriesRaw {
		m.compact(&e.rules)
	}
	if x.Kind == "leave" && x.At.After(m.reasonAt) { // its own word, on disk
		m.reason, m.reasonAt = inventory.LeaveReason(x.Reason), x.At
	}
	m.site.dirty, m.site.news = true, true
	return true
}

// compact drops records between two that say the same, and the oldest if that is
// not enough.
func (m *machine) compact(r *Rules) {
	kept := m.entries[:1]
	for i := 1; i < len(m.entries); i++ {
		last := len(m.entries) - 1
		if i < last && kept[len(kept)-1].like(&m.entries[i], r) && m.entries[i].like(&m.entries[i+1], r) {
			continue
		}
		kept = append(kept, m.entries[i])
	}
	if len(kept) > maxEntries {
		kept = slices.Delete(kept, 0, len(kept)-maxEntries)
	}
	m.entries = kept
}

// lastEntry is the newest record; nil where there is none.
func (m *machine) lastEntry() *entry {
	if len(m.entries) == 0 {
		return nil
	}
	return &m.entries[len(m.entries)-1]
}

// maxStops bounds the stops that are kept of a machine.
const maxStops = 8

// datedStop is a stop by the controller's clock.
type datedStop struct {
	At    time.Time `json:"at"`
	Clean bool      `json:"clean,omitempty"`
	Kind  string    `json:"kind"`
}

func (e *Engine) observeStop(m *machine, ev *inventory.Evidence) bool {
	if ev.Stop == nil {
		return false
	}
	x := datedStop{At: ev.At, Clean: ev.Stop.Clean(), Kind: string(ev.Stop.Kind)}
	i, found := slices.BinarySearchFunc(m.stops, x, compareStops)
	if found {
		return true
	}
	m.stops = slices.Insert(m.stops, i, x)
	if len(m.stops) > maxStops {
		m.stops = slices.Delete(m.stops, 0, 1)
	}
	m.site.dirty, m.site.news = true, true
	return true
}

func compareEntries(a, b entry) int {
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Boot, b.Boot), cmp.Compare(a.N, b.N))
}

func compareStops(a, b datedStop) int {
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Kind, b.Kind))
}
