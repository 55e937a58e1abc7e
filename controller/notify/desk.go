package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"muster/inventory"
)

// Store keeps the book and the deliveries.
type Store interface {
	// NotifyBook is the book as last kept; ErrNotFound of the nouns where none is.
	NotifyBook(ctx context.Context) ([]byte, error)
	// KeepNotices keeps the book and adds deliveries in one transaction. A delivery
	// whose id is there already is left as it is.
	KeepNotices(ctx context.Context, book []byte, deliveries []inventory.Delivery) error
	// UpdateDelivery keeps the outcome of a try.
	UpdateDelivery(ctx context.Context, d inventory.Delivery) error
	// WaitingDeliveries are those of a sink that have not arrived, oldest first.
	WaitingDeliveries(ctx context.Context, sink string, limit int) ([]inventory.Delivery, error)
}

// Options says what a desk runs on. All but Sinks, Alertmanagers and Deadman are
// required.
type Options struct {
	Store Store
	Plan  Plan
	// Facts adds to an incident what its messages say beside it.
	Facts func(ctx context.Context, i inventory.Incident) Facts
	// Incidents are the open ones and those that ended in the last week: what the
	// book is held against at the start.
	Incidents func(ctx context.Context) ([]inventory.Incident, error)
	// Incident looks one up as it is now, for escalations; ErrNotFound of the nouns
	// where there is none any more.
	Incident      func(ctx context.Context, id string) (inventory.Incident, error)
	Sinks         map[string]Sink
	Kinds         map[string]SinkKind
	Alertmanagers []*Alertmanager
	Deadman       *Pinger
	Now           func() time.Time
	Log           *slog.Logger
}

// Desk tells people. All methods are safe for concurrent use.
type Desk struct {
	o     Options
	lanes map[string]*lane

	ctx     context.Context // ends with Close
	cancel  context.CancelFunc
	running sync.WaitGroup
	poke    chan struct{}

	mu    sync.Mutex
	heard []inventory.IncidentChange // not yet taken up
	said  []Notice                   // of the programme, not yet taken up
	book  *Book                      // owned by run
}

// tickEvery is how often escalations and digests are looked at.
const tickEvery = time.Second

// New checks the options.
func New(o Options) (*Desk, error) {
	if o.Store == nil || o.Facts == nil || o.Incidents == nil || o.Incident == nil || o.Now == nil || o.Log == nil || o.Plan.Zone == nil {
		return nil, errors.New("cannot notify: store, facts, incidents, one incident, zone, clock and log are all needed")
	}
	d := &Desk{o: o, lanes: map[string]*lane{}, poke: make(chan struct{}, 1), book: NewBook()}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	for name, sink := range o.Sinks {
		d.lanes[name] = &lane{desk: d, name: name, sink: sink, poke: make(chan struct{}, 1)}
	}
	return d, nil
}

// Start reads the book, makes up for what it missed while the controller was
// down, and lets the sinks work until Close.
func (d *Desk) Start(ctx context.Context) error {
	b, err := d.o.Store.NotifyBook(ctx)
	switch {
	case errors.Is(err, inventory.ErrNotFound):
	case err != nil:
		return fmt.Errorf("cannot notify: %w", err)
	default:
		if err := json.Unmarshal(b, d.book); err != nil {
			return fmt.Errorf("cannot notify: the book is not readable: %w", err)
		}
		if d.book.Entries == nil {
			d.book.Entries = map[string]*Entry{}
		}
	}
	incidents, err := d.o.Incidents(ctx)
	if err != nil {
		return fmt.Errorf("cannot notify: %w", err)
	}
	d.heard = append(d.heard, d.book.Missing(incidents)...)
	for _, i := range incidents {
		if len(d.o.Alertmanagers) > 0 && !i.Cause.Presence() {
			d.alert(d.o.Facts(ctx, i))
		}
	}
	d.running.Go(d.run)
	for _, l := range d.lanes {
		d.running.Go(l.run)
	}
	for _, am := range d.o.Alertmanagers {
		d.running.Go(func() { am.Run(d.ctx) })
	}
	if d.o.Deadman != nil {
		d.running.Go(func() { d.o.Deadman.Run(d.ctx) })
	}
	return nil
}

// Close ends the desk. What has not arrived is tried again after the next Start.
func (d *Desk) Close() {
	d.cancel()
	d.running.Wait()
}

// Heard takes one step of an incident. It returns at once.
func (d *Desk) Heard(c inventory.IncidentChange) {
	d.mu.Lock()
	d.heard = append(d.heard, c)
	d.mu.Unlock()
	select {
	case d.poke <- struct{}{}:
	default:
	}
}

