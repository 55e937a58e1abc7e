package mesh

import "sync"

// maxWaiting is how far a listener may fall behind.
const maxWaiting = 1024

// eventLine takes events without ever making their source wait (Serf sends while
// it holds its locks) and gives them to the listener in order. A listener that is
// too far behind gets overflow in place of what it missed. It has a goroutine
// only while there is something to give.
type eventLine[E any] struct {
	listener func(E)
	overflow E
	running  sync.WaitGroup

	// mu guards what follows.
	mu      sync.Mutex
	waiting []E
	giving  bool
	closed  bool
}

func (l *eventLine[E]) push(e E) {
	if l.listener == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	if len(l.waiting) >= maxWaiting {
		l.waiting = append(l.waiting[:0], l.overflow)
	}
	l.waiting = append(l.waiting, e)
	if !l.giving {
		l.giving = true
		l.running.Go(l.give)
	}
}

func (l *eventLine[E]) give() {
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
func (l *eventLine[E]) close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.running.Wait()
}
