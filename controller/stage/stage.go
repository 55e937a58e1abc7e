package stage

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"path/filepath"
	"sync"
	"time"

	agent "muster/agent/app"
	"muster/agent/collect/simulated"
	"muster/controller/app"
	"muster/controller/incident"
	"muster/controller/rehearsal"
	"muster/inventory"
	"muster/mesh/fabric"
)

// Options says what is played, and where.
type Options struct {
	Rehearsal rehearsal.Rehearsal
	Dir       string // for everybody's files
	Log       *slog.Logger
	Version   string
	Listen    string // of pages and API; empty: none, as in a test bubble
	APIToken  string
	// OnIncident hears of each step of each incident; nil: nobody does.
	OnIncident func(inventory.IncidentChange)
	// OnStep hears of each step of the timeline as it is done; nil: nobody does.
	OnStep func(rehearsal.Step)
}

// Stage is an estate on which a rehearsal is played. It implements
// rehearsal.Stage; but for what is said otherwise, its methods belong to one
// goroutine.
type Stage struct {
	o      Options
	r      rehearsal.Rehearsal
	log    *slog.Logger
	fabric *fabric.Fabric
	shared *agent.Shared
	tokens map[string]string // by site
	places []*place
	desks  []*desk
	world  *world
	watch  watching

	beside sync.WaitGroup // what was begun and is not over
	ended  chan struct{}  // closed at the end: who waits for the clock gives up

	mu         sync.Mutex // guards what follows
	controller *app.App   // nil while it is down
	changes    []inventory.IncidentChange
	stalled    [2]time.Time
	failures   []string
	names      map[string]string // of workstations, by id
}

var _ rehearsal.Stage = (*Stage)(nil)

const (
	meshPort       = 7946
	controllerSite = "controller"
	outside        = "outside" // the references' group
	journalBytes   = 64 << 10  // an hour and a half
	bootOver       = 15 * time.Second
)

var errNoLease = errors.New("no address: the DHCP server does not answer")

// The controllers' room: the controller, its own gateway, and who scrapes.
var (
	controllerAddr = netip.AddrFrom4([4]byte{10, 0, 0, 2})
	ownGateway     = netip.AddrFrom4([4]byte{10, 0, 0, 1})
	scraper        = netip.AddrFrom4([4]byte{10, 0, 0, 3})
)

// New lays the estate out; nothing runs before Raise. Close it in any case.
func New(o Options) *Stage {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Stage{
		o: o, r: o.Rehearsal, log: o.Log, fabric: fabric.New(o.Rehearsal.Seed), shared: agent.NewShared(),
		tokens: map[string]string{}, names: map[string]string{}, ended: make(chan struct{}),
	}
	s.world = &world{stage: s, mtu: map[string]int{}}
	s.layOut()
	return s
}

// Raise starts the controller and everybody else, and returns when all are
// present, or ctx ends.
func (s *Stage) Raise(ctx context.Context) error {
	if err := s.startController(); err != nil {
		return err
	}
	if err := s.register(ctx); err != nil {
		return err
	}
	if err := s.history(ctx); err != nil {
		return err
	}
	pause := max(bootOver/time.Duration(len(s.desks)+1), time.Millisecond)
	for _, d := range s.desks {
		d.later(func() {
			if err := d.start(); err != nil {
				s.fail("cannot start %s: %v", d.name, err)
			}
		})
		if err := s.wait(ctx, pause); err != nil {
			return err
		}
	}
	return s.settle(ctx)
}

// settle waits until all are present.
func (s *Stage) settle(ctx context.Context) error {
	for s.Present() < len(s.desks) {
		if err := s.wait(ctx, 200*time.Millisecond); err != nil {
			return fmt.Errorf("%d of %d workstations are present: %w", s.Present(), len(s.desks), err)
		}
	}
	for _, d := range s.desks {
		<-d.done
		if d.agent != nil {
			s.know(d.agent.Status().Workstation, d.name)
		}
	}
	return nil
}

// Present counts the workstations that are.
func (s *Stage) Present() int {
	s.mu.Lock()
	c := s.controller
	s.mu.Unlock()
	sum := 0
	if c != nil {
		for _, count := range c.Pools().AllCounts() {
			sum += count.Present
		}
	}
	return sum
}

func (s *Stage) know(id, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.names[id] = name
}

// Name is the name in the estate of a workstation's id. It may be called from any
// goroutine.
func (s *Stage) Name(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.names[id]
}

// WebAddr is where pages and API are.
func (s *Stage) WebAddr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.controller == nil {
		return ""
	}
	return s.controller.WebAddr()
}

