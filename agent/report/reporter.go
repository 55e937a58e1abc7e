package report

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"muster/inventory"
	"muster/inventory/wire"
)

// Source is what the Reporter reads of the machine. It is called from the
// goroutine of Run alone.
type Source interface {
	Lists
	Senses
}

// Lists is what changes seldom.
type Lists interface {
	Hardware(ctx context.Context) inventory.Hardware
	Firmware(ctx context.Context) inventory.Firmware
	OS(ctx context.Context) inventory.OS
	Software(ctx context.Context) ([]inventory.Program, error)
}

// Senses is what is read for every report.
type Senses interface {
	Boot() (id string, clock time.Duration)
	Health(ctx context.Context) inventory.Health
	Network(ctx context.Context) inventory.Network
}

// Poster sends a body to a controller and returns its answer; Client does.
type Poster interface {
	Post(ctx context.Context, path string, body Body, header http.Header) (Answer, error)
}

// Options says for whom a Reporter reports. All but the functions and Process are
// required.
type Options struct {
	Workstation string
	Version     string // of the agent
	Source      Source
	Journal     *Journal
	Poster      Poster
	Encoder     *Encoder
	Dir         string // for what must outlive the process
	Process     string // random, new with each start of the agent; empty: not said
	Log         *slog.Logger
	Cadence     Cadence
	// Standing says which settings and pool key are in use.
	Standing func() (settings string, key int)
	// PoolKeys names the pool keys that are held, the one that writes first, by
	// blanks; see inventory.PoolKeyID. No function: not said, by number alone.
	PoolKeys func() string
	// AddrOut is the one address that may travel in journal records; records of
	// others travel without. An invalid one, or no function, means none.
	AddrOut func() netip.Addr
	// Now is the clock on the wall, as reports give it; nil is time.Now.
	Now func() time.Time
	// Probes hands over the results that the next report carries, at most
	// wire.MaxProbes; nil: there are none.
	Probes func() []inventory.ProbeResult
	// Stops reads how past boots ended, newest first; nil: nobody says.
	Stops func(ctx context.Context) ([]inventory.Stop, error)
	// OnReply and OnFailure hear how each post went, on Run's goroutine: they
	// must not block. A refusal wraps a *wire.Problem.
	OnReply   func(reply wire.Reply, way Way)
	OnFailure func(error)
}

// Reporter writes reports and sends them until they are acknowledged.
type Reporter struct {
	opts   Options
	folder folder
	poke   chan struct{} // holds one

	mu      sync.Mutex // guards the inbox: what others left for Run
	cadence Cadence
	owed    []wire.JournalSpan
	nudged  bool
	resumed bool

	// What follows belongs to Run.
	version  int // of the wire, as last agreed
	progress progress
	pending  *outgoing
	now      reading // as last read
	sent     reading // as in pending
	told     reading // as acknowledged
	hasTold  bool
	quiet    int // reports since the last whole one
	fresh    fresh
	wanted   map[wire.List]bool
	urgent   bool
	refused  bool // hold is for a refusal: a nudge does not shorten it
	hold     time.Time
	tried    time.Time // last post
	wrote    time.Time // last report written
	failures int
	jitter   float64

	nextHealth, nextInventory, nextSoftware time.Time

	nextStops time.Time
	owesStops bool   // the controller has not acknowledged the newest
	noStops   string // why they were not known at the last look
}

// New checks the options; Run reads what an earlier process left.
func New(o Options) (*Reporter, error) {
	switch {
	case !inventory.ValidWorkstationID(o.Workstation):
		return nil, errors.New("cannot report: no workstation id")
	case o.Source == nil || o.Journal == nil || o.Poster == nil || o.Encoder == nil || o.Log == nil || o.Dir == "":
		return nil, errors.New("cannot report: source, journal, poster, encoder, log and folder are all needed")
	}
	if o.Cadence == (Cadence{}) {
		o.Cadence = DefaultCadence()
	}
	if o.Standing == nil {
		o.Standing = func() (string, int) { return "", 0 }
	}
	if o.AddrOut == nil {
		o.AddrOut = func() netip.Addr { return netip.Addr{} }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Probes == nil {
		o.Probes = func() []inventory.ProbeResult { return nil }
	}
	if o.OnReply == nil {
		o.OnReply = func(wire.Reply, Way) {}
	}
	if o.OnFailure == nil {
		o.OnFailure = func(error) {}
	}
	return &Reporter{
		opts: o, folder: folder(o.Dir), poke: make(chan struct{}, 1), cadence: o.Cadence,
		version: wire.Version, wanted: make(map[wire.List]bool), jitter: rand.Float64(),
	}, nil
}

// Run reports until ctx ends.
func (r *Reporter) Run(ctx context.Context) {
	r.restore(ctx)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-r.poke:
		}
		next := r.step(ctx)
		timer.Reset(max(time.Until(next), 0))
	}
}

// Nudge makes the next report urgent, or the next try where the uplink was lost:
// the way to the controller is in doubt, or open again, or something changed
// that should not wait.
func (r *Reporter) Nudge() {
	r.leave(func() { r.nudged = true })
}

// Resume ends a wait after a refusal: its cause was mended.
func (r *Reporter) Resume() {
	r.leave(func() { r.nudged, r.resumed = true, true })
}

// Owe makes the records of a span travel with the next reports, newest first.
func (r *Reporter) Owe(span wire.JournalSpan) {
	r.leave(func() { r.owed = append(r.owed, span) })
}

// SetCadence changes how often what is done.
func (r *Reporter) SetCadence(c Cadence) {
	r.leave(func() { r.cadence = c })
}

// leave puts something into the inbox and wakes Run.
func (r *Reporter) leave(put func()) {
	r.mu.Lock()
	put()
	r.mu.Unlock()
	select {
	case r.poke <- struct{}{}:
	default:
	}
}

// takeInbox moves what others left into what belongs to Run.
func (r *Reporter) takeInbox() (c Cadence, nudged bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, span := range r.owed {
		r.progress.owe(span)
	}
	if r.resumed {
		r.refused, r.hold = false, time.Time{}
	}
	nudged, c = r.nudged, r.cadence
	r.owed, r.nudged, r.resumed = nil, false, false
	return c, nudged
}

// restore reads what an earlier process left. What is damaged or of another run
// is left out: the lists travel once more.
func (r *Reporter) restore(ctx context.Context) {
	run := r.opts.Journal.Run()
	var p progress
	if err := r.folder.load(progressFile, &p); err != nil {
		r.opts.Log.WarnContext(ctx, "progress is lost, lists travel again", "error", err)
	}
	if p.Run != run {
		p = progress{Run: run}
	}
	r.progress = p
	var o outgoing
	if err := r.folder.load(outboxFile, &o); err != nil {
		r.opts.Log.WarnContext(ctx, "report of an earlier run is lost", "error", err)
		return
	}
	if o.Run == run && o.Seq > 0 && len(o.Body.Bytes) > 0 {
		r.pending = &o
	}
}
