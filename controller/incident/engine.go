package incident

import (
	"cmp"
	"crypto/rand"
	"net/netip"
	"slices"
	"time"

	"muster/inventory"
)

// Engine holds what was observed and what was concluded. It is not safe for
// concurrent use: its runner is the only one who calls it.
type Engine struct {
	rules       Rules
	siteTable   []siteRule
	singleTable []singleRule
	nextID      func() string
	estate      Estate
	now         time.Time
	out         Outcome

	sites      map[string]*site
	order      []*site // by code
	machines   map[string]*machine
	suspects   map[*machine]bool // that may share an identity
	references map[netip.Addr]*gauge
	ownGate    gauge
	stalls     []span // the controller stood still
	lagAt      time.Time
	calmAt     time.Time
	lagWorst   time.Duration
	startedAt  time.Time // the controller's newest start
	blinds     []span    // the controller's own network failed
	blindAt    time.Time // when that was judged: what answers later ends it
	waiting    bool      // for the references: everything is silent at once

	windows   []inventory.Window
	baselines map[string]*Baseline

	troubles map[string]*trouble // that go on, by key
	recent   map[string]*trouble // that ended lately, by key: they may flap
	settling []*trouble          // over, open to revision
	asked    map[Ask]time.Time
	// serviceClear is when a service's outage ended: failures of before are over.
	serviceClear map[string]time.Time
	tickAt       time.Time
	sweptAt      time.Time
}

// Option changes how an Engine is made.
type Option func(*Engine)

// WithIDs gives the source of incident ids, which must never repeat one; without
// it they are random. Tests give one that counts.
func WithIDs(next func() string) Option { return func(e *Engine) { e.nextID = next } }

// New makes an engine that has seen nothing.
func New(rules Rules, estate Estate, now time.Time, options ...Option) *Engine {
	e := &Engine{
		rules: rules, nextID: randomID, now: now, siteTable: siteRules(), singleTable: singleRules(),
		sites: make(map[string]*site), machines: make(map[string]*machine), suspects: make(map[*machine]bool),
		references: make(map[netip.Addr]*gauge), baselines: make(map[string]*Baseline),
		troubles: make(map[string]*trouble), recent: make(map[string]*trouble), asked: make(map[Ask]time.Time),
		serviceClear: make(map[string]time.Time),
	}
	for _, option := range options {
		option(e)
	}
	e.SetEstate(estate)
	return e
}

// randomID is i and eight of 0–9, a–z.
func randomID() string {
	const letters = "0123456789abcdefghijklmnopqrstuvwxyz"
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	id := []byte("i12345678")
	for i, x := range b {
		id[i+1] = letters[int(x)%len(letters)]
	}
	return string(id)
}

// SetEstate takes up a changed register. Evidence about what is still there is
// kept; incidents of sites that are gone end at the next Step.
func (e *Engine) SetEstate(estate Estate) {
	e.estate = estate
	known := make(map[string]bool, len(estate.Sites))
	for _, facts := range estate.Sites {
		code := facts.Site.Code
		known[code] = true
		s := e.sites[code]
		if s == nil {
			s = &site{code: code, services: make(map[string]*serviceFacts)}
			e.sites[code] = s
		}
		s.take(facts)
	}
	for code, s := range e.sites {
		if !known[code] {
			e.dropSite(s)
		}
	}
	e.order = e.order[:0]
	for _, s := range e.sites {
		e.order = append(e.order, s)
	}
	slices.SortFunc(e.order, func(a, b *site) int { return cmp.Compare(a.code, b.code) })
}

// take reads the register's facts.
func (s *site) take(facts SiteFacts) {
	s.facts, s.dirty = facts, true
	s.zone = time.UTC
	if zone, err := facts.Site.Location(); err == nil {
		s.zone = zone
	}
	s.carrier, s.exchange, s.circuit, s.backup = "", "", "", false
	for _, link := range facts.Links {
		if link.Role == inventory.LinkBackup {
			s.backup = true
			continue
		}
		if s.carrier == "" {
			s.carrier, s.exchange, s.circuit = link.Carrier, link.Exchange, link.Circuit
		}
	}
}

// dropSite forgets a site that left the register, with its machines.
func (e *Engine) dropSite(s *site) {
	for _, m := range s.machines {
		delete(e.machines, m.id)
		delete(e.suspects, m)
	}
	delete(e.sites, s.code)
}

