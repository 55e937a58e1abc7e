package intake

import (
	"context"
	"sync"
	"time"

	"muster/inventory/wire"
)

// desk is where the reports of one workstation are taken, one at a time: a
// software delta builds upon the list before it.
type desk struct {
	turn chan struct{} // holds one token while a report is at the desk

	// What follows belongs to whoever holds the turn.
	lives  Lives
	zeros  []BootZero
	run    string // newest run and seq that were committed
	seq    uint64
	hashes [4]string // of the stored lists, in the order of wire.Lists
	loaded [4]bool   // whether that hash has been read from the store

	mu   sync.Mutex // guards rate
	rate bucket
}

// sit waits for the turn, or for the end of ctx. Mostly nobody sits there.
func (d *desk) sit(ctx context.Context) bool {
	select {
	case d.turn <- struct{}{}:
		return true
	default:
	}
	select {
	case d.turn <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (d *desk) rise() { <-d.turn }

// mayReport takes from the workstation's allowance.
func (d *desk) mayReport(l Limits, now time.Time) (wait time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rate.take(l.ReportPerSecond, l.ReportBurst, now)
}

// late reports whether a newer report of the same run was committed: its lists
// are then the machine's newer word.
func (d *desk) late(r *wire.Report) bool { return r.Run == d.run && r.Seq < d.seq }

// desks holds a desk for each workstation that showed a good certificate since
// the start, about 500 bytes each.
type desks struct {
	mu  sync.RWMutex // guards all
	all map[string]*desk
}

func newDesks() *desks { return &desks{all: make(map[string]*desk)} }

func (s *desks) of(workstation string) *desk {
	s.mu.RLock()
	d := s.all[workstation]
	s.mu.RUnlock()
	if d != nil {
		return d
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if d = s.all[workstation]; d == nil {
		d = &desk{turn: make(chan struct{}, 1)}
		s.all[workstation] = d
	}
	return d
}
