package app

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"time"

	"muster/agent/report"
	"muster/agent/seal"
	"muster/inventory"
	"muster/inventory/wire"
	"muster/mesh"
)

// Errors of the life of an App.
var (
	ErrStarted = errors.New("the agent was started before")
	ErrStopped = errors.New("the agent was stopped")
)

// App is one agent. Its methods are safe for concurrent use.
type App struct {
	opts Options
	log  *slog.Logger
	own  string // names this start of the agent, and the boot of a machine that cannot name it

	returned chan string   // holds one word about a machine that was to go and is there
	begun    chan struct{} // closed when the journal says that the agent began

	life    sync.Mutex // serialises Start and Stop; guards the five below; before mu
	started bool
	stopped bool
	stack   stack
	hush    context.CancelFunc // ends watching and reporting

	// Set by Start before anything runs, and not changed after.
	vault   *seal.Vault
	journal *report.Journal
	port    *mesh.Port
	client  *report.Client
	probing *probing

	mu          sync.Mutex // guards all below
	seal        *seal.Seal
	settings    wire.Settings
	planned     *wire.Probing // of the settings, bounded; nil: nothing is probed
	controllers []netip.AddrPort
	resident    *mesh.Resident
	reporter    *report.Reporter
	standing    standing
	placement   placement
}

// standing is how the work goes, as Status shows it.
type standing struct {
	via            string
	lastAckAt      time.Time
	lastAckClock   time.Duration // boot clock; with hasAck
	hasAck         bool
	lastSeq        uint64
	failing        bool
	uplink         string // class of the last post while there is no pool to say it
	problem        string
	journalProblem string
	controllerNow  time.Duration // the controller's time minus ours; with hasAck
	heardAt        time.Time     // the controller's last packet, and the boot clock then
	heardClock     time.Duration
	renewedAt      time.Time // last renewal that a refusal asked for
}

// New checks the options; it opens nothing.
func New(o Options) (*App, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	a := &App{
		opts: o, log: o.Log.With("component", "agent"), own: "process-" + strings.ToLower(rand.Text()),
		returned: make(chan string, 1), begun: make(chan struct{}),
	}
	a.probing = newProbing(a)
	return a, nil
}

// Start takes the state folder and the port and lets the agent run until Stop.
// It does not wait for the controller. ctx bounds the start alone. It returns
// ErrStarted or ErrStopped where it is too late, and wraps report.ErrInUse where
// another agent has the folder.
func (a *App) Start(ctx context.Context) error {
	a.life.Lock()
	defer a.life.Unlock()
	switch {
	case a.stopped:
		return ErrStopped
	case a.started:
		return ErrStarted
	}
	a.started = true
	if err := a.start(ctx); err != nil {
		a.stopped = true
		return errors.Join(fmt.Errorf("cannot start agent: %w", err), a.stack.unwind(context.WithoutCancel(ctx)))
	}
	return nil
}

