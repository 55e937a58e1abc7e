package evidencetest

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"muster/controller/incident"
	"muster/inventory"
)

// Options describe an estate. Zero fields take the defaults of rehearsals: 6 sites of
// 15, one carrier, an exchange per ten sites, two references, Monday to Friday.
type Options struct {
	Sites, PerSite int
	Seed           uint64
	Start          time.Time
	SweepEvery     time.Duration
	Carriers       []string // taken in turn
	References     int      // negative: none
	Loss           float64  // each way, of every link
	Services       []string
	NoJournals     bool
	Shape          func(*Site) // changes a site before it is settled
}

// World is a county with a clock.
type World struct {
	opts     Options
	rng      *rand.Rand
	start    time.Time
	now      time.Time
	queue    events
	serial   uint64
	sites    []*Site
	byCode   map[string]*Site
	out      []inventory.Evidence
	refs     []netip.Addr
	network  bool // the controller's own
	stalled  bool
	boots    int
	services map[string]outage
}

// New makes a county in which everything is up.
func New(o Options) *World {
	if o.Sites == 0 {
		o.Sites = 6
	}
	if o.PerSite == 0 {
		o.PerSite = 15
	}
	if o.Start.IsZero() {
		o.Start = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	}
	if o.SweepEvery == 0 {
		o.SweepEvery = 1500 * time.Millisecond
	}
	if o.Carriers == nil {
		o.Carriers = []string{"carrier-1"}
	}
	if o.Services == nil {
		o.Services = []string{"email", "files", "records"}
	}
	w := &World{
		opts: o, rng: rand.New(rand.NewPCG(o.Seed, 0x9e3779b97f4a7c15)), start: o.Start, now: o.Start,
		byCode: make(map[string]*Site), network: true, services: make(map[string]outage),
	}
	if o.References == 0 {
		o.References = 2
	}
	for i := range max(o.References, 0) {
		w.refs = append(w.refs, netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 1)}))
	}
	for i := range o.Sites {
		w.addSite(i)
	}
	for _, s := range w.sites {
		w.settle(s)
	}
	w.every(15*time.Second, w.askReferences)
	w.every(5*time.Second, func() { w.emit(inventory.Evidence{At: w.now, Kind: inventory.EvidenceLag}) })
	return w
}

// Estate is what the register says.
func (w *World) Estate() incident.Estate {
	e := incident.Estate{References: len(w.refs)}
	for _, name := range w.opts.Services {
		e.Services = append(e.Services, inventory.Service{Name: name})
	}
	for _, s := range w.sites {
		links := []inventory.Link{{Circuit: "C-" + s.Code, Site: s.Code, Carrier: s.Carrier, Exchange: s.Exchange}}
		if s.Backup {
			links = append(links, inventory.Link{Circuit: "B-" + s.Code, Site: s.Code, Carrier: "other", Role: inventory.LinkBackup})
		}
		site := inventory.Site{Code: s.Code, Name: s.Code, Hours: s.Hours}
		if s.Direct {
			site.Mesh = inventory.MeshDirect
		}
		e.Sites = append(e.Sites, incident.SiteFacts{Site: site, Links: links, Expected: len(s.Machines), Staff: len(s.Machines), HasRouter: true})
	}
	return e
}

// Site finds a site; it panics where the test names one that is not there.
func (w *World) Site(code string) *Site {
	if s := w.byCode[code]; s != nil {
		return s
	}
	panic("no site " + code)
}

// Sites are all of them.
func (w *World) Sites() []*Site { return w.sites }

// Now is the county's clock.
func (w *World) Now() time.Time { return w.now }

// Start is when it began.
func (w *World) Start() time.Time { return w.start }

// At does something at a time after the start.
func (w *World) At(after time.Duration, do func()) { w.on(w.start.Add(after), do) }

// Over does something for each machine, at random within a stretch of time.
func (w *World) Over(ms []*Machine, stretch time.Duration, do func(*Machine)) {
	for _, m := range ms {
		w.after(w.span(0, stretch), func() { do(m) })
	}
}

// Run plays until a time after the start. Step is called every tenth of a second
// when there is evidence, and every second otherwise.
func (w *World) Run(until time.Duration, step func(now time.Time, evidence []inventory.Evidence) incident.Outcome) {
	w.RunEvery(until, 100*time.Millisecond, step)
}

// RunEvery is Run with another pace.
func (w *World) RunEvery(until, pace time.Duration, step func(now time.Time, evidence []inventory.Evidence) incident.Outcome) {
	end := w.start.Add(until)
	stepped := w.now
	for at := w.now.Add(pace); !at.After(end); at = at.Add(pace) {
		for len(w.queue) > 0 && !w.queue[0].at.After(at) {
			e := heap.Pop(&w.queue).(event)
			w.now = e.at
			e.do()
		}
		w.now = at
		if w.stalled || len(w.out) == 0 && at.Sub(stepped) < time.Second {
			continue
		}
		batch := w.out
		w.out = nil
		stepped = at
		for _, ask := range step(at, batch).Asks {
			w.asked(ask)
		}
	}
}

func (w *World) emit(ev inventory.Evidence) { w.out = append(w.out, ev) }

// later delivers evidence at an instant.
func (w *World) later(at time.Time, ev inventory.Evidence) { w.on(at, func() { w.emit(ev) }) }

func (w *World) on(at time.Time, do func()) {
	w.serial++
	heap.Push(&w.queue, event{at: at, n: w.serial, do: do})
}

func (w *World) after(d time.Duration, do func()) { w.on(w.now.Add(d), do) }

func (w *World) every(d time.Duration, do func()) {
	var again func()
	again = func() {
		do()
		w.after(d, again)
	}
	w.after(w.span(0, d), again)
}

// span is a random duration.
func (w *World) span(from, to time.Duration) time.Duration {
	if to <= from {
		return from
	}
	return from + time.Duration(w.rng.Int64N(int64(to-from)))
}

func (w *World) chance(p float64) bool { return p > 0 && w.rng.Float64() < p }

// Share takes a share of a site's machines, at least one, by the seed.
func (w *World) Share(s *Site, share float64) []*Machine {
	n := max(1, int(share*float64(len(s.Machines))+0.5))
	var ms []*Machine
	for _, i := range w.rng.Perm(len(s.Machines))[:min(n, len(s.Machines))] {
		ms = append(ms, s.Machines[i])
	}
	return ms
}

func (w *World) boot() string {
	w.boots++
	return fmt.Sprintf("boot-%d", w.boots)
}

type event struct {
	at time.Time
	n  uint64
	do func()
}

type events []event

func (q events) Len() int { return len(q) }
func (q events) Less(i, j int) bool {
	return q[i].at.Before(q[j].at) || q[i].at.Equal(q[j].at) && q[i].n < q[j].n
}
func (q events) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Push implements heap.Interface.
func (q *events) Push(x any) { *q = append(*q, x.(event)) }

// Pop implements heap.Interface.
func (q *events) Pop() any {
	old := *q
	x := old[len(old)-1]
	old[len(old)-1] = event{}
	*q = old[:len(old)-1]
	return x
}
