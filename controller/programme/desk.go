package programme

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"muster/controller/readiness"
	"muster/controller/refresh"
	"muster/inventory"
)

// Times of the loop.
const (
	// settleFor is how long what came waits for more of its kind.
	settleFor = 300 * time.Millisecond
	// settleMost bounds how long it waits on a busy machine.
	settleMost = 20 * time.Second
	// lookEvery is how often presence is looked at though nobody said that it changed.
	lookEvery = 5 * time.Second
	// roundEvery is how often time alone is judged: what grew stale, who is due.
	roundEvery = time.Minute
	// accountEvery is how often the accounts of links are taken up.
	accountEvery = time.Hour
)

// ErrClosed is wrapped by what is asked of a desk that does not run.
var ErrClosed = errors.New("the programme desk is not open")

// Desk drives one estate's refresh and readiness.
type Desk struct {
	o       Options
	inbox   *inbox
	read    chan struct{} // closed once the machines were read
	metrics *metrics
	gates   map[readiness.Scope][]*readiness.Gate
	named   map[string]*readiness.Gate

	life    sync.Mutex // guards started and cancel
	started bool
	cancel  context.CancelFunc
	running sync.WaitGroup

	// work is held by whoever changes something: an action, or the loop. It is held
	// over the disk; mu never is.
	work sync.Mutex

	mu        sync.RWMutex // guards what follows; who holds work may read without it
	open      bool
	estate    *estate
	machines  map[string]*machine
	home      map[string][]*machine // site → its installs, by id
	byAsset   map[string][]string   // asset → its installs, by id
	conflicts map[string]bool
	counts    map[string]inventory.SiteCounts
	seen      map[string]sighting
	available map[string]inventory.Fact[float64]
	swaps     swapBook
	signoffs  map[string]inventory.SignOff     // site/gate
	waivers   map[string]inventory.Waiver      // by id
	cares     map[string]inventory.BlockerCare // by the blocker's id
	baselines []inventory.Baseline
	whatIfs   map[string]WhatIf
	wipes     map[string][]inventory.Wipe // by asset
	disposals map[string]inventory.Disposal
	decided   []refresh.Decision
	now       map[string]inventory.Evaluation // site/gate, as it stands
	kept      map[string]inventory.Evaluation // as it was appended last
	keptAt    map[string]time.Time
	failing   map[string]map[string]time.Time // site/gate → criterion → since when it fails

	// What follows belongs to who holds work.
	judges   map[readiness.Scope]*readiness.Judge
	accesses map[string]int // site → version of its kept probes
	probed   map[string]bool
	told     map[string]bool
	moved    bool // the register was changed here, and others were not told yet
	roundAt  time.Time
	version  uint64 // rises with each change: forecasts are made anew
	forecast forecasts
}

// New checks the options. What happens is noted from now on; Start takes it up.
func New(o Options) (*Desk, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	o.Log = o.Log.With("component", "programme")
	d := &Desk{
		o: o, inbox: newInbox(), read: make(chan struct{}), gates: map[readiness.Scope][]*readiness.Gate{}, named: map[string]*readiness.Gate{},
		estate: newEstate(inventory.Register{}), machines: map[string]*machine{}, home: map[string][]*machine{}, conflicts: map[string]bool{},
		counts: map[string]inventory.SiteCounts{}, seen: map[string]sighting{}, available: map[string]inventory.Fact[float64]{},
		swaps: newSwapBook(), signoffs: map[string]inventory.SignOff{}, waivers: map[string]inventory.Waiver{},
		cares: map[string]inventory.BlockerCare{}, whatIfs: map[string]WhatIf{}, wipes: map[string][]inventory.Wipe{},
		disposals: map[string]inventory.Disposal{}, now: map[string]inventory.Evaluation{}, kept: map[string]inventory.Evaluation{},
		keptAt: map[string]time.Time{}, failing: map[string]map[string]time.Time{}, judges: map[readiness.Scope]*readiness.Judge{},
		accesses: map[string]int{}, probed: map[string]bool{}, told: map[string]bool{},
	}
	for _, g := range o.Gates {
		if d.named[g.Name] != nil {
			return nil, fmt.Errorf("cannot open the programme desk: the gate %s stands in %s and in %s", g.Name, d.named[g.Name].File, g.File)
		}
		d.named[g.Name] = g
		d.gates[g.Scope] = append(d.gates[g.Scope], g)
	}
	for scope, gates := range d.gates {
		d.judges[scope] = readiness.NewJudge(gates)
	}
	var err error
	d.metrics, err = newMetrics(o.Registry, d)
	return d, err
}

