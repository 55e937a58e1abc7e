package stage

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"muster/controller/rehearsal"
	"muster/inventory"
	"muster/inventory/wire"
)

// world answers what the stage's machines probe: the path by the fabric, services
// by what the timeline did to them.
type world struct {
	stage *Stage

	// mu guards what follows, and is held while the stage changes.
	mu   sync.Mutex
	down []outage
	mtu  map[string]int // by site; zero: whole packets pass
}

// outage is a service that fails at some sites.
type outage struct {
	service string
	sites   []string
	class   inventory.ProbeError
}

// serve begins or ends an outage; mu is held.
func (w *world) serve(step rehearsal.Step) {
	f := step.Fault
	if step.Heal {
		w.down = slices.DeleteFunc(w.down, func(o outage) bool { return o.service == f.Service && slices.Equal(o.sites, step.Sites) })
		return
	}
	class := f.Error
	if class == "" {
		class = inventory.ProbeTimeout
	}
	w.down = append(w.down, outage{f.Service, step.Sites, class})
}

// at is what a probe needs to know of where it is made.
type at struct {
	site string
	mtu  int
	fail inventory.ProbeError
}

func (w *world) at(workstation netip.Addr, service string) at {
	w.mu.Lock()
	defer w.mu.Unlock()
	var here at
	for _, d := range w.stage.desks {
		if *d.addr.Load() == workstation {
			here.site = d.home.code
		}
	}
	here.mtu = w.mtu[here.site]
	for _, o := range w.down {
		if o.service == service && slices.Contains(o.sites, here.site) {
			here.fail = o.class
		}
	}
	return here
}

// Probe implements simulated.World.
func (w *world) Probe(ctx context.Context, workstation netip.Addr, spec wire.ProbeSpec) inventory.ProbeResult {
	timeout := 10 * time.Second
	if spec.Timeout > 0 {
		timeout = spec.Timeout.Duration()
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	here := w.at(workstation, spec.Service)
	to, isPath := targetAddr(spec.Target)
	if !isPath {
		to = controllerAddr // services stand where the controller does, beyond the WAN
	}
	switch spec.Kind {
	case inventory.ProbePing:
		return w.pings(ctx, workstation, to, spec.Count)
	case inventory.ProbeMTU:
		if rtt, ok := w.echo(ctx, workstation, to); !ok {
			return failed(inventory.ProbeTimeout, "not even small packets are answered", rtt)
		}
		if here.mtu > 0 && here.mtu < 1500 {
			r := failed(inventory.ProbePathMTU, "smaller packets pass, of 1500 bytes do not", 0)
			r.MTUBytes = here.mtu
			return r
		}
		return inventory.ProbeResult{OK: true, MTUBytes: 1500}
	default:
		return w.serviceProbe(ctx, here, workstation, to)
	}
}

// serviceProbe is one whole request: the name, the connection, the answer.
func (w *world) serviceProbe(ctx context.Context, here at, from, to netip.Addr) inventory.ProbeResult {
	if here.fail == inventory.ProbeDNSTimeout {
		w.pass(ctx, time.Minute)
		return failed(here.fail, "the resolver does not answer", 0)
	}
	rtt, ok := w.connect(ctx, from, to)
	switch {
	case !ok:
		return failed(inventory.ProbeDNSTimeout, "the resolver does not answer", 0)
	case here.fail == inventory.ProbeTimeout || here.fail == "" && here.mtu > 0 && here.mtu < 1500:
		w.pass(ctx, time.Minute)
		return failed(inventory.ProbeTimeout, "no answer in time", rtt)
	case here.fail != "":
		return failed(here.fail, "as the rehearsal says", rtt)
	}
	ms := float64(rtt.Microseconds()) / 1000
	return inventory.ProbeResult{
		OK: true, Status: 200, DNSMillis: ms, ConnectMillis: ms, TLSMillis: 2 * ms, FirstByteMillis: ms, TotalMillis: 5 * ms,
	}
}

// connect tries as TCP does: a lost packet is sent again after 1, 2 and 4 seconds.
func (w *world) connect(ctx context.Context, from, to netip.Addr) (time.Duration, bool) {
	for try := range 3 {
		once, cancel := context.WithTimeout(ctx, time.Second<<try)
		rtt, ok := w.echo(once, from, to)
		cancel()
		if ok {
			return rtt, true
		}
	}
	return 0, false
}

func (w *world) echo(ctx context.Context, from, to netip.Addr) (time.Duration, bool) {
	began := time.Now()
	err := w.stage.fabric.Look(from).Echo(ctx, from, to)
	return time.Since(began), err == nil
}

func (w *world) pass(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// pings is a window of echoes, ten a second.
func (w *world) pings(ctx context.Context, from, to netip.Addr, count int) inventory.ProbeResult {
	if count <= 0 {
		count = 10
	}
	type answer struct {
		rtt time.Duration
		ok  bool
	}
	answers := make(chan answer, count)
	var asking sync.WaitGroup
	for range count {
		asking.Go(func() {
			once, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			rtt, ok := w.echo(once, from, to)
			answers <- answer{rtt, ok}
		})
		w.pass(ctx, 100*time.Millisecond)
	}
	asking.Wait()
	close(answers)
	var rtts []float64
	for a := range answers {
		if a.ok {
			rtts = append(rtts, float64(a.rtt.Microseconds())/1000)
		}
	}
	r := inventory.ProbeResult{OK: len(rtts) > 0, Sent: count, Lost: count - len(rtts)}
	if len(rtts) == 0 {
		r.Error = inventory.ProbeTimeout
		return r
	}
	for i := 1; i < len(rtts); i++ {
		r.JitterMillis += max(rtts[i]-rtts[i-1], rtts[i-1]-rtts[i]) / float64(len(rtts)-1)
	}
	slices.Sort(rtts)
	r.MinMillis, r.MaxMillis, r.MedianMillis, r.P95Millis = rtts[0], rtts[len(rtts)-1], rtts[len(rtts)/2], rtts[len(rtts)*95/100]
	return r
}

func failed(class inventory.ProbeError, why string, rtt time.Duration) inventory.ProbeResult {
	return inventory.ProbeResult{Error: class, Detail: why, ConnectMillis: float64(rtt.Microseconds()) / 1000}
}

// targetAddr is the address in a target that is one: 10.0.0.1, tls://10.0.0.2:7946.
func targetAddr(target string) (netip.Addr, bool) {
	if _, rest, ok := strings.Cut(target, "://"); ok {
		target = strings.TrimSuffix(rest, "/")
	}
	if at, err := netip.ParseAddrPort(target); err == nil {
		return at.Addr(), true
	}
	addr, err := netip.ParseAddr(target)
	return addr, err == nil
}
