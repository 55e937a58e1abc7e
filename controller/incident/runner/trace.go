package runner

import (
	"slices"
	"time"

	"muster/controller/incident"
	"muster/inventory"
)

// What is kept of the evidence of incidents, so that they can be exported and
// judged anew.
const (
	beforeFor   = 3 * time.Minute // of evidence before the first sign
	beforeMost  = 200             // pieces of it at one site; twice that for a while
	denseFor    = 5 * time.Minute // after which only some measurements are kept
	thinEvery   = 10 * time.Second
	thinShare   = 100              // the longer it goes on the less often, by this share of its age
	changeFor   = 30 * time.Second // dense again for this long when answers come or stop
	piecesMost  = 20_000           // of one incident
	recordsMost = 200              // incidents at once
)

// trace remembers the latest evidence of each site, and from its first sign on
// all evidence that an incident was judged by. Presence is not recorded: it would
// be everything, always.
type trace struct {
	recent  map[string][]inventory.Evidence // by site; empty: of no site
	records map[string]*record
}

// record is the evidence of one incident.
type record struct {
	sites   map[string]bool
	since   time.Time
	over    bool
	pieces  int
	fresh   []inventory.Evidence // not on disk yet
	thinned map[thinKey]thinned
}

type thinKey struct {
	kind inventory.EvidenceKind
	site string
}

type thinned struct {
	at        time.Time // of the last one that was kept
	ok        bool
	changedAt time.Time
}

func newTrace() *trace {
	return &trace{recent: map[string][]inventory.Evidence{}, records: map[string]*record{}}
}

// note takes up evidence as the engine was given it.
func (t *trace) note(pieces []inventory.Evidence) {
	for _, p := range pieces {
		for _, record := range t.records {
			record.add(p)
		}
		recent := append(t.recent[p.Site], p)
		if len(recent) > 2*beforeMost || p.At.Sub(recent[0].At) > 2*beforeFor { // now and then: it moves them all
			recent = lately(recent, p.At)
		}
		t.recent[p.Site] = recent
	}
}

// lately keeps of recent what may be worth keeping, in its place.
func lately(recent []inventory.Evidence, now time.Time) []inventory.Evidence {
	drop := max(len(recent)-beforeMost, 0)
	for drop < len(recent) && now.Sub(recent[drop].At) > beforeFor {
		drop++
	}
	return slices.Delete(recent, 0, drop)
}

func (c *record) add(p inventory.Evidence) {
	if p.Site != "" && !c.sites[p.Site] || c.pieces >= piecesMost || !c.keeps(p) {
		return
	}
	c.pieces++
	c.fresh = append(c.fresh, p)
}

// keeps reports whether a piece is worth its room: a measurement that says what
// the one before said, after a while, is not; after the end only what can still
// revise the verdict is.
func (c *record) keeps(p inventory.Evidence) bool {
	switch p.Kind { // the rest is what happened, not what was measured
	case inventory.EvidenceEntry, inventory.EvidenceStop:
		return true
	case inventory.EvidenceSweep, inventory.EvidenceBurstPing, inventory.EvidenceBurstTCP, inventory.EvidenceGateway, inventory.EvidenceRouter,
		inventory.EvidenceReference, inventory.EvidenceOwnGate, inventory.EvidenceLag:
		if c.over {
			return false
		}
		key := thinKey{p.Kind, p.Site}
		last, seen := c.thinned[key]
		if !seen || last.ok != p.OK {
			last.ok, last.changedAt = p.OK, p.At
		}
		age := p.At.Sub(c.since)
		if age > denseFor && p.At.Sub(last.changedAt) > changeFor && p.At.Sub(last.at) < max(thinEvery, age/thinShare) {
			return false
		}
		last.at = p.At
		c.thinned[key] = last
		return true
	default:
		return !c.over
	}
}

// changed begins, widens or ends the record of an incident.
func (t *trace) changed(change inventory.IncidentChange, estate incident.Estate) {
	i := change.Incident
	if i.Cause.Presence() || change.Step == inventory.IncidentTouched {
		return
	}
	c := t.records[i.ID]
	if c == nil {
		if len(t.records) >= recordsMost {
			return
		}
		c = t.begin(i)
		t.widen(c, "")
	}
	for _, code := range sitesOf(i, estate) {
		t.widen(c, code)
	}
	c.over = !i.Live()
}

func (t *trace) begin(i inventory.Incident) *record {
	c := &record{sites: map[string]bool{}, since: i.DetectedAt, thinned: map[thinKey]thinned{}}
	t.records[i.ID] = c
	return c
}

// widen adds a site with what was observed of it lately. The empty site is what
// belongs to none.
func (t *trace) widen(c *record, code string) {
	if code != "" && c.sites[code] {
		return
	}
	c.sites[code] = true
	if recent := t.recent[code]; len(recent) > 0 {
		t.recent[code] = lately(recent, recent[len(recent)-1].At)
	}
	for _, p := range t.recent[code] {
		c.add(p)
	}
}

// resume goes on with the record of an incident of an earlier start.
func (t *trace) resume(i inventory.Incident, estate incident.Estate) {
	if i.Cause.Presence() || len(t.records) >= recordsMost {
		return
	}
	c := t.begin(i)
	c.over = !i.Live()
	for _, code := range sitesOf(i, estate) {
		c.sites[code] = true
	}
}

// take returns what is not on disk yet and forgets the records of incidents that
// the engine does not know any more.
func (t *trace) take(known map[string]bool) []inventory.EvidenceBatch {
	var batches []inventory.EvidenceBatch
	for id, c := range t.records {
		if len(c.fresh) > 0 {
			// In the order in which it was learnt: what two sites' memories held stands
			// one behind the other.
			slices.SortStableFunc(c.fresh, func(a, b inventory.Evidence) int { return learntAt(a).Compare(learntAt(b)) })
			batches = append(batches, inventory.EvidenceBatch{Incident: id, Evidence: c.fresh})
			c.fresh = nil
		}
		if !known[id] {
			delete(t.records, id)
		}
	}
	return batches
}

func learntAt(p inventory.Evidence) time.Time {
	if p.LearntAt.IsZero() {
		return p.At
	}
	return p.LearntAt
}

// sitesOf lists the sites whose evidence an incident rests on: its own, and for a
// shared cause those that could have shared it and did not.
func sitesOf(i inventory.Incident, estate incident.Estate) []string {
	codes := slices.Clone(i.Scope.Sites)
	if i.Scope.Site != "" {
		codes = append(codes, i.Scope.Site)
	}
	for _, s := range estate.Sites {
		shares := i.Scope.Controller || slices.ContainsFunc(s.Links, func(l inventory.Link) bool {
			return i.Scope.Carrier != "" && l.Carrier == i.Scope.Carrier || i.Scope.Exchange != "" && l.Exchange == i.Scope.Exchange ||
				i.Scope.Circuit != "" && l.Circuit == i.Scope.Circuit
		})
		if shares && !slices.Contains(codes, s.Site.Code) {
			codes = append(codes, s.Site.Code)
		}
	}
	return codes
}
