package runner

import (
	"sync"

	"muster/inventory"
)

// queue holds evidence until the engine takes it: at most limit pieces, the oldest
// of which make room for the newest.
type queue struct {
	limit int
	ready chan struct{} // holds one token while there may be something

	mu      sync.Mutex // guards what follows
	pieces  []inventory.Evidence
	first   int // of pieces, which is a ring once it is full
	dropped uint64
}

func newQueue(limit int) *queue {
	return &queue{limit: limit, ready: make(chan struct{}, 1)}
}

// put appends and never waits.
func (q *queue) put(pieces ...inventory.Evidence) {
	if len(pieces) == 0 {
		return
	}
	q.mu.Lock()
	for _, p := range pieces {
		if len(q.pieces) < q.limit {
			q.pieces = append(q.pieces, p)
			continue
		}
		q.pieces[q.first] = p
		q.first = (q.first + 1) % q.limit
		q.dropped++
	}
	q.mu.Unlock()
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// take returns everything, in the order in which it came.
func (q *queue) take() []inventory.Evidence {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := q.pieces
	if q.first > 0 {
		all = append(append(make([]inventory.Evidence, 0, len(all)), all[q.first:]...), all[:q.first]...)
	}
	q.pieces, q.first = nil, 0
	return all
}

func (q *queue) counts() (depth int, dropped uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.pieces), q.dropped
}