func (a *App) start(ctx context.Context) error {
	if err := a.open(ctx); err != nil {
		return err
	}
	var err error
	a.port, err = mesh.ListenPort(mesh.PortOptions{Network: a.opts.Network, Addr: a.opts.Addr, Log: a.opts.Log})
	if err != nil {
		return err
	}
	a.stack.push(func(context.Context) error { return a.port.Close() })
	a.client, err = report.NewClient(report.ClientOptions{
		Dial: a.dial, Blame: a.blame, Verify: a.verify, ServerName: seal.ServerName, Certificate: a.certificate,
	})
	if err != nil {
		return err
	}
	a.stack.push(func(context.Context) error { a.client.Close(); return nil })
	a.stack.push(a.closeResident)
	if err := ctx.Err(); err != nil {
		return err
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var all sync.WaitGroup
	all.Go(func() { a.watch(running) })
	all.Go(func() { a.work(running) })
	a.hush = cancel
	a.stack.push(func(context.Context) error { cancel(); all.Wait(); return nil })
	return nil
}

// Stop ends the agent without giving a reason: only the agent stops, not the
// machine. It may be called at any time, more than once.
func (a *App) Stop(ctx context.Context) error { return a.StopFor(ctx, "") }

// StopFor ends the agent and says why: to the journal, on disk, and straight to
// the controllers. ctx bounds the goodbye; what was opened is closed in any case.
func (a *App) StopFor(ctx context.Context, reason inventory.LeaveReason) error {
	a.life.Lock()
	defer a.life.Unlock()
	if a.stopped {
		return nil
	}
	a.stopped = true
	if a.started {
		a.hush() // a report after the goodbye would say that the machine lives
		a.say(ctx, reason, func(r *mesh.Resident) error { return r.SayLeave(ctx, reason) })
	}
	return a.stack.unwind(ctx)
}

// say writes the last record and, where there is a reason, tells the controllers
// by tell, both at once: a gateway that does not answer or a slow disk must not
// take the time of the other.
func (a *App) say(ctx context.Context, reason inventory.LeaveReason, tell func(*mesh.Resident) error) {
	kind, text := wire.RecordLeave, string(reason)
	if reason == "" {
		kind, text = wire.RecordEdge, "agent stopped"
	}
	var both sync.WaitGroup
	defer both.Wait()
	both.Go(func() {
		if err := a.writeNow(ctx, kind, text); err != nil {
			a.log.WarnContext(ctx, "goodbye not in the journal", "error", err)
		}
	})
	resident, _ := a.parts()
	if reason == "" || resident == nil {
		return
	}
	if err := tell(resident); err != nil && !errors.Is(err, mesh.ErrNoPool) {
		a.log.WarnContext(ctx, "goodbye may not have been heard", "reason", string(reason), "error", err)
	}
}

// Announce says that the machine is about to sleep, shut down or restart: to the
// journal, on disk, and straight to the controllers. The agent goes on, for it is
// stopped later or not at all. ctx bounds it.
func (a *App) Announce(ctx context.Context, reason inventory.LeaveReason) {
	a.life.Lock()
	defer a.life.Unlock()
	if a.started && !a.stopped && reason != "" {
		a.say(ctx, reason, func(r *mesh.Resident) error { return r.Announce(ctx, reason) })
	}
}

// Sleep says that the machine is about to suspend. The agent goes on.
func (a *App) Sleep(ctx context.Context) { a.Announce(ctx, inventory.LeaveSleep) }

// Woke says that the machine is back from sleep: the journal has it, and a report
// goes at once, over a connection of its own, for the former one may be dead. It
// does not wait for either.
func (a *App) Woke() { a.back(wokeWord) }

// Stays says that the machine will not shut down after all.
func (a *App) Stays() { a.back("stays up") }

// back leaves word for the watch; one word is enough.
func (a *App) back(word string) {
	select {
	case a.returned <- word:
	default:
	}
}

func (a *App) closeResident(ctx context.Context) error {
	a.mu.Lock()
	resident := a.resident
	a.mu.Unlock()
	if resident == nil {
		return nil
	}
	return resident.Close(ctx)
}

// parts are the two that exist only once there is a certificate; nil before.
func (a *App) parts() (*mesh.Resident, *report.Reporter) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.resident, a.reporter
}

// certificate is the client certificate; nil before enrolment.
func (a *App) certificate() *tls.Certificate {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.seal.Enrolled() {
		return nil
	}
	return a.seal.TLS()
}

// verify judges a controller against the pin that is in force.
func (a *App) verify(state tls.ConnectionState) error {
	a.mu.Lock()
	s := a.seal
	a.mu.Unlock()
	if s == nil {
		return errors.New("there is no CA to trust yet")
	}
	var known []byte
	if len(s.Certificates) > 1 {
		known = s.Certificates[1]
	}
	return a.opts.Shared.trust.Verifier(s.CA, known)(state)
}
