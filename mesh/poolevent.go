package mesh

import (
	"sync"

	"github.com/hashicorp/serf/serf"
)

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

// maxPoolEvents is how far a listener may fall behind.
const maxPoolEvents = 1024

// eventLine takes events from Serf without ever making it wait (Serf sends while
// it holds its locks) and gives them to the listener in order. It has a goroutine
// only while there is something to give.
type eventLine struct {
	listener func(PoolEvent)
	running  sync.WaitGroup

	// mu guards what follows.
	mu      sync.Mutex
	waiting []PoolEvent
	giving  bool
	closed  bool
}

func (l *eventLine) push(e PoolEvent) {
	if l.listener == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	if len(l.waiting) >= maxPoolEvents {
		l.waiting = append(l.waiting[:0], PoolEvent{Kind: PoolMissed})
	}
	l.waiting = append(l.waiting, e)
	if !l.giving {
		l.giving = true
		l.running.Go(l.give)
	}
}

func (l *eventLine) give() {
	for {
		l.mu.Lock()
		if len(l.waiting) == 0 || l.closed {
			l.giving, l.waiting = false, nil
			l.mu.Unlock()
			return
		}
		batch := l.waiting
		l.waiting = nil
		l.mu.Unlock()
		for _, e := range batch {
			l.listener(e)
		}
	}
}

// close drops what is waiting and waits for the listener to return.
func (l *eventLine) close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.running.Wait()
}

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
