package notify

import (
	"context"
	"errors"
	"sync"
	"time"

	"muster/inventory"
)

// lane is one sink's worker: it sends the sink's deliveries one after the other,
// and knows of no other sink.
type lane struct {
	desk *Desk
	name string
	sink Sink
	poke chan struct{}

	mu      sync.Mutex
	health  Health
	waiting int
}

// laneBatch is how many deliveries are read at once, and laneIdle how long a lane
// rests when nothing pokes it.
const (
	laneBatch = 50
	laneIdle  = time.Minute
)

func (l *lane) run() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-l.desk.ctx.Done():
			return
		case <-timer.C:
		case <-l.poke:
		}
		timer.Reset(l.work())
	}
}

// work sends what is due and returns how long until the next is.
func (l *lane) work() time.Duration {
	ctx, now := l.desk.ctx, l.desk.o.Now
	due, err := l.desk.o.Store.WaitingDeliveries(ctx, l.name, laneBatch)
	if err != nil {
		if ctx.Err() == nil {
			l.desk.o.Log.Error("deliveries cannot be read", "sink", l.name, "error", err)
		}
		return firstRetry
	}
	left := len(due)
	next := laneIdle
	for _, d := range due {
		if wait := d.NextAt.Sub(now()); wait > 0 {
			next = min(next, wait)
			continue
		}
		after := l.try(d)
		switch {
		case ctx.Err() != nil:
			return laneIdle
		case after.Waiting():
			next = min(next, after.NextAt.Sub(now()))
		default:
			left--
		}
	}
	if len(due) == laneBatch && left < laneBatch {
		next = 0 // there may be more
	}
	l.mu.Lock()
	l.waiting = left
	l.mu.Unlock()
	return max(next, 0)
}

// try sends one delivery and keeps what came of it.
func (l *lane) try(d inventory.Delivery) inventory.Delivery {
	ctx, cancel := context.WithTimeout(l.desk.ctx, sendWithin)
	err := l.sink.Send(ctx, d)
	cancel()
	if l.desk.ctx.Err() != nil {
		return d // it is tried again after the next start, under the same id
	}
	now := l.desk.o.Now()
	problem := ""
	if err != nil {
		problem = clip(err.Error(), 500)
		l.desk.o.Log.Warn("notification did not arrive", "sink", l.name, "delivery", d.ID, "attempt", d.Attempts+1, "error", problem)
	}
	d = tried(d, now, problem, errors.Is(err, ErrRefused))
	l.mu.Lock()
	l.health = l.health.after(now, err)
	l.mu.Unlock()
	if err := l.desk.o.Store.UpdateDelivery(context.WithoutCancel(l.desk.ctx), d); err != nil {
		l.desk.o.Log.Error("outcome of a notification cannot be kept", "delivery", d.ID, "error", err)
	}
	return d
}

func (l *lane) status() (Health, int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.health, l.waiting
}