// Tell sends a notice that is of no incident to targets: a digest of readiness, a
// sign-off to give. The same id is sent once.
func (d *Desk) Tell(ctx context.Context, id string, to []Target, title string, lines []string) error {
	now := d.o.Now()
	m := Message{Title: shorten(title, MaxTitle), Lines: lines}
	var out []inventory.Delivery
	for _, t := range to {
		out = append(out, inventory.Delivery{
			ID: name(inventory.DeliverNotice, id, t, 0), Kind: inventory.DeliverNotice, Sink: t.Sink, Address: t.Address,
			Title: m.Title, Body: m.Body(), CreatedAt: now, NextAt: now,
		})
	}
	if err := d.o.Store.KeepNotices(ctx, nil, out); err != nil {
		return fmt.Errorf("cannot notify: %w", err)
	}
	d.wake(out)
	return nil
}

// Status lists the sinks, sorted by name.
func (d *Desk) Status() []Status {
	var out []Status
	for _, name := range sortedKeys(d.lanes) {
		l := d.lanes[name]
		health, waiting := l.status()
		out = append(out, Status{Name: name, Kind: d.o.Kinds[name], Waiting: waiting, Health: health})
	}
	for _, am := range d.o.Alertmanagers {
		out = append(out, Status{Name: am.Name, Kind: SinkAlertmanager, Health: am.Health()})
	}
	return out
}

func (d *Desk) run() {
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	for {
		d.takeHeard()
		d.takeSaid()
		select {
		case <-d.ctx.Done():
			return
		case <-d.poke:
		case <-ticker.C:
			if due := d.book.Tick(d.o.Now(), d.o.Plan, d.facts); len(due) > 0 {
				d.keep(due)
			}
		}
	}
}

func (d *Desk) takeHeard() {
	d.mu.Lock()
	heard := d.heard
	d.heard = nil
	d.mu.Unlock()
	for _, c := range heard {
		f := d.o.Facts(d.ctx, c.Incident)
		d.alert(f)
		d.keep(d.book.Heard(c, f, d.o.Plan, d.o.Now()))
	}
}

// alert tells the Alertmanagers how an incident stands.
func (d *Desk) alert(f Facts) {
	if f.Incident.Cause.Presence() {
		return
	}
	for _, am := range d.o.Alertmanagers {
		am.Set(f)
	}
}

// facts looks an incident up as it is now.
func (d *Desk) facts(id string) (Facts, bool) {
	i, err := d.o.Incident(d.ctx, id)
	if err != nil {
		if !errors.Is(err, inventory.ErrNotFound) {
			d.o.Log.Error("incident cannot be looked up for an escalation", "incident", id, "error", err)
		}
		return Facts{}, false
	}
	return d.o.Facts(d.ctx, i), true
}

// keep writes the book and deliveries. Where the store does not take them, they
// are decided again after a restart, by what the book has not noted; until then
// the next write carries the book.
func (d *Desk) keep(deliveries []inventory.Delivery) {
	book, err := json.Marshal(d.book)
	if err != nil {
		d.o.Log.Error("notifications cannot be written", "error", err)
		return
	}
	for wait := firstRetry; ; wait = min(2*wait, lastRetry) {
		if err = d.o.Store.KeepNotices(context.WithoutCancel(d.ctx), book, deliveries); err == nil {
			break
		}
		d.o.Log.Error("notifications cannot be kept, trying again", "deliveries", len(deliveries), "error", err)
		if !pause(d.ctx, wait) {
			return
		}
	}
	d.wake(deliveries)
}

func (d *Desk) wake(deliveries []inventory.Delivery) {
	for _, one := range deliveries {
		if l := d.lanes[one.Sink]; l != nil {
			select {
			case l.poke <- struct{}{}:
			default:
			}
		}
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Try sends a test message straight to a target, without the store: it has
// arrived, or the error says why not.
func (d *Desk) Try(ctx context.Context, to Target, author string) error {
	sink := d.o.Sinks[to.Sink]
	if sink == nil {
		known := sortedKeys(d.o.Sinks)
		return fmt.Errorf("cannot try sink %q: there is none of that name that takes single messages; there are %v", to.Sink, known)
	}
	now := d.o.Now()
	ctx, cancel := context.WithTimeout(ctx, sendWithin)
	defer cancel()
	err := sink.Send(ctx, inventory.Delivery{
		ID: name(inventory.DeliverNotice, "try"+strconv.FormatInt(now.UnixNano()%1e9, 10), to, 0), Kind: inventory.DeliverNotice, Sink: to.Sink, Address: to.Address,
		Title: "Muster: this is a test", Body: author + " tried this way out. Nothing is wrong.", CreatedAt: now,
	})
	if err != nil {
		return fmt.Errorf("cannot try sink %s: %w", to.Sink, err)
	}
	return nil
}
