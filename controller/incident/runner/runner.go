package runner

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"muster/controller/incident"
	"muster/inventory"
)

// Times of the loop.
const (
	// batchFor is how long evidence waits for more of its kind: a burst is judged
	// as one.
	batchFor = 50 * time.Millisecond
	// stepEvery is how often the engine is stepped without evidence.
	stepEvery = time.Second
	// keepEvery is how often what the engine remembers is kept though no incident
	// changed, and how old what a kill -9 loses may be.
	keepEvery = 30 * time.Second
	// estateEvery is how often the register is read again though nobody said that
	// it changed: machines enrol.
	estateEvery = time.Minute
)

// ErrClosed is returned by what is asked of a runner that does not run.
var ErrClosed = errors.New("the incident engine is not running")

// Runner drives one engine.
type Runner struct {
	o        Options
	queue    *queue
	journals *journals
	metrics  *metrics

	mu    sync.Mutex        // guards names and sites
	names map[string]string // workstation → the name under which it is a member
	sites map[string]string // workstation → where it was heard last

	live atomic.Pointer[[]inventory.Incident] // as they are now; never changed in place

	ops     chan func(ctx context.Context)
	life    sync.Mutex // guards started, cancel
	started bool
	cancel  context.CancelFunc
	done    chan struct{}

	watching sync.WaitGroup // for the process's own lag

	// What follows belongs to the loop.
	engine  *incident.Engine
	estate  incident.Estate
	blind   bool
	unkept  map[string]inventory.Incident // changed and not on disk
	kept    map[string]uint64             // live incident → a hash of what is on disk
	dirty   bool                          // evidence came since the engine was kept
	judged  int64                         // the intake log is judged up to here
	ahead   int64                         // and was this long at the tick before
	trace   *trace
	minutes *minutes
	readAt  time.Time // when the estate was read
	stale   atomic.Bool
}

// New checks the options. Evidence is taken from now on; Start begins to judge it.
func New(o Options) (*Runner, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	o.Log = o.Log.With("component", "incidents")
	r := &Runner{
		o: o, queue: newQueue(o.QueueSize), journals: newJournals(o.Now),
		names: map[string]string{}, sites: map[string]string{},
		ops: make(chan func(context.Context)), done: make(chan struct{}),
		unkept: map[string]inventory.Incident{}, kept: map[string]uint64{},
		trace: newTrace(), minutes: newMinutes(),
	}
	r.live.Store(&[]inventory.Incident{})
	var err error
	r.metrics, err = newMetrics(o.Registry, r)
	return r, err
}

// Start reads what an earlier start left, judges the reports that came since and
// begins to step. It returns when the engine stands.
func (r *Runner) Start(ctx context.Context) error {
	r.life.Lock()
	defer r.life.Unlock()
	if r.started {
		return errors.New("cannot start incident runner: it was started already")
	}
	r.started = true
	if err := r.resume(ctx); err != nil {
		close(r.done)
		return err
	}
	loop, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r.cancel = cancel
	r.watching.Go(func() { r.watchLag(loop) })
	go r.run(loop)
	return nil
}

// Close ends the loop; what the engine knows is on disk before it returns.
// Closing twice, or what never started, is harmless.
func (r *Runner) Close() {
	r.life.Lock()
	defer r.life.Unlock()
	r.started = true
	if r.cancel == nil {
		return
	}
	r.cancel()
	r.watching.Wait()
	<-r.done
}

func (r *Runner) run(ctx context.Context) {
	defer close(r.done)
	batch := time.NewTimer(0)
	defer batch.Stop()
	step := time.NewTicker(stepEvery)
	defer step.Stop()
	keep := time.NewTicker(keepEvery)
	defer keep.Stop()
	ready := r.queue.ready
	for {
		select {
		case <-ctx.Done():
			last := context.WithoutCancel(ctx)
			r.step(last)
			r.keepAll(last)
			return
		case <-ready:
			ready = nil // not again before the batch is judged
			batch.Reset(batchFor)
		case <-batch.C:
			ready = r.queue.ready
			r.step(ctx)
		case <-step.C:
			r.step(ctx)
		case <-keep.C:
			r.tend(ctx)
		case op := <-r.ops:
			op(ctx)
		}
	}
}

// step gives the engine what has come and carries out what it concludes, which it
// returns.
func (r *Runner) step(ctx context.Context) incident.Outcome {
	if r.stale.Swap(false) || r.o.Now().Sub(r.readAt) > estateEvery {
		r.readEstate(ctx)
	}
	pieces := r.queue.take()
	r.dirty = r.dirty || len(pieces) > 0
	now := r.o.Now()
	began := time.Now()
	outcome := r.engine.Step(now, pieces)
	r.metrics.stepped(time.Since(began), outcome.Discarded)
	r.trace.note(pieces)
	r.minutes.add(pieces, outcome.Minutes)
	if r.o.OnMinutes != nil && len(outcome.Minutes) > 0 {
		r.o.OnMinutes(outcome.Minutes)
	}
	r.take(ctx, now, outcome)
	return outcome
}

// take carries out an outcome.
func (r *Runner) take(ctx context.Context, now time.Time, outcome incident.Outcome) {
	if outcome.Blind != r.blind {
		r.blind = outcome.Blind
		r.o.Blind(r.blind)
	}
	if len(outcome.Changes) > 0 {
		r.changed(ctx, outcome.Changes)
	}
	for _, ask := range outcome.Asks {
		r.ask(ctx, now, ask)
	}
}

// changed keeps changes and then tells of them.
func (r *Runner) changed(ctx context.Context, changes []inventory.IncidentChange) {
	weighty := false
	for _, c := range changes {
		r.unkept[c.Incident.ID] = c.Incident
		weighty = weighty || !c.Incident.Cause.Presence()
		r.trace.changed(c, r.estate)
		r.metrics.changed(c)
	}
	r.keep(ctx, weighty)
	r.record(ctx, changes)
	live := r.engine.Live()
	r.live.Store(&live)
	for _, c := range changes {
		r.o.OnChange(c)
	}
}

// ask carries a question of the engine's to whoever can answer it.
func (r *Runner) ask(ctx context.Context, now time.Time, ask incident.Ask) {
	switch ask.Kind {
	case incident.AskJournal:
		whose := []string{ask.Workstation}
		if ask.Workstation == "" {
			whose = r.o.Installs(ask.Site)
		}
		to := ask.To
		if to.IsZero() || to.After(now) {
			to = now
		}
		for _, workstation := range whose {
			r.recallBoots(ctx, workstation, ask.From)
			r.journals.want(workstation, ask.From, to)
		}
	case incident.AskProbe:
		r.o.AskProbe(ask.Site, ask.Service, max(ask.Count, 1))
	case incident.AskBurst:
		r.o.AskBurst(ask.Site, ask.Workstation)
	case incident.AskReport:
		r.o.AskReport(ask.Site, ask.Workstation)
	case incident.AskReferences:
		r.o.AskReferences()
	}
}

// RegisterChanged lets the engine read the register anew at its next step.
func (r *Runner) RegisterChanged() { r.stale.Store(true) }

// readEstate takes up the register as it is now. One that cannot be read leaves
// the old one.
func (r *Runner) readEstate(ctx context.Context) {
	r.readAt = r.o.Now()
	estate, err := r.o.Estate(ctx)
	if err != nil {
		r.o.Log.Error("cannot read the register for the incident engine", "error", err)
		return
	}
	r.estate = estate
	r.engine.SetEstate(estate)
}
