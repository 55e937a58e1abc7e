package mesh

import "github.com/hashicorp/serf/serf"

// PoolEvent is a change of a pool's list.
type PoolEvent struct {
	Kind   PoolEventKind
	Member Member // empty for PoolMissed
}

// PoolEventKind is what happened to the member.
type PoolEventKind string

// The kinds. PoolMissed says that the listener was too slow and events were
// dropped: read Members again.
const (
	PoolJoin   PoolEventKind = "join"
	PoolLeave  PoolEventKind = "leave"
	PoolFail   PoolEventKind = "fail"
	PoolUpdate PoolEventKind = "update" // its tags changed
	PoolReap   PoolEventKind = "reap"   // forgotten, a day after it failed or left
	PoolMissed PoolEventKind = "missed"
)

// drainEvents turns Serf's events into ours until Serf has shut down. What Serf
// still sends then finds the channel emptied.
func (p *Pool) drainEvents(events <-chan serf.Event, shutdown <-chan struct{}) {
	for {
		select {
		case e := <-events:
			p.takeEvent(e)
			continue
		case <-shutdown:
		}
		for {
			select {
			case <-events:
				continue
			default:
			}
			return
		}
	}
}

func (p *Pool) takeEvent(e serf.Event) {
	switch e := e.(type) {
	case serf.MemberEvent:
		kind, ok := poolEventKind(e.EventType())
		if !ok {
			return
		}
		for _, m := range e.Members {
			p.line.push(PoolEvent{Kind: kind, Member: memberOf(m)})
		}
	case *serf.Query:
		p.answer(e)
	}
}

func poolEventKind(t serf.EventType) (PoolEventKind, bool) {
	switch t {
	case serf.EventMemberJoin:
		return PoolJoin, true
	case serf.EventMemberLeave:
		return PoolLeave, true
	case serf.EventMemberFailed:
		return PoolFail, true
	case serf.EventMemberUpdate:
		return PoolUpdate, true
	case serf.EventMemberReap:
		return PoolReap, true
	default:
		return "", false
	}
}