// SetWindows sets the maintenance windows: all that are not over, and those of the
// last three days.
func (e *Engine) SetWindows(windows []inventory.Window) { e.windows = slices.Clone(windows) }

// SetBaselines sets what links are usually like, by circuit, or by site code for
// links without a circuit. Sites without a baseline are not judged against one.
func (e *Engine) SetBaselines(baselines map[string]Baseline) {
	clear(e.baselines)
	for key, b := range baselines {
		e.baselines[key] = &b
	}
}

// Step takes up evidence and concludes. It is called when there is evidence and at
// least every second. An instant before the last one counts as the last one.
func (e *Engine) Step(now time.Time, evidence []inventory.Evidence) Outcome {
	e.now, e.out = newer(e.now, now), Outcome{}
	now = e.now
	for i := range evidence { // first: it voids others
		if evidence[i].Kind == inventory.EvidenceLag && !e.observe(now, &evidence[i]) {
			e.out.Discarded++
		}
	}
	for i := range evidence {
		if evidence[i].Kind != inventory.EvidenceLag && !e.observe(now, &evidence[i]) {
			e.out.Discarded++
		}
	}
	tick := now.Sub(e.tickAt) >= time.Second
	if tick {
		e.tickAt = now
	}
	e.judgeSites(now)
	e.judgeGates(now)
	e.judgeShared(now)
	if tick {
		e.judgeServices(now)
		e.judgeClones(now)
	}
	e.advance(now, tick)
	if tick {
		e.settle(now)
		e.prune(now)
	}
	return e.out
}

// judgeSites looks at the sites about which something was learnt, or is due.
func (e *Engine) judgeSites(now time.Time) {
	for _, s := range e.order {
		if len(s.quality.open) > 0 && now.Sub(s.quality.open[0].start) >= stillComplete+lateMinute || s.quality.pending() {
			e.judgeQuality(s, now)
		}
		if !s.dirty && (s.dueAt.IsZero() || now.Before(s.dueAt)) {
			continue
		}
		s.dirty = false
		e.judgeSite(s, now)
	}
}

// Live are the pending and open incidents, oldest first, with their evidence as
// it is now.
func (e *Engine) Live() []inventory.Incident {
	var live []inventory.Incident
	for _, t := range e.troubles {
		if !t.Hidden {
			live = append(live, e.show(t))
		}
	}
	slices.SortFunc(live, byStart)
	return live
}

// Settling are the incidents that are over and may still be revised by journals.
func (e *Engine) Settling() []inventory.Incident {
	settling := make([]inventory.Incident, 0, len(e.settling))
	for _, t := range e.settling {
		settling = append(settling, e.show(t))
	}
	slices.SortFunc(settling, byStart)
	return settling
}

func byStart(a, b inventory.Incident) int {
	return cmp.Or(a.StartedAt.Compare(b.StartedAt), cmp.Compare(a.ID, b.ID))
}

// Touch lets a person's change in: acknowledgement, note, ticket. Change may set
// AcknowledgedAt, AcknowledgedBy, Ticket and Notes; the rest is the engine's. It
// reports false where the engine does not know the incident (any more).
func (e *Engine) Touch(id string, now time.Time, change func(*inventory.Incident)) (inventory.IncidentChange, bool) {
	t := e.find(id)
	if t == nil {
		return inventory.IncidentChange{}, false
	}
	i := t.Incident
	i.Notes = slices.Clone(i.Notes)
	change(&i)
	t.Incident.AcknowledgedAt, t.Incident.AcknowledgedBy = i.AcknowledgedAt, i.AcknowledgedBy
	t.Incident.Ticket, t.Incident.Notes = i.Ticket, i.Notes
	return inventory.IncidentChange{Step: inventory.IncidentTouched, At: now, Incident: e.show(t)}, true
}

func (e *Engine) find(id string) *trouble {
	for _, t := range e.troubles {
		if t.Incident.ID == id && !t.Hidden {
			return t
		}
	}
	for _, t := range e.settling {
		if t.Incident.ID == id {
			return t
		}
	}
	for _, t := range e.recent {
		if t.Incident.ID == id {
			return t
		}
	}
	return nil
}
