package demo

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	agent "muster/agent/app"
	"muster/mesh"
)

// A simulated agent's journal holds an hour; a real one's holds four days.
const journalSize = 64 << 10

func (d *demo) startAgent(ctx context.Context, n int, p placed, token string, shared *agent.Shared) error {
	return d.launch(ctx, fmt.Sprintf("%05d", n), agent.Options{
		Token: token, Machine: p.machine, Addr: d.plan.addr(p.site, p.desk), JournalSize: journalSize,
		Kind: p.kind, Simulated: true, Relaxed: true, Shared: shared, JoinSpread: time.Second, Log: d.quietLog(),
	})
}

// launch starts one agent with its own folder and keeps it for the end.
func (d *demo) launch(ctx context.Context, name string, o agent.Options) error {
	o.StateDir = filepath.Join(d.data, "agents", name)
	o.Network = mesh.OS{}
	o.Version = d.o.Version
	if o.Log == nil {
		o.Log = d.o.Log
	}
	a, err := agent.New(o)
	if err != nil {
		return err
	}
	if err := a.Start(ctx); err != nil {
		return err
	}
	d.mu.Lock()
	d.agents = append(d.agents, a)
	d.mu.Unlock()
	return nil
}

// stop ends the agents side by side with the controller, then the folder. What
// has not said goodbye in time ends with the process.
func (d *demo) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		d.stopAll(ctx)
	}()
	select {
	case <-stopped:
	case <-ctx.Done():
		d.o.Log.Debug("not everybody said goodbye in time")
	}
	var errs []error
	for _, clean := range d.cleanup {
		errs = append(errs, clean())
	}
	return errors.Join(errs...)
}

func (d *demo) stopAll(ctx context.Context) {
	d.mu.Lock()
	agents := d.agents
	d.agents = nil
	d.mu.Unlock()
	var wg sync.WaitGroup
	for _, a := range agents {
		wg.Go(func() {
			if err := a.Stop(ctx); err != nil {
				d.o.Log.Debug("a simulated agent did not stop in time", "err", err)
			}
		})
	}
	if d.app != nil {
		wg.Go(func() {
			if err := d.app.Stop(ctx); err != nil {
				d.o.Log.Debug("the controller did not stop in time", "err", err)
			}
		})
	}
	wg.Wait()
}