// Start reads what was kept and begins to judge. It returns when actions are taken
// and everything stands as before; the machines' lists are read after that, and
// nothing is judged before they are.
func (d *Desk) Start(ctx context.Context) error {
	d.life.Lock()
	defer d.life.Unlock()
	if d.started {
		return errors.New("cannot start the programme desk: it was started already")
	}
	d.started = true
	if err := d.resume(ctx); err != nil {
		return fmt.Errorf("cannot start the programme desk: %w", err)
	}
	loop, cancel := context.WithCancel(context.WithoutCancel(ctx))
	d.cancel = cancel
	d.running.Go(func() { d.run(loop) })
	if d.o.Available != nil {
		d.running.Go(func() { d.account(loop) })
	}
	d.setOpen(true)
	return nil
}

// Close ends the loop; what is known is on disk before it returns. Closing twice,
// or what never started, is harmless.
func (d *Desk) Close() {
	d.life.Lock()
	defer d.life.Unlock()
	d.started = true
	if d.cancel == nil {
		return
	}
	d.setOpen(false)
	d.cancel()
	d.running.Wait()
	d.cancel = nil
}

func (d *Desk) setOpen(open bool) {
	d.mu.Lock()
	d.open = open
	d.mu.Unlock()
}

func (d *Desk) run(ctx context.Context) {
	if !d.readMachines(ctx) {
		return
	}
	close(d.read)
	d.inbox.touchAll()
	settle := time.NewTimer(settleFor)
	defer settle.Stop()
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	round := time.NewTicker(roundEvery)
	defer round.Stop()
	var ready <-chan struct{}
	rest := settleFor
	for {
		select {
		case <-ctx.Done():
			last := context.WithoutCancel(ctx)
			d.step(last)
			d.closeBooks(last)
			return
		case <-ready:
			ready = nil // not again before this is taken up
			settle.Reset(rest)
		case <-settle.C:
			ready = d.inbox.ready
			began := time.Now()
			d.step(ctx)
			rest = restAfter(time.Since(began))
		case <-look.C:
			d.look()
		case <-round.C:
			d.round(ctx)
		}
	}
}

// restAfter is how long to gather before the next step: while a county wakes, every
// site has news all the time, and judging takes a tenth of a core at most.
func restAfter(took time.Duration) time.Duration {
	return min(max(settleFor, 9*took), settleMost)
}

// Settle takes up everything that came now, rather than within a second, and
// returns when nothing is left: for who makes a history with a clock of their own.
func (d *Desk) Settle(ctx context.Context) error {
	select {
	case <-d.read:
	case <-ctx.Done():
		return fmt.Errorf("the programme desk is not ready: %w", ctx.Err())
	}
	for range maxSettle {
		d.look()
		d.step(ctx)
		if d.inbox.empty() {
			return nil
		}
	}
	return nil
}

// maxSettle bounds the rounds of Settle: swaps that wait for silence come again in
// each.
const maxSettle = 4

// Round does what time brings now, rather than within a minute.
func (d *Desk) Round(ctx context.Context) error {
	d.round(ctx)
	return d.Settle(ctx)
}

// account takes up the accounts of links now and then: they take their time.
func (d *Desk) account(ctx context.Context) {
	timer := time.NewTimer(roundEvery)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		timer.Reset(accountEvery)
		found, err := d.o.Available(ctx)
		if err != nil {
			if ctx.Err() == nil {
				d.o.Log.Error("the accounts of links cannot be read for gates", "error", err)
			}
			continue
		}
		d.work.Lock()
		d.mu.Lock()
		d.available = found
		d.mu.Unlock()
		d.work.Unlock()
		d.inbox.touchAll()
	}
}
