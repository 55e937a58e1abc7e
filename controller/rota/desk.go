package rota

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"muster/inventory"
	"muster/inventory/wire"
	"muster/mesh"
)

// Errors of a question.
var (
	// ErrBusy is wrapped where too many questions wait already.
	ErrBusy = errors.New("too many questions wait")
	// ErrClosed is wrapped once the desk is closed.
	ErrClosed = errors.New("the controller is stopping")
)

// Mesh is how pools are asked; *mesh.Controller is one.
type Mesh interface {
	Members(site string) []mesh.Member
	Query(ctx context.Context, site, name string, body []byte, members ...string) ([]mesh.Answer, error)
}

// Estate knows where workstations are; *pools.Pools is one.
type Estate interface {
	// WorkstationAt is the site at which a workstation is now, and whether that
	// site runs without gossip. An unknown workstation is not known.
	WorkstationAt(workstation string) (site string, direct, known bool)
	// WithPresence lists the workstations of a site that have a presence.
	WithPresence(presence inventory.Presence, site string) []string
}

// Options is what a Desk is made of; all but Rules are required.
type Options struct {
	Mesh     Mesh
	Estate   Estate
	Services func() []inventory.Service
	Log      *slog.Logger
	Now      func() time.Time
	Rules    Rules
}

// Bounds of what waits, and for how long.
const (
	maxWaiting    = 256
	maxWaitingOne = wire.MaxAsks
	askedFor      = 2 * time.Minute // how long a question may wait for the workstation
	answeredFor   = time.Minute     // how long an answer serves who asks the same again
	queriesAtOnce = 8
	queriesQueued = 256
	queryFor      = 5 * time.Second
)

// question is one probe that was asked for.
type question struct {
	workstation string
	spec        wire.ProbeSpec
	askedAt     time.Time
	answeredAt  time.Time     // zero: not yet
	done        chan struct{} // closed with the answer
	result      inventory.ProbeResult
}

// query is one word to a pool.
type query struct {
	site    string
	members []string // workstation ids
	body    wire.ProbeQuestion
}

// Desk takes questions and gives them out. It is safe for concurrent use.
type Desk struct {
	opts    Options
	queries chan query
	closing context.Context
	close   context.CancelFunc
	working sync.WaitGroup

	mu        sync.Mutex // guards what follows
	questions []*question
	confirmed *Confirmations
}

// New starts a desk; Close ends it.
func New(o Options) (*Desk, error) {
	if o.Mesh == nil || o.Estate == nil || o.Services == nil || o.Log == nil || o.Now == nil {
		return nil, errors.New("cannot open the probing desk: mesh, estate, services, log and clock are all needed")
	}
	if o.Rules == (Rules{}) {
		o.Rules = DefaultRules()
	}
	d := &Desk{opts: o, queries: make(chan query, queriesQueued), confirmed: NewConfirmations(o.Rules)}
	d.closing, d.close = context.WithCancel(context.Background())
	for range queriesAtOnce {
		d.working.Go(d.ask)
	}
	return d, nil
}

// Close ends every wait and waits for what is under way.
func (d *Desk) Close() {
	d.close()
	d.working.Wait()
}

// ask puts queries to pools until the desk closes.
func (d *Desk) ask() {
	for {
		select {
		case <-d.closing.Done():
			return
		case q := <-d.queries:
			d.put(q)
		}
	}
}

// put asks the members that are alive. Who does not answer is not asked again:
// the rota comes round, and a person sees that nothing came.
func (d *Desk) put(q query) {
	var names []string
	for _, m := range d.opts.Mesh.Members(q.site) {
		if m.State == mesh.StateAlive && m.Workstation != "" && slices.Contains(q.members, m.Workstation) {
			names = append(names, m.Name)
		}
	}
	if len(names) == 0 {
		return
	}
	body, err := json.Marshal(q.body)
	if err == nil {
		ctx, cancel := context.WithTimeout(d.closing, queryFor)
		_, err = d.opts.Mesh.Query(ctx, q.site, wire.QueryProbe, body, names...)
		cancel()
	}
	if err != nil && d.closing.Err() == nil {
		d.opts.Log.Debug("workstations not asked to probe", "site", q.site, "error", err)
	}
}