// Play plays the timeline from start on, and goes on until the rehearsal's end.
func (s *Stage) Play(ctx context.Context, start time.Time) error {
	s.r.Start = start
	s.beginWatching()
	if err := rehearsal.Play(ctx, s, s.r.Script(), start); err != nil {
		return err
	}
	return s.wait(ctx, time.Until(start.Add(s.r.For)))
}

// Seen gathers what came to light since the start.
func (s *Stage) Seen() rehearsal.Seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := rehearsal.Seen{Names: maps.Clone(s.names), Ended: time.Now(), Broken: s.failures}
	for _, c := range s.changes {
		if !c.At.Before(s.r.Start) {
			seen.Changes = append(seen.Changes, c)
			continue
		}
		if c.Incident.Live() && !c.Incident.Cause.Presence() {
			seen.Broken = append(seen.Broken, fmt.Sprintf("before the start: %s at %v", c.Incident.Cause, c.Incident.Scope))
		}
	}
	seen.Members, seen.Scrapes = s.watch.seen()
	return seen
}

// Close ends everybody and waits for them; ctx bounds the goodbyes.
func (s *Stage) Close(ctx context.Context) {
	close(s.ended)
	s.watch.running.Wait()
	for _, d := range s.desks {
		d.later(func() { d.end(ctx, "") })
	}
	s.beside.Wait()
	s.stopController(ctx)
}

// layOut puts sites, routers, references and machines on the fabric.
func (s *Stage) layOut() {
	f := s.fabric
	f.SetLAN(fabric.Weather{Latency: s.r.Estate.LANDelay / 2})
	f.SetPath(controllerSite, outside, fabric.Weather{Latency: 4 * time.Millisecond, Jitter: time.Millisecond})
	f.Place(ownGateway, controllerSite)
	f.Seat(scraper, controllerSite)
	for n := range s.r.Estate.References {
		f.Place(reference(n), outside)
	}
	for i, site := range s.r.Estate.Sites {
		p := &place{
			stage: s, index: i, code: site.Code, site: site,
			cuts: map[rehearsal.Verb]bool{}, oneWay: map[rehearsal.Direction]bool{},
		}
		s.places = append(s.places, p)
		f.Place(p.router(), p.code)
		f.Place(p.gateway(false), p.code)
		f.Place(p.gateway(true), p.code)
		for n := range site.Workstations {
			kind := inventory.AssetDesktop
			if n >= site.Workstations-site.LaptopCount() {
				kind = inventory.AssetLaptop
			}
			s.seat(p, rehearsal.WorkstationName(site.Code, n), n, s.model(len(s.desks), kind))
		}
		p.blow(0)
		p.refresh()
	}
}

func reference(n int) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 2, byte(10 + n)}) }

// model is the seed of the nth machine of a kind. Seeds differ below 2^24.
func (s *Stage) model(n int, kind inventory.AssetKind) int64 {
	const tries = 32
	base := int64(s.r.Seed%100)*100_000 + int64(n)*tries
	for try := range int64(tries) {
		if simulated.New(base+try).Kind() == kind {
			return base + try
		}
	}
	return base
}

// seat puts a machine at a desk.
func (s *Stage) seat(p *place, name string, number int, seed int64) *desk {
	model := simulated.New(seed)
	d := &desk{stage: s, name: name, seed: seed, model: model, disk: &disk{}, home: p, number: number, power: powerOn}
	addr := d.address()
	d.addr.Store(&addr)
	s.fabric.Seat(addr, p.code)
	d.place()
	model.Live(s.world)
	d.refresh()
	s.desks = append(s.desks, d)
	return d
}

