// Package demo runs a whole county in one process: the real controller and, for
// every workstation, a real agent with real Serf over loopback sockets. Only the
// machines are made up, and marked as such; one more workstation is this machine
// itself with its own hardware.
//
// It is the first thing a newcomer sees, so it says what it is doing, ends when
// it is told to and leaves nothing running.
package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	agent "muster/agent/app"
	"muster/agent/collect/simulated"
	"muster/controller/app"
	"muster/controller/demo/past"
	"muster/controller/intake"
	"muster/inventory"
)

// The demo trades memory for CPU up to its budget of 1.5 GiB.
const (
	gcPercent   = 300
	memoryLimit = 1200 << 20
)

// stopWithin is how long goodbyes may take; with the tidying up an interrupt ends
// within five seconds.
const stopWithin = 2500 * time.Millisecond

// Run runs the demo until ctx ends, or Options.For has passed since its pages opened.
func Run(ctx context.Context, o Options) error {
	if err := o.check(); err != nil {
		return err
	}
	ctx, hangUp := context.WithCancel(ctx)
	defer hangUp()
	o.Out = lifeline{o.Out, hangUp}
	defer debug.SetGCPercent(debug.SetGCPercent(gcPercent))
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(memoryLimit))
	if o.Rehearsal != "" {
		return rehearse(ctx, o)
	}
	d := &demo{o: o, startedAt: time.Now()}
	err := d.run(ctx)
	return errors.Join(err, d.stop())
}

type demo struct {
	o         Options
	startedAt time.Time
	data      string
	token     string
	estate    estate
	plan      plan
	own       ownMachine
	app       *app.App
	cleanup   []func() error

	mu     sync.Mutex // guards agents
	agents []*agent.App
}

func (d *demo) run(ctx context.Context) error {
	for _, step := range []func(context.Context) error{d.size, d.folder, d.startController, d.fillRegister, d.greet} {
		if err := step(ctx); err != nil {
			return quiet(ctx, err)
		}
	}
	if d.o.For > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.o.For)
		defer cancel()
	}
	if err := d.startAgents(ctx); err != nil {
		return quiet(ctx, err)
	}
	return quiet(ctx, d.watch(ctx))
}

// quiet drops the error of a demo that was told to end: that is no failure.
func quiet(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}

func (d *demo) size(context.Context) error {
	fits, shrunk, err := fit(d.o.Workstations, raiseFileLimit)
	if err != nil {
		return err
	}
	if shrunk != "" {
		d.say("note: %s", shrunk)
	}
	d.o.Workstations = fits
	d.token = d.o.APIToken
	if d.token == "" {
		d.token = "demo_" + rand.Text()
	}
	return nil
}

func (d *demo) folder(context.Context) error {
	d.data = d.o.Data
	if d.data != "" {
		if err := os.MkdirAll(d.data, 0o700); err != nil {
			return fmt.Errorf("cannot make the demo's folder: %w", err)
		}
		return nil
	}
	dir, err := os.MkdirTemp("", "muster-demo-")
	if err != nil {
		return fmt.Errorf("cannot make the demo's folder: %w", err)
	}
	d.data = dir
	d.cleanup = append(d.cleanup, func() error { return os.RemoveAll(dir) })
	return nil
}

func (d *demo) startController(ctx context.Context) error {
	meshListen, err := d.meshListen()
	if err != nil {
		return err
	}
	terms := filepath.Join(d.data, "sla.yaml")
	if err := layOut("sla.yaml", terms); err != nil {
		return err
	}
	c, err := app.New(app.Options{
		Config:  app.Config{Data: d.data, Listen: d.o.Listen, MeshListen: meshListen, LogLevel: "warn", SLA: terms, StaffNamesDays: 180},
		Version: d.o.Version, Log: d.o.Log.With("side", "controller"), APIToken: d.token, OpenOnLoopback: true,
		// Where all agents share one address they would share its allowance too.
		Limits: intake.Limits{EnrolPerSecond: 1000, EnrolBurst: float64(d.o.Workstations + 1)},
	})
	if err != nil {
		return err
	}
	if err := c.Start(ctx); err != nil {
		return err
	}
	d.app = c
	return d.keepMeshPort(c.MeshPort())
}

// fillRegister makes the county's machines and imports its register, unless the
// folder already holds one from an earlier run.
func (d *demo) fillRegister(ctx context.Context) error {
	d.plan = newPlan(d.app.MeshPort())
	var err error
	d.estate, err = settle(ctx, d.o.Sites, d.o.Workstations, func(n int) (Machine, inventory.AssetKind) {
		m := simulated.New(int64(n))
		m.Place(d.plan.standing(n%d.o.Sites, n/d.o.Sites))
		return m, m.Kind()
	})
	if err != nil {
		return err
	}
	d.estate.register.Subnets = d.plan.subnets(d.estate.register.Sites)
	if err := d.registerThisMachine(ctx); err != nil {
		return err
	}
	if kept := d.app.Pools().SiteCount(); kept > 0 {
		if kept != len(d.estate.register.Sites) {
			return fmt.Errorf("cannot use %s: it holds a county of %d sites; give --sites %d or another --data", d.data, kept, kept)
		}
		return nil
	}
	recipe, err := readRecipe()
	if err != nil {
		return err
	}
	year, err := past.Make(d.estate.register, recipe, d.startedAt)
	if err != nil {
		return err
	}
	return d.app.ImportPast(ctx, year.Batches, year.Events, year.Swaps)
}

// startAgents starts every agent at a pace that two cores bear: hundreds that
// join at once would take each other for dead.
func (d *demo) startAgents(ctx context.Context) error {
	tokens, err := d.siteTokens(ctx)
	if err != nil {
		return err
	}
	waking := d.wakingLine(ctx)
	defer waking()
	shared := agent.NewShared()
	pace := time.NewTicker(wakeEvery(len(d.estate.machines)))
	defer pace.Stop()
	starting := make(chan struct{}, 8)
	var wg sync.WaitGroup
	for n, placed := range d.estate.machines {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-pace.C:
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case starting <- struct{}{}:
		}
		wg.Go(func() {
			defer func() { <-starting }()
			if err := d.startAgent(ctx, n, placed, tokens[placed.site], shared); err != nil && ctx.Err() == nil {
				d.o.Log.Error("cannot start a simulated agent", "n", n, "err", err)
			}
		})
	}
	wg.Wait()
	return d.startThisMachine(ctx)
}

// siteTokens makes one join token a site, as an operator would: some machines
// have no serial number that a depot token could know.
func (d *demo) siteTokens(ctx context.Context) ([]string, error) {
	tokens := make([]string, len(d.estate.register.Sites))
	for n, s := range d.estate.register.Sites {
		var err error
		if tokens[n], err = d.app.IssueToken(ctx, inventory.TokenSite, s.Code, MaxPerSite, 24*time.Hour); err != nil {
			return nil, err
		}
	}
	return tokens, nil
}

// wakeFor spreads the starts: 1,950 at once do not converge on two cores, over
// fifteen seconds they do.
const wakeFor = 16 * time.Second

// wakeEvery is the time between two starts; a small county need not wait.
func wakeEvery(workstations int) time.Duration {
	const slowest = 100 * time.Millisecond
	return min(wakeFor/time.Duration(workstations+1), slowest)
}

// quietLog keeps the agents' voices down: 1,950 of them say the same.
func (d *demo) quietLog() *slog.Logger {
	return slog.New(levelAtLeast{d.o.Log.Handler(), slog.LevelError})
}