// send leaves a query to be put; one that does not fit is dropped.
func (d *Desk) send(q query) {
	select {
	case d.queries <- q:
	default:
		d.opts.Log.Warn("too many questions for pools, one is dropped", "site", q.site)
	}
}

// Ask makes a workstation probe and waits for the result until ctx ends. Who asks
// the same again shares the answer. It wraps inventory.ErrNotFound, ErrBusy,
// ErrClosed, or ctx's error where no answer came in time.
func (d *Desk) Ask(ctx context.Context, workstation string, spec wire.ProbeSpec) (inventory.ProbeResult, error) {
	site, direct, known := d.opts.Estate.WorkstationAt(workstation)
	if !known {
		return inventory.ProbeResult{}, fmt.Errorf("workstation %q: %w", workstation, inventory.ErrNotFound)
	}
	q, fresh, err := d.enter(workstation, spec)
	if err != nil {
		return inventory.ProbeResult{}, err
	}
	if fresh && !direct {
		d.send(query{site: site, members: []string{workstation}, body: wire.ProbeQuestion{Report: true}})
	}
	select {
	case <-q.done:
		return q.result, nil
	case <-ctx.Done():
		return inventory.ProbeResult{}, fmt.Errorf("no answer from %s: %w", workstation, ctx.Err())
	case <-d.closing.Done():
		return inventory.ProbeResult{}, fmt.Errorf("no answer from %s: %w", workstation, ErrClosed)
	}
}

// Report makes a workstation report at once, if its site has a pool. It returns at
// once.
func (d *Desk) Report(site, workstation string) {
	if _, direct, known := d.opts.Estate.WorkstationAt(workstation); known && !direct {
		d.send(query{site: site, members: []string{workstation}, body: wire.ProbeQuestion{Report: true}})
	}
}

// enter finds the same question or writes a new one down.
func (d *Desk) enter(workstation string, spec wire.ProbeSpec) (q *question, fresh bool, err error) {
	spec.Ask, spec.Why = "", cmpWhy(spec.Why)
	if err := spec.Validate(); err != nil {
		return nil, false, fmt.Errorf("cannot ask %s: %w", workstation, err)
	}
	now := d.opts.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tidy(now)
	waiting := 0
	for _, q := range d.questions {
		if q.workstation != workstation {
			continue
		}
		same := q.spec
		same.Ask = ""
		if same == spec {
			return q, q.answeredAt.IsZero(), nil
		}
		if q.answeredAt.IsZero() {
			waiting++
		}
	}
	if waiting >= maxWaitingOne || len(d.questions) >= maxWaiting {
		return nil, false, fmt.Errorf("cannot ask %s: %w", workstation, ErrBusy)
	}
	spec.Ask = strings.ToLower(rand.Text()[:12])
	q = &question{workstation: workstation, spec: spec, askedAt: now, done: make(chan struct{})}
	d.questions = append(d.questions, q)
	return q, true, nil
}

func cmpWhy(why inventory.ProbeWhy) inventory.ProbeWhy {
	if why == "" {
		return inventory.ProbeAsked
	}
	return why
}

// tidy forgets what is over; mu is held.
func (d *Desk) tidy(now time.Time) {
	d.questions = slices.DeleteFunc(d.questions, func(q *question) bool {
		if q.answeredAt.IsZero() {
			return now.Sub(q.askedAt) > askedFor
		}
		return now.Sub(q.answeredAt) > answeredFor
	})
}

// Asks are the questions that wait for a workstation: its reply carries them, and
// carries them again until they are answered, for a reply may be lost.
func (d *Desk) Asks(workstation string) []wire.ProbeSpec {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.questions) == 0 {
		return nil
	}
	d.tidy(d.opts.Now())
	var specs []wire.ProbeSpec
	for _, q := range d.questions {
		if q.workstation == workstation && q.answeredAt.IsZero() && len(specs) < wire.MaxAsks {
			specs = append(specs, q.spec)
		}
	}
	return specs
}

