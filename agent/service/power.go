package service

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"muster/inventory"
)

// askFor bounds a question to the system on the way out: the goodbye is what
// matters.
const askFor = time.Second

// noticeFor is how long the machine is kept from sleep or shutdown so that the
// goodbye gets out. systemd grants five seconds, Windows about two.
const noticeFor = 2 * time.Second

// Turn is what the operating system says of the machine's power.
type Turn string

// The turns.
const (
	Sleeping Turn = "sleeping" // the machine is about to suspend or hibernate
	Woke     Turn = "woke"     // it is back from that
	Stopping Turn = "stopping" // it is about to shut down or restart
	Staying  Turn = "staying"  // it will not after all
)

// Notice is one turn; Reason goes with Sleeping and Stopping.
type Notice struct {
	Turn   Turn
	Reason inventory.LeaveReason
}

// PowerOptions says who hears of the machine's power. Hear is required.
type PowerOptions struct {
	// Hear is told of each notice, one after the other. Of Sleeping and Stopping
	// it is told before: the machine waits until it returns, two seconds at most,
	// and its context ends then.
	Hear func(ctx context.Context, n Notice)
	Log  *slog.Logger
	// Bus is the address of the D-Bus that logind is on; empty: the system bus.
	// Linux alone knows it.
	Bus string
}

// WatchPower tells of the machine's power until ctx ends, and then waits for
// whatever Hear is at. Where nothing on this machine tells of it, that is logged
// once: the agent then notices by its clocks alone that it has slept.
func WatchPower(ctx context.Context, o PowerOptions) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Log = o.Log.With("component", "power")
	t := &teller{hear: o.Hear}
	defer t.wait()
	watchPower(ctx, o, t)
}

// teller tells one notice after the other and waits for none too long.
type teller struct {
	hear func(context.Context, Notice)

	mu   sync.Mutex    // guards last
	last chan struct{} // closed when the notice told last has been heard; nil: none yet
}

// tell returns when the notice has been heard, or after noticeFor: the machine
// goes then whatever the agent is at.
func (t *teller) tell(ctx context.Context, n Notice) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noticeFor)
	defer cancel()
	heard := make(chan struct{})
	t.mu.Lock()
	before := t.last
	t.last = heard
	t.mu.Unlock()
	go func() { // wait waits for it
		defer close(heard)
		if before != nil {
			<-before
		}
		t.hear(ctx, n)
	}()
	select {
	case <-heard:
	case <-ctx.Done():
	}
}

// wait returns when everything that was told has been heard.
func (t *teller) wait() {
	t.mu.Lock()
	last := t.last
	t.mu.Unlock()
	if last != nil {
		<-last
	}
}
