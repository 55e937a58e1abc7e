package app

import (
	"context"
	"slices"
	"time"

	"muster/inventory"
	"muster/inventory/wire"
)

// Bounds of what others may make this machine probe. Any holder of the pool's
// key can ask it to look after its own services; only the controller, over TLS,
// can name anything else.
const (
	askedPerMinute = 6
	confirmAgain   = 20 * time.Second // between two probes of one service
	questionsKept  = 32
)

// allowance lets so many through in a minute.
type allowance struct {
	since time.Time
	spent int
}

// take reports whether one more is allowed.
func (b allowance) take(now time.Time, perMinute int) (allowance, bool) {
	if b.since.IsZero() || now.Sub(b.since) >= time.Minute {
		b = allowance{since: now}
	}
	if b.spent >= perMinute {
		return b, false
	}
	b.spent++
	return b, true
}

// begin notes that a service is probed now; false: it was within again.
func (p *probing) begin(service string, again time.Duration) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if before, known := p.begunAt[service]; known && now.Sub(before) < again {
		return false
	}
	if len(p.begunAt) > 4*inventory.MaxServices {
		clear(p.begunAt) // services of former settings
	}
	p.begunAt[service] = now
	return true
}

// query answers a question of the mesh. It runs on the pool's goroutine and only
// puts down what is asked.
func (p *probing) query(name string, body []byte) []byte {
	if name != wire.QueryProbe {
		return nil
	}
	q, err := wire.DecodeProbeQuestion(body)
	if err != nil {
		return []byte("malformed")
	}
	plan, _ := p.app.plan()
	taken := 0
	for _, service := range q.Services {
		if p.confirm(plan, service) {
			taken++
		}
	}
	if q.Report && p.allowed() {
		if _, reporter := p.app.parts(); reporter != nil {
			reporter.Nudge()
			taken++
		}
	}
	if taken == 0 {
		return []byte("no")
	}
	return []byte("yes")
}

// confirm takes up a question for one of the machine's own services.
func (p *probing) confirm(plan *wire.Probing, service string) bool {
	if plan == nil {
		return false
	}
	i := slices.IndexFunc(plan.Services, func(s wire.ServiceProbe) bool { return s.Name == service })
	if i < 0 {
		return false
	}
	spec, err := plan.Services[i].Spec(inventory.ProbeConfirm)
	return err == nil && p.allowed() && p.begin(service, confirmAgain) && p.enqueue(spec)
}

func (p *probing) allowed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	var ok bool
	p.budget, ok = p.budget.take(time.Now(), askedPerMinute)
	return ok
}

// enqueue takes a probe to be made; what does not fit is dropped.
func (p *probing) enqueue(spec wire.ProbeSpec) bool {
	select {
	case p.asks <- spec:
		return true
	default:
		return false
	}
}

// asked takes up what a reply asks for, each question once.
func (p *probing) asked(specs []wire.ProbeSpec) {
	for _, spec := range specs[:min(len(specs), wire.MaxAsks)] {
		if spec.Ask == "" || spec.Validate() != nil {
			continue
		}
		p.mu.Lock()
		known := slices.Contains(p.seen, spec.Ask)
		if !known {
			p.seen = append(p.seen, spec.Ask)
			p.seen = p.seen[max(len(p.seen)-questionsKept, 0):]
		}
		p.mu.Unlock()
		if !known {
			p.enqueue(spec)
		}
	}
}

// answer makes what was asked, one after the other, until ctx ends: a rota's probe
// that takes its whole timeout keeps nobody waiting.
func (p *probing) answer(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case spec := <-p.asks:
			p.probe(ctx, spec)
		}
	}
}
