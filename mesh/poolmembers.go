package mesh

import (
	"errors"
	"fmt"
	"net/netip"
	"sort"
	"time"

	"github.com/hashicorp/memberlist"
	"github.com/hashicorp/serf/serf"
)

// Listen switches OnSource on or off. It is off at first: each packet is opened
// once more for it.
func (p *Pool) Listen(on bool) { p.lane.listening.Store(on) }

// Members lists everybody in the pool, this member too, by name.
func (p *Pool) Members() []Member {
	list := p.serf.Members()
	members := make([]Member, 0, len(list))
	for _, m := range list {
		members = append(members, memberOf(m))
	}
	sort.Slice(members, func(i, j int) bool { return members[i].Name < members[j].Name })
	return members
}

// failed reports whether a member is given up for now.
func (p *Pool) failed(name string) bool {
	for _, m := range p.serf.Members() {
		if m.Name == name {
			return stateOf(m.Status) == StateFailed
		}
	}
	return false
}

// Forget tells the pool that a failed member left for good, so that nobody tries
// to reach it again.
func (p *Pool) Forget(name string) error {
	if err := p.serf.RemoveFailedNodePrune(name); err != nil {
		return fmt.Errorf("cannot forget %.80q in pool of %s: %w", name, p.site, err)
	}
	return nil
}

// ErrNoAnswer is wrapped by Ping when nothing came back in time.
var ErrNoAnswer = errors.New("no answer")

func memberOf(m serf.Member) Member {
	out := Member{Name: m.Name, State: stateOf(m.Status), Tags: DecodeTags(m.Tags)}
	if addr, ok := netip.AddrFromSlice(m.Addr); ok {
		out.Addr = netip.AddrPortFrom(addr.Unmap(), m.Port)
	}
	out.Workstation, out.Run, _ = ParseMemberName(m.Name)
	out.Controller = out.Tags.Role == RoleController && out.Workstation == ""
	return out
}

func stateOf(s serf.MemberStatus) State {
	switch s {
	case serf.StatusAlive:
		return StateAlive
	case serf.StatusLeaving, serf.StatusLeft:
		return StateLeft
	default:
		return StateFailed
	}
}

// pingEar is memberlist's ping delegate. AckPayload is called only for a ping
// that opened with the pool's key.
type pingEar struct {
	onAck  func(name string, rtt time.Duration)
	onPing func()
}

// AckPayload implements memberlist.PingDelegate; the answer carries nothing.
func (e *pingEar) AckPayload() []byte {
	if e.onPing != nil {
		e.onPing()
	}
	return nil
}

// NotifyPingComplete implements memberlist.PingDelegate.
func (e *pingEar) NotifyPingComplete(other *memberlist.Node, rtt time.Duration, _ []byte) {
	if e.onAck != nil {
		e.onAck(other.Name, rtt)
	}
}
