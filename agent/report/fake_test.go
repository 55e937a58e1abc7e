package report

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"muster/inventory"
	"muster/inventory/wire"
)

// machine is a Source whose readings a test sets.
type machine struct {
	mu       sync.Mutex // guards all below
	boot     string
	started  time.Time
	hardware inventory.Hardware
	programs []inventory.Program
	health   inventory.Health
	network  inventory.Network
	reads    int // of hardware

	stops     []inventory.Stop
	stopReads int
}

func newMachine() *machine {
	m := &machine{boot: "boot-one", started: time.Now().Add(-time.Hour)}
	m.hardware.Model = inventory.Known("OptiPlex 7010")
	m.hardware.Battery = inventory.Known(inventory.Battery{Present: true, ChargePercent: 80})
	m.programs = []inventory.Program{{Name: "Firefox", Version: "130"}, {Name: "7-Zip", Version: "24.08"}}
	m.health.MemoryUsedRatio = inventory.Known(0.4)
	m.network.Addr = inventory.Known(netip.MustParseAddr("10.31.4.17"))
	return m
}

func (m *machine) set(change func(*machine)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(m)
}

func (m *machine) Boot() (string, time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.boot, time.Since(m.started)
}

func (m *machine) Hardware(context.Context) inventory.Hardware {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads++
	return m.hardware
}

func (m *machine) Firmware(context.Context) inventory.Firmware { return inventory.Firmware{} }
func (m *machine) OS(context.Context) inventory.OS             { return inventory.OS{} }

func (m *machine) Software(context.Context) ([]inventory.Program, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]inventory.Program(nil), m.programs...), nil
}

func (m *machine) Health(context.Context) inventory.Health {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.health
}

func (m *machine) Network(context.Context) inventory.Network {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.network
}

// controller is a Poster that keeps books as intake would.
type controller struct {
	mu       sync.Mutex // guards all below
	t        testing.TB
	refuse   error               // in place of an answer
	swallow  bool                // take the report and lose the answer
	reply    func(*wire.Reply)   // adds to the next reply
	reports  []wire.Report       // fresh ones, in order
	at       []time.Time         // when they came
	bodies   map[uint64][]byte   // by number
	repeats  int                 // harmless ones
	posts    int                 // every call
	software wire.Software       // as held
	runs     map[string]struct{} // seen
}

func newController(t testing.TB) *controller {
	return &controller{t: t, bodies: map[uint64][]byte{}, runs: map[string]struct{}{}}
}

var errNoWay = errors.New("no way to the controller")

func (c *controller) Post(_ context.Context, path string, body Body, header http.Header) (Answer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.posts++
	if c.refuse != nil {
		return Answer{}, c.refuse
	}
	if path != wire.ReportPath || header.Get(wire.HeaderBoot) == "" || header.Get(wire.HeaderBootClock) == "" {
		c.t.Errorf("post to %s with %v", path, header)
	}
	raw, err := wire.Inflate(bytes.NewReader(body.Bytes), body.Encoding, wire.MaxReport)
	if err != nil {
		c.t.Fatal(err)
	}
	report, err := wire.DecodeReport(raw)
	if err != nil {
		c.t.Fatal(err)
	}
	before, repeat := c.bodies[report.Seq]
	switch {
	case repeat && !bytes.Equal(before, raw):
		c.t.Errorf("report %d came with two bodies", report.Seq)
	case repeat:
		c.repeats++
	default:
		c.take(report, raw)
	}
	if c.swallow {
		return Answer{}, errNoWay
	}
	reply := wire.Reply{Wire: wire.Spoken(), Seq: report.Seq, Repeat: repeat, Now: time.Now()}
	if c.reply != nil {
		c.reply(&reply)
		c.reply = nil
	}
	answer, err := json.Marshal(reply)
	return Answer{Body: answer, Way: Way{Via: "direct"}}, err
}

func (c *controller) take(report wire.Report, raw []byte) {
	c.bodies[report.Seq] = raw
	c.runs[report.Run] = struct{}{}
	c.reports, c.at = append(c.reports, report), append(c.at, time.Now())
	if report.Software == nil {
		return
	}
	if held, _, err := c.software.Encode(); report.Software.Base != "" && (err != nil || held != report.Software.Base) {
		c.t.Errorf("delta against %s, held is %s", report.Software.Base, held)
	}
	next, err := report.Software.Apply(c.software)
	if err != nil {
		c.t.Fatal(err)
	}
	if hash, _, _ := next.Encode(); hash != report.Hashes.Software {
		c.t.Errorf("the delta leads to %s, the report names %s", hash, report.Hashes.Software)
	}
	c.software = next
}

func (c *controller) set(change func(*controller)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(c)
}

// taken returns the reports so far.
func (c *controller) taken() []wire.Report {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]wire.Report(nil), c.reports...)
}

// desk is a Reporter with its surroundings.
type desk struct {
	t          *testing.T
	dir        string
	machine    *machine
	controller *controller
	journal    *Journal
	reporter   *Reporter
	failures   []error
	stop       func()
}

func newDesk(t *testing.T) *desk {
	d := &desk{t: t, dir: t.TempDir(), machine: newMachine(), controller: newController(t)}
	d.start()
	return d
}

func (d *desk) start() {
	d.t.Helper()
	journal, err := OpenJournal(JournalOptions{Path: filepath.Join(d.dir, "journal"), Size: ringOffset + 4096*slotSize})
	if err != nil {
		d.t.Fatal(err)
	}
	r, err := New(Options{
		Workstation: "w0000abcd", Version: "1.0.0", Source: d.machine, Journal: journal, Poster: d.controller,
		Encoder: NewEncoder(), Dir: d.dir, Stops: d.machine.Stops, Log: slog.New(slog.DiscardHandler),
		Cadence:   Cadence{Every: 5 * time.Minute, Soonest: time.Minute, Health: 20 * time.Second, Inventory: time.Hour, Software: time.Hour},
		OnFailure: func(err error) { d.failures = append(d.failures, err) },
	})
	if err != nil {
		d.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { r.Run(ctx) })
	d.journal, d.reporter = journal, r
	d.stop = func() {
		cancel()
		running.Wait()
		if err := journal.Close(); err != nil {
			d.t.Error(err)
		}
	}
}

// write puts ticks of the given boot into the journal.
func (d *desk) write(boot string, from time.Duration, count int) {
	for i := range count {
		if _, err := d.journal.Append(tick(boot, from+time.Duration(i)*10*time.Second)); err != nil {
			d.t.Error(err)
		}
	}
}
