package intake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/prometheus/client_golang/prometheus"

	"muster/inventory"
	"muster/inventory/wire"
)

// Options are what an Intake needs. Authority, Store, Settings and Registry are
// required.
type Options struct {
	Authority Authority
	Store     Store
	Log       *slog.Logger
	// Settings is what the controller wants of a workstation now, where held is
	// the version that the workstation has: when that is the newest, no more than
	// the version is read. It is asked at every report and must not wait.
	Settings func(ctx context.Context, workstation, held string) (wire.Settings, error)
	// OnReport, where set, is told of each report once, after it was committed
	// and before it is acknowledged. Reports of one workstation come in order; it
	// must not wait.
	OnReport func(Accepted)
	// OnConflict, where set, is told when two live machines use one identity: at the
	// first sign, and now and then while it goes on. It must not wait.
	OnConflict func(workstation string, at time.Time)
	// WantJournal, where set, names the piece of a workstation's journal that is
	// still wanted, or nil.
	WantJournal func(workstation string) *wire.JournalSpan
	// Asks, where set, are the probes that wait for a workstation. It must not wait.
	Asks     func(workstation string) []wire.ProbeSpec
	Now      func() time.Time // nil: time.Now
	Limits   Limits           // zero fields: DefaultLimits
	Registry prometheus.Registerer
}

// Accepted is a report that is on disk.
type Accepted struct {
	Workstation string
	Addr        netip.Addr // from which it came; invalid where a neighbour relayed it
	Via         string     // workstation id of the relaying neighbour
	ReceivedAt  time.Time
	ReadAt      time.Time // by the controller's clock
	Report      wire.Report
	// Journal is Report.Journal as it was kept, record by record: dated by the
	// controller's clock.
	Journal []inventory.JournalRow
}

// Intake takes enrolments, renewals and reports. It is safe for concurrent use.
type Intake struct {
	authority   Authority
	store       Store
	log         *slog.Logger
	settings    func(ctx context.Context, workstation, held string) (wire.Settings, error)
	onReport    func(Accepted)
	onConflict  func(workstation string, at time.Time)
	wantJournal func(workstation string) *wire.JournalSpan
	asks        func(workstation string) []wire.ProbeSpec
	now         func() time.Time
	limits      Limits

	metrics   *metrics
	peers     *peerCache
	revoked   *revocations
	desks     *desks
	inflater  wire.Inflater
	decoders  *decoders
	writer    *writer
	enrolling chan struct{}        // one enrolment at a time is matched and committed
	sources   *limiter[netip.Addr] // enrolments and renewals by address
	failures  *limiter[netip.Addr] // refused enrolments by address
	inflating chan struct{}        // bodies that are being decompressed or are large

	mu      sync.Mutex // guards what follows
	closed  bool
	inside  sync.WaitGroup // handlers at work
	working sync.WaitGroup // own goroutines
	stop    context.CancelFunc
}

// New checks the options, reads which certificates are revoked and starts the
// writer. Close ends it.
func New(opts Options) (*Intake, error) {
	switch {
	case opts.Authority == nil || opts.Store == nil:
		return nil, errors.New("cannot open intake: no authority or no store given")
	case opts.Settings == nil:
		return nil, errors.New("cannot open intake: no settings given")
	case opts.Registry == nil:
		return nil, errors.New("cannot open intake: no metrics registry given")
	}
	limits := opts.Limits.orDefault()
	if err := limits.validate(); err != nil {
		return nil, fmt.Errorf("cannot open intake: %w", err)
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.OnReport == nil {
		opts.OnReport = func(Accepted) {}
	}
	if opts.OnConflict == nil {
		opts.OnConflict = func(string, time.Time) {}
	}
	if opts.Asks == nil {
		opts.Asks = func(string) []wire.ProbeSpec { return nil }
	}
	if opts.WantJournal == nil {
		opts.WantJournal = func(string) *wire.JournalSpan { return nil }
	}
	i := &Intake{
		authority: opts.Authority, store: opts.Store, log: opts.Log.With("component", "intake"),
		settings: opts.Settings, onReport: opts.OnReport, onConflict: opts.OnConflict, wantJournal: opts.WantJournal, asks: opts.Asks, now: opts.Now, limits: limits,
		peers: newPeerCache(opts.Authority, maxPeers), desks: newDesks(),
		inflater:  wire.Inflater{New: func() wire.Gunzipper { return new(gzip.Reader) }},
		decoders:  newDecoders(),
		enrolling: make(chan struct{}, 1),
		sources:   newLimiter[netip.Addr](limits.EnrolPerSecond, limits.EnrolBurst, maxSources),
		failures:  newLimiter[netip.Addr](limits.FailurePerSecond, limits.FailureBurst, maxSources),
		inflating: make(chan struct{}, limits.Inflating),
	}
	return i, i.open(opts.Registry)
}

func (i *Intake) open(registry prometheus.Registerer) error {
	ctx, stop := context.WithCancel(context.Background())
	i.stop = stop
	i.revoked = newRevocations(i.store, i.log)
	if err := i.revoked.refresh(ctx); err != nil {
		stop()
		return fmt.Errorf("cannot open intake: %w", err)
	}
	if err := i.resumeConflicts(ctx); err != nil {
		stop()
		return fmt.Errorf("cannot open intake: %w", err)
	}
	i.writer = newWriter(i.store, i.limits, i.log)
	var err error
	if i.metrics, err = newMetrics(registry, i.writer); err != nil {
		stop()
		return fmt.Errorf("cannot open intake: %w", err)
	}
	i.writer.metrics = i.metrics
	i.working.Go(i.writer.run)
	i.decoders.each(i.working.Go)
	i.working.Go(func() { i.revoked.run(ctx) })
	return nil
}

// Handler serves the paths of package wire; anything else is a problem 404. It
// is meant for a TLS listener that asks for client certificates.
func (i *Intake) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle(wire.ReportPath, i.door(i.report))
	mux.Handle(wire.EnrolPath, i.door(i.enrol))
	mux.Handle(wire.RenewPath, i.door(i.renew))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		i.refuse(w, problemf(reasonPath, "there is nothing at %.100q", r.URL.Path))
	})
	return mux
}

// Revoke refuses a certificate from now on; the store has been told already. The
// intake learns by itself within a few seconds what others revoke.
func (i *Intake) Revoke(serials ...string) { i.revoked.add(serials...) }

// Close refuses new posts, answers those under way and returns when nothing
// works any more, or with ctx's error when that takes too long. Closing twice
// is harmless.
func (i *Intake) Close(ctx context.Context) error {
	i.mu.Lock()
	first := !i.closed
	i.closed = true
	i.mu.Unlock()
	done := make(chan struct{})
	go func() { // ends with the writer, which ends when the last handler has left
		defer close(done)
		i.inside.Wait()
		if first {
			i.stop()
			i.decoders.close()
			i.writer.close()
		}
		i.working.Wait()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("cannot close intake: posts are still under way: %w", ctx.Err())
	}
}

// enter counts a handler in, unless the intake is closing.
func (i *Intake) enter() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed {
		return false
	}
	i.inside.Add(1)
	return true
}
