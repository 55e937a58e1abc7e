package mesh

import (
	"sync"
	"time"
)

const (
	ackWindow = 20 * time.Second // how long a direct ack counts
	ackSlots  = 12               // more than a probe every 3 s fills in that time
)

// acks remembers who lately answered this machine's own probes. It is a small
// ring rather than a map because thousands of residents share one process in a
// demo.
type acks struct {
	mu    sync.Mutex // guards what follows
	slots [ackSlots]ack
	next  int
}

type ack struct {
	name string
	at   time.Time
}

// add notes an answer of the member called name.
func (a *acks) add(name string, at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range a.slots {
		if a.slots[i].name == name {
			a.slots[i].at = at
			return
		}
	}
	a.slots[a.next] = ack{name, at}
	a.next = (a.next + 1) % ackSlots
}

// heard counts the members that answered within ackWindow before now.
func (a *acks) heard(now time.Time) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := 0
	for _, s := range a.slots {
		if s.name != "" && now.Sub(s.at) <= ackWindow {
			n++
		}
	}
	return n
}
