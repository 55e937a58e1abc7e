package app

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"muster/inventory"
	"muster/inventory/wire"
)

const (
	probersElected = 2                // of a site
	turnLate       = time.Minute      // a turn that was missed by more, in sleep or before the start, is let go
	lookAtPool     = 30 * time.Second // for a prober that left
	windowPings    = 10
)

// probing is what an agent probes by itself and on request, and the results that
// no report has carried yet. Its owner is the App; turns and asks each belong to
// one goroutine.
type probing struct {
	app     *App
	changed chan struct{}       // holds one: other settings, or the first
	asks    chan wire.ProbeSpec // made one after the other

	mu      sync.Mutex // guards what follows
	results []inventory.ProbeResult
	begunAt map[string]time.Time // last probe of each service, whoever asked
	seen    []string             // questions that were taken lately, oldest first
	budget  allowance
}

func newProbing(a *App) *probing {
	return &probing{
		app: a, changed: make(chan struct{}, 1), asks: make(chan wire.ProbeSpec, wire.MaxAsks), begunAt: map[string]time.Time{},
	}
}

// turns is what one goroutine knows of the rota.
type turns struct {
	slots   map[string]int64 // the last one of each service, path or packet size that was looked at
	elected bool
	met     bool // somebody was seen in the pool: before that everyone would take every turn
}

// run takes turns until ctx ends.
func (p *probing) run(ctx context.Context) {
	t := turns{slots: map[string]int64{}}
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		next := p.turn(ctx, &t)
		timer.Reset(max(time.Until(next), time.Millisecond))
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-p.changed:
		}
	}
}

