package mesh

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"muster/inventory"
)

// Neighbours lists the other workstations of the pool that are alive.
func (r *Resident) Neighbours() []Member {
	t := r.current()
	if t == nil {
		return nil
	}
	return neighboursOf(r.opts.Workstation, t.pool.Members())
}

// neighboursOf picks the other workstations that are alive, each once: one that
// came back under a fresh name also lives under its old one for some seconds.
func neighboursOf(self string, members []Member) []Member {
	neighbours := members[:0]
	for _, m := range members {
		if m.State != StateAlive || m.Controller || m.Workstation == "" || m.Workstation == self {
			continue
		}
		// Sorted by name, so both names stand side by side; the last to come up
		// cannot be told from the other, and both are at the same machine or one
		// of them is about to fail.
		if n := len(neighbours); n > 0 && neighbours[n-1].Workstation == m.Workstation && neighbours[n-1].Addr == m.Addr {
			continue
		}
		neighbours = append(neighbours, m)
	}
	return neighbours
}

// Peers returns how many members answered this machine's own probes directly
// within the last 20 s, and how many neighbours are known to be alive. A probe
// goes out every 3 s, so in a large pool heard stays below known.
func (r *Resident) Peers() (heard, known int) {
	t := r.current()
	if t == nil {
		return 0, 0
	}
	return t.acks.heard(time.Now()), len(r.Neighbours())
}

// LastControllerPacket is when a packet last came from a controller and opened
// with the pool's key; zero is never.
func (r *Resident) LastControllerPacket() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.heardAt
}

// LastAck is when a member, the controller included, last acknowledged a probe
// of this machine directly and under the pool's key; zero is never.
func (r *Resident) LastAck() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ackAt
}

// Standing is how a resident stands, for people.
type Standing struct {
	Site       string // empty: in no pool
	Name       string // in the pool
	KeyVersion int
	Keys       string // ids of the keys, the one that writes first, by blanks
	Addr       netip.AddrPort
	Neighbours int  // alive
	Heard      int  // of them and the controllers, as Peers says
	Controller bool // is one alive in the pool?
	Uplink     string
	Relay      RelayStats
}

// Standing returns how the resident stands now.
func (r *Resident) Standing() Standing {
	t := r.current()
	r.mu.Lock()
	s := Standing{Addr: r.addr, Uplink: r.uplink}
	relay := r.relay
	if t != nil {
		s.Site, s.Name, s.KeyVersion = t.membership.Site, t.pool.Name(), t.membership.KeyVersion
		s.Keys = keyIDs(t.membership.Keys)
	}
	r.mu.Unlock()
	if relay != nil {
		s.Relay = relay.Stats()
	}
	if t != nil {
		seen := r.look(t)
		s.Neighbours, s.Controller, s.Heard = len(seen.neighbours), seen.controllerAlive, t.acks.heard(time.Now())
	}
	return s
}

func keyIDs(keys [][]byte) string {
	ids := make([]string, len(keys))
	for i, key := range keys {
		ids[i] = inventory.PoolKeyID(key)
	}
	return strings.Join(ids, " ")
}

// openRelay serves neighbours on port.
func (r *Resident) openRelay(port *Port) error {
	if r.opts.NoRelay {
		return nil
	}
	relay, err := NewRelay(RelayOptions{
		Listener: borrowTLS(port), Neighbour: r.servesNeighbour, Dial: r.dialDirect, Log: r.log,
	})
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.relay = relay
	return nil
}

// servesNeighbour reports whether addr is a live member of the own pool.
func (r *Resident) servesNeighbour(addr netip.Addr) bool {
	return slices.ContainsFunc(r.Neighbours(), func(m Member) bool { return m.Addr.Addr() == addr })
}
