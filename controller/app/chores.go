package app

import (
	"context"
	"time"
)

// The reports' log is pruned behind what may still be revised; a few thousand
// rows at a time, so that no report waits for it.
const (
	keepReportsFor = 7 * 24 * time.Hour
	pruneEvery     = 10 * time.Minute
	pruneAtOnce    = 5_000
)

func (a *App) beginChores(ctx context.Context) error {
	chores, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(pruneEvery)
		defer tick.Stop()
		for {
			select {
			case <-chores.Done():
				return
			case <-tick.C:
				a.prune(chores)
			}
		}
	}()
	a.later(func(context.Context) error { cancel(); <-done; return nil })
	return nil
}

func (a *App) prune(ctx context.Context) {
	for ctx.Err() == nil {
		n, err := a.store.PruneReports(ctx, a.opts.Now().Add(-keepReportsFor), pruneAtOnce)
		if err != nil {
			a.opts.Log.Error("cannot prune old reports", "err", err)
			return
		}
		if n < pruneAtOnce {
			return
		}
	}
}