// poke makes run look at the settings anew.
func (p *probing) poke() {
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

// turn probes what is due and returns when to look again.
func (p *probing) turn(ctx context.Context, t *turns) time.Time {
	plan, site := p.app.plan()
	now := time.Now()
	if plan == nil || site == "" || !p.app.atSite() {
		if plan == nil {
			return now.Add(time.Hour) // new settings poke
		}
		return now.Add(lookAtPool)
	}
	self, members := p.app.members(plan.Turns)
	if t.met = t.met || len(members) > 1 || p.app.seesController(); !t.met {
		return now.Add(lookAtPool)
	}
	next := now.Add(lookAtPool)
	for _, s := range plan.Services {
		due, at := t.due(site, s.Name, intervalOf(s), p.app.controllerTime(p.app.opts.Now()))
		next = earlier(next, now.Add(at))
		if !due.now || inventory.RotaTurn(site, s.Name, due.slot, members) != self {
			continue
		}
		if spec, err := s.Spec(inventory.ProbeRota); err == nil && p.begin(s.Name, 0) {
			p.probe(ctx, spec)
		}
	}
	return earlier(next, p.paths(ctx, t, plan, site, self, members))
}

func intervalOf(s wire.ServiceProbe) time.Duration {
	return inventory.Service{Every: s.Every}.Interval()
}

// dueSlot is a slot, and whether its moment has just come.
type dueSlot struct {
	slot int64
	now  bool
}

// due reports whether a slot's moment has come that was not looked at before, and
// how long it is to the next one. now is the controller's time: all members have
// the same, whatever their clocks say.
func (t *turns) due(site, what string, every time.Duration, now time.Time) (dueSlot, time.Duration) {
	slot, at := inventory.RotaSlot(site, what, every, now)
	if now.Before(at) {
		return dueSlot{slot: slot}, at.Sub(now)
	}
	before, known := t.slots[what]
	t.slots[what] = slot
	_, following := inventory.RotaSlot(site, what, every, time.Unix(0, (slot+1)*int64(every)))
	fresh := (!known || before != slot) && now.Sub(at) < turnLate
	return dueSlot{slot: slot, now: fresh}, following.Sub(now)
}

// paths lets the elected measure gateway, a neighbour and the way to the
// controller: the sweep's single pings, one member at a time, say nothing of
// jitter, of the LAN or of large packets. Who is newly elected begins at once.
func (p *probing) paths(ctx context.Context, t *turns, plan *wire.Probing, site, self string, members []string) time.Time {
	now := time.Now()
	next := now.Add(time.Hour)
	elected := slices.Contains(inventory.RotaElected(site, members, probersElected), self)
	fresh := elected && !t.elected
	t.elected = elected
	for _, path := range []struct {
		what    string
		every   time.Duration
		measure func(context.Context)
	}{
		{"window " + self, plan.WindowEvery.Duration(), p.windows},
		{"mtu " + self, plan.MTUEvery.Duration(), p.packetSize},
	} {
		if path.every <= 0 {
			continue
		}
		due, at := t.due(site, path.what, path.every, p.app.controllerTime(p.app.opts.Now()))
		next = earlier(next, now.Add(at))
		if elected && (due.now || fresh) {
			path.measure(ctx)
		}
	}
	return next
}

func (p *probing) windows(ctx context.Context) {
	for _, target := range []string{inventory.TargetGateway, inventory.TargetNeighbour, inventory.TargetController} {
		p.probe(ctx, wire.ProbeSpec{Kind: inventory.ProbePing, Why: inventory.ProbeElected, Target: target, Count: windowPings})
	}
}

func (p *probing) packetSize(ctx context.Context) {
	p.probe(ctx, wire.ProbeSpec{Kind: inventory.ProbeMTU, Why: inventory.ProbeElected, Target: inventory.TargetController})
}

// probe makes one probe and keeps its result for the next report, which goes at
// once where there is news in it or somebody waits.
func (p *probing) probe(ctx context.Context, spec wire.ProbeSpec) {
	if ctx.Err() != nil {
		return
	}
	_, clock := p.app.boot()
	r, ok := p.app.probeOnce(ctx, spec)
	if !ok || ctx.Err() != nil {
		return // nothing to ask, or stopping: what ctx broke off says nothing of the service
	}
	r.BootClock = clock
	p.mu.Lock()
	p.results = append(p.results, r)
	if over := len(p.results) - wire.MaxProbes; over > 0 {
		p.results = slices.Delete(p.results, 0, over)
	}
	p.mu.Unlock()
	urgent := !r.OK || r.Why == inventory.ProbeAsked || r.Why == inventory.ProbeConfirm
	if _, reporter := p.app.parts(); urgent && reporter != nil {
		reporter.Nudge()
	}
}

// take hands the results over to a report.
func (p *probing) take() []inventory.ProbeResult {
	p.mu.Lock()
	defer p.mu.Unlock()
	taken := p.results
	p.results = nil
	return taken
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// plan is what the settings say is to be probed, and at which site.
func (a *App) plan() (*wire.Probing, string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.planned, a.settings.Site
}

// controllerTime is now as the controller has it, as far as that is known.
func (a *App) controllerTime(now time.Time) time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.standing.hasAck {
		return now
	}
	return now.Add(a.standing.controllerNow)
}

// atSite reports whether the machine is where the controller last placed it:
// nothing is probed from other people's networks.
func (a *App) atSite() bool {
	present := a.present()
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.placement.open(present)
}

// members are the workstations that take turns, this one among them, and which
// one it is. Where there is no pool the controller says who they are.
func (a *App) members(turns []string) (self string, members []string) {
	a.mu.Lock()
	self = a.seal.Workstation
	pool, resident := a.settings.Pool != nil, a.resident
	a.mu.Unlock()
	if !pool {
		return self, turns
	}
	members = []string{self}
	for _, m := range resident.Neighbours() {
		if !slices.Contains(members, m.Workstation) {
			members = append(members, m.Workstation)
		}
	}
	return self, members
}

// seesController reports whether a controller is alive in the pool, or there is
// no pool to see one in.
func (a *App) seesController() bool {
	a.mu.Lock()
	pool, resident := a.settings.Pool != nil, a.resident
	a.mu.Unlock()
	return !pool || resident.Standing().Controller
}

// probeOnce resolves what only this machine knows, and probes. ok is false where
// there is nothing to ask: a machine without neighbours.
func (a *App) probeOnce(ctx context.Context, spec wire.ProbeSpec) (r inventory.ProbeResult, ok bool) {
	refused := inventory.ProbeResult{Ask: spec.Ask, Kind: spec.Kind, Why: spec.Why, Service: spec.Service, Target: spec.Target}
	if !a.atSite() {
		refused.Error, refused.Detail = inventory.ProbeNoPath, notPlaced+": nothing is probed from there"
		return refused, spec.Why == inventory.ProbeAsked
	}
	word := spec.Target
	if inventory.SelfNamed(word) {
		target, known := a.ownTarget(ctx, spec)
		if !known {
			refused.Error, refused.Detail = inventory.ProbeNoPath, "this machine knows no "+word
			return refused, word != inventory.TargetNeighbour
		}
		spec.Target = target
	}
	r = a.opts.Machine.Probe(ctx, spec)
	r.Target = word
	return r, true
}

// ownTarget is the address that a word stands for.
func (a *App) ownTarget(ctx context.Context, spec wire.ProbeSpec) (string, bool) {
	switch spec.Target {
	case inventory.TargetGateway:
		gateway, known := a.opts.Machine.Network(ctx, a.toward()).Gateway.Get()
		return gateway.String(), known
	case inventory.TargetNeighbour:
		return a.neighbour()
	default:
		a.mu.Lock()
		defer a.mu.Unlock()
		if len(a.controllers) == 0 {
			return "", false
		}
		if spec.Kind == inventory.ProbePing || spec.Kind == inventory.ProbeTrace {
			return a.controllers[0].Addr().String(), true
		}
		return "tls://" + a.controllers[0].String(), true
	}
}

// neighbour is another member, the one that ranks first among the others: the
// two elected measure the way to one another.
func (a *App) neighbour() (string, bool) {
	self, members := a.members(nil)
	resident, _ := a.parts()
	_, site := a.plan()
	if resident == nil {
		return "", false
	}
	ranked := inventory.RotaElected(site, members, probersElected+1)
	ranked = slices.DeleteFunc(ranked, func(m string) bool { return m == self })
	var at netip.Addr
	for _, m := range resident.Neighbours() {
		if len(ranked) > 0 && m.Workstation == ranked[0] {
			at = m.Addr.Addr()
		}
	}
	return at.String(), at.IsValid()
}