// Reported takes what a workstation probed: answers go to who asked, and a failure
// of the rota is confirmed by others at once.
func (d *Desk) Reported(workstation string, probes []inventory.ProbeResult) {
	if len(probes) == 0 {
		return
	}
	d.settle(workstation, probes)
	site, _, known := d.opts.Estate.WorkstationAt(workstation)
	if !known || site == "" {
		return
	}
	for _, r := range probes {
		if r.OK || r.Service == "" || r.Why != inventory.ProbeRota {
			continue
		}
		d.confirm(site, r.Service, []string{workstation}, d.opts.Rules.Others)
		if Stalls(r) {
			d.measure(workstation, site, r)
		}
	}
}

// settle gives answers to their questions.
func (d *Desk) settle(workstation string, probes []inventory.ProbeResult) {
	now := d.opts.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, r := range probes {
		if r.Ask == "" {
			continue
		}
		for _, q := range d.questions {
			if q.spec.Ask == r.Ask && q.workstation == workstation && q.answeredAt.IsZero() {
				q.result, q.answeredAt = r, now
				close(q.done)
			}
		}
	}
}

// Confirm makes count workstations of a site look at a service now. It returns at
// once; what was asked within the last minute is not asked again.
func (d *Desk) Confirm(site, service string, count int) { d.confirm(site, service, nil, count) }

func (d *Desk) confirm(site, service string, failed []string, count int) {
	now := d.opts.Now()
	d.mu.Lock()
	due := d.confirmed.Take(site, service, now)
	d.mu.Unlock()
	if !due {
		return
	}
	members := d.opts.Estate.WithPresence(inventory.Present, site)
	picked := Others(site, service, now.Unix(), members, failed, count)
	if len(picked) == 0 {
		return
	}
	if _, direct, _ := d.opts.Estate.WorkstationAt(picked[0]); direct {
		for _, workstation := range picked {
			d.leave(workstation, service, "")
		}
		return
	}
	d.send(query{site: site, members: picked, body: wire.ProbeQuestion{Services: []string{service}}})
}

// Look makes one workstation look at services now. It returns at once; who does not
// answer is not asked again, the rota comes round.
func (d *Desk) Look(workstation string, services []string) {
	site, direct, known := d.opts.Estate.WorkstationAt(workstation)
	if !known || site == "" || len(services) == 0 {
		return
	}
	if direct {
		for _, service := range services {
			d.leave(workstation, service, "")
		}
		return
	}
	d.send(query{site: site, members: []string{workstation}, body: wire.ProbeQuestion{Services: services}})
}

// measure asks whether large packets pass on the way to a service that connects
// and then says nothing.
func (d *Desk) measure(workstation, site string, r inventory.ProbeResult) {
	if d.leave(workstation, r.Service, inventory.ProbeMTU) {
		d.send(query{site: site, members: []string{workstation}, body: wire.ProbeQuestion{Report: true}})
	}
}

// leave writes a question down that nobody waits for. A service whose proxy is
// found by a PAC file is asked for as the site's settings say, so not here.
func (d *Desk) leave(workstation, service string, kind inventory.ProbeKind) bool {
	for _, s := range d.opts.Services() {
		if s.Name != service || inventory.AutoProxy(s.Proxy) {
			continue
		}
		target, err := inventory.ParseProbeTarget(kind, s.Target)
		if err != nil {
			return false
		}
		spec := wire.ProbeSpec{
			Kind: target.Kind, Why: inventory.ProbeConfirm, Service: s.Name, Target: s.Target, Resolver: s.Resolver, Timeout: s.Patience(),
		}
		if target.Kind == inventory.ProbeHTTP {
			spec.Status, spec.Text = s.Status, s.Text
			if s.Proxy != inventory.ProxyDirect {
				spec.Proxy = s.Proxy
			}
		}
		_, fresh, err := d.enter(workstation, spec)
		return err == nil && fresh
	}
	return false
}