// startController starts the controller, again after a stop.
func (s *Stage) startController() error {
	var references []string
	for n := range s.r.Estate.References {
		references = append(references, reference(n).String())
	}
	c, err := app.New(app.Options{
		Config: app.Config{
			Data: filepath.Join(s.o.Dir, "controller"), Listen: cmp.Or(s.o.Listen, "127.0.0.1:0"), LogLevel: "info",
			MeshListen: netip.AddrPortFrom(controllerAddr, meshPort).String(), References: references, Gateway: ownGateway.String(),
			Services: s.services(),
		},
		Version: s.o.Version, Log: s.log, Network: s.fabric.Machine(controllerAddr, controllerSite), WithoutWeb: s.o.Listen == "",
		OnIncident: s.note, Lag: s.lag, APIToken: s.o.APIToken, OpenOnLoopback: true,
	})
	if err != nil {
		return err
	}
	if err := c.Start(context.Background()); err != nil {
		return fmt.Errorf("cannot start the controller: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.controller = c
	return nil
}

func (s *Stage) services() []inventory.Service {
	var all []inventory.Service
	for _, name := range s.r.Estate.Services {
		all = append(all, inventory.Service{Name: name, Title: name, Target: "https://" + name + ".example.org/"})
	}
	return all
}

func (s *Stage) stopController(ctx context.Context) {
	s.mu.Lock()
	c := s.controller
	s.controller = nil
	s.mu.Unlock()
	if c == nil {
		return
	}
	if err := c.Stop(ctx); err != nil {
		s.fail("the controller did not stop: %v", err)
	}
}

// note hears of incidents, on the controller's goroutine.
func (s *Stage) note(c inventory.IncidentChange) {
	s.mu.Lock()
	s.changes = append(s.changes, c)
	s.mu.Unlock()
	if s.o.OnIncident != nil {
		s.o.OnIncident(c)
	}
}

// lag is how late the controller's clock ticks seem: during a stall as late as the
// stall is old, and once more when it is over.
func (s *Stage) lag() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if now.Before(s.stalled[0]) || now.After(s.stalled[1].Add(time.Second)) {
		return 0
	}
	return now.Sub(s.stalled[0])
}

func (s *Stage) fail(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures = append(s.failures, fmt.Sprintf(format, args...))
}

// turn runs something that looks at desks and places from another goroutine.
func (s *Stage) turn(do func()) {
	s.world.mu.Lock()
	defer s.world.mu.Unlock()
	do()
}

// errEnded is what a wait returns that the end cut short.
var errEnded = errors.New("the stage is closed")

// wait lets time pass.
func (s *Stage) wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.ended:
		return errEnded
	}
}

// register imports the estate and makes a token for each site.
func (s *Stage) register(ctx context.Context) error {
	b := inventory.Batch{Source: "rehearsal", Author: "rehearsal", MadeAt: time.Now().UTC()}
	var broken error
	add := func(noun inventory.Noun, key string, after any) {
		body, err := json.Marshal(after)
		broken = errors.Join(broken, err)
		b.Changes = append(b.Changes, inventory.Change{Noun: noun, Key: key, After: body})
	}
	for _, p := range s.places {
		add(inventory.NounSite, p.code, inventory.Site{
			Code: p.code, Name: "Site " + p.code, Mesh: p.site.Mesh, Hours: p.site.Hours, Zone: p.site.Zone,
		})
		for _, spare := range []bool{false, true} {
			prefix := p.prefix(spare)
			add(inventory.NounSubnet, prefix.String(), inventory.Subnet{Prefix: prefix, Site: p.code, Gateway: p.gateway(spare)})
		}
		link := inventory.Link{Circuit: rehearsal.Circuit(p.code), Site: p.code, Carrier: p.site.Carrier, Exchange: p.site.Exchange, Role: inventory.LinkPrimary}
		if p.site.Router != rehearsal.RouterNone {
			link.Router = p.router()
		}
		add(inventory.NounLink, link.Circuit, link)
	}
	for _, d := range s.desks {
		id := d.model.Identity(ctx)
		asset := inventory.Asset{
			Tag: d.name, Kind: d.model.Kind(), Name: d.model.Name(), Site: d.home.code,
			UUID: inventory.CanonicalUUID(id.UUID), MACs: id.MACs,
		}
		if !inventory.JunkSerial(id.Serial) {
			asset.Serial = id.Serial
		}
		add(inventory.NounAsset, d.name, asset)
	}
	if broken != nil {
		return broken
	}
	if err := s.controller.Import(ctx, []inventory.Batch{b}); err != nil {
		return err
	}
	for _, p := range s.places {
		token, err := s.controller.IssueToken(ctx, inventory.TokenSite, p.code, 1000, 365*24*time.Hour)
		if err != nil {
			return err
		}
		s.tokens[p.code] = token
	}
	return nil
}

// history makes up what links were like before the start.
func (s *Stage) history(ctx context.Context) error {
	if s.r.Baseline.Days == 0 {
		return nil
	}
	baselines := map[string]incident.Baseline{}
	for _, p := range s.places {
		zone, err := inventory.Site{Zone: p.site.Zone}.Location()
		if err != nil {
			return err
		}
		baselines[rehearsal.Circuit(p.code)] = incident.BuildBaseline(s.r.PastMinutes(p.site), zone)
	}
	return s.controller.SetBaselines(ctx, baselines)
}
