// Package past makes up the year that lies behind the demo's county: its desks,
// people and visits, and every swap as the programme's own rules let it happen.
//
// It promises that one county, recipe and day give one past, that every swap in it
// is what package refresh made of orders and evidence at their time, and that it
// ends at the machines that stand in the county now. It writes nothing itself.
package past

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"muster/controller/readiness/calendar"
	"muster/controller/refresh"
	"muster/inventory"
)

// Past is what was declared, and what happened.
type Past struct {
	Register inventory.Register // the county as it now stands
	Batches  []inventory.Batch
	Events   []inventory.Event // of swaps, in the order in which they were recorded
	Swaps    []inventory.Swap  // as those leave them
}

// maker is a past in the making.
type maker struct {
	r       Recipe
	now     time.Time
	today   inventory.Date
	zone    *time.Location
	cal     *calendar.Calendar
	rand    *rand.Rand
	county  inventory.Register
	waveOf  map[string]inventory.Wave
	assets  map[string]inventory.Asset
	desks   []*desk
	atSite  map[string][]*desk
	visits  map[string]inventory.Visit
	events  []inventory.Event
	swaps   []inventory.Swap
	newest  inventory.Date // the last day with a visit that is over
	machine int            // counts those that are made up
}

// Make makes the past of a county up to now. The county holds its sites, the
// machines that stand there, and its programme with waves, courses and milestones.
func Make(county inventory.Register, r Recipe, now time.Time) (Past, error) {
	m, err := begin(county, r, now)
	if err != nil {
		return Past{}, err
	}
	m.settle()
	m.book()
	m.employ()
	for _, d := range m.desks {
		if err := m.live(d); err != nil {
			return Past{}, fmt.Errorf("cannot make up the past of %s: %w", d.position.Code, err)
		}
	}
	m.finish()
	batches, err := m.batches()
	return Past{Register: m.county, Batches: batches, Events: m.events, Swaps: m.swaps}, err
}

func begin(county inventory.Register, r Recipe, now time.Time) (*maker, error) {
	if len(county.Programmes) == 0 || len(county.Waves) == 0 {
		return nil, fmt.Errorf("cannot make up a past: the county has %d programmes and %d waves", len(county.Programmes), len(county.Waves))
	}
	zone, err := county.Programmes[0].Location()
	if err != nil {
		return nil, fmt.Errorf("cannot make up a past: %w", err)
	}
	m := &maker{
		r: r, now: now.UTC(), zone: zone, today: inventory.DateOf(now.In(zone)), rand: rand.New(rand.NewPCG(r.Seed, r.Seed)),
		waveOf: map[string]inventory.Wave{}, assets: map[string]inventory.Asset{}, atSite: map[string][]*desk{}, visits: map[string]inventory.Visit{},
	}
	m.county = moved(county, weeks(r.ToldIn, m.today))
	if m.cal, err = calendar.OfProgramme(m.county.Programmes[0]); err != nil {
		return nil, fmt.Errorf("cannot make up a past: %w", err)
	}
	for _, w := range m.county.Waves {
		for _, code := range w.Sites {
			m.waveOf[code] = w
		}
	}
	return m, nil
}

// finish puts what happened in order, and the register where it led to.
func (m *maker) finish() {
	slices.SortStableFunc(m.events, func(a, b inventory.Event) int { return a.RecordedAt.Compare(b.RecordedAt) })
	m.county.Assets = m.county.Assets[:0:0]
	for _, tag := range sortedKeys(m.assets) {
		m.county.Assets = append(m.county.Assets, m.assets[tag])
	}
	for _, d := range m.desks {
		m.county.Positions = append(m.county.Positions, d.position)
	}
	for _, code := range sortedKeys(m.visits) {
		v := m.visits[code]
		if m.over(v) {
			v.State = inventory.VisitDone
		}
		m.county.Visits = append(m.county.Visits, v)
	}
	m.county.Visits = slices.DeleteFunc(m.county.Visits, func(v inventory.Visit) bool { return v.Date > later(m.today, m.r.BookAheadDays) })
}

// batches are the imports by which the register came to be, each from when it was
// made: what stands in none of them was not known before the next.
func (m *maker) batches() ([]inventory.Batch, error) {
	c := m.county
	first := m.setUp()
	b := &batcher{}
	add(b, "county/sites.csv", inventory.NounSite, first, c.Sites, func(s inventory.Site) string { return s.Code })
	add(b, "the demo's loopback subnets", inventory.NounSubnet, first, c.Subnets, func(s inventory.Subnet) string { return s.Prefix.String() })
	add(b, "county/links.csv", inventory.NounLink, first, c.Links, func(l inventory.Link) string { return l.Circuit })
	add(b, "the demo's machines", inventory.NounAsset, first, c.Assets, func(a inventory.Asset) string { return a.Tag })
	add(b, "county/programmes.csv", inventory.NounProgramme, first, c.Programmes, func(p inventory.Programme) string { return p.Code })
	add(b, "county/waves.csv", inventory.NounWave, first, c.Waves, func(w inventory.Wave) string { return w.Code })
	add(b, "the demo's desks", inventory.NounPosition, first, c.Positions, func(p inventory.Position) string { return p.Code })
	add(b, "the demo's visits", inventory.NounVisit, first, c.Visits, func(v inventory.Visit) string { return v.Code })
	add(b, "the demo's staff", inventory.NounStaff, first, c.Staff, func(s inventory.Staff) string { return s.Number })
	add(b, "county/courses.csv", inventory.NounCourse, first, c.Courses, func(c inventory.Course) string { return c.Code })
	add(b, "the demo's training", inventory.NounTraining, m.now, c.Training, inventory.Training.Key)
	add(b, "county/milestones.csv", inventory.NounMilestone, m.now, c.Milestones, func(s inventory.Milestone) string { return s.Code })
	return b.all, b.err
}

// setUp is when the programme was set up: a while before its first swaps were
// planned.
func (m *maker) setUp() time.Time {
	first := m.today
	for _, w := range m.county.Waves {
		if w.Starts.Set() {
			first = min(first, w.Starts)
		}
	}
	return m.at(later(first, -m.r.SetUpDays), 9*time.Hour)
}

type batcher struct {
	all []inventory.Batch
	err error
}

func add[T any](to *batcher, source string, noun inventory.Noun, at time.Time, nouns []T, key func(T) string) {
	b := inventory.Batch{Source: source, Author: "demo", MadeAt: at}
	for _, n := range nouns {
		after, err := json.Marshal(n)
		to.err = cmp.Or(to.err, err)
		b.Changes = append(b.Changes, inventory.Change{Noun: noun, Key: key(n), After: after})
	}
	if len(b.Changes) > 0 {
		to.all = append(to.all, b)
	}
}

// at is a time of day of a date in the programme's zone.
func (m *maker) at(day inventory.Date, clock time.Duration) time.Time {
	d := day.Time()
	midnight := time.Date(d.Year(), d.Month(), d.Day(), 0, 0, 0, 0, m.zone)
	return midnight.Add(clock).UTC()
}

// luck says yes in the given ratio of cases.
func (m *maker) luck(ratio float64) bool { return m.rand.Float64() < ratio }

func pick[T any](m *maker, from []T) T { return from[m.rand.IntN(len(from))] }

// rules are those by which swaps are proven, as in a controller that was set up
// without its own.
func rules() refresh.Rules { return refresh.DefaultRules() }

func sortedKeys[V any](of map[string]V) []string {
	keys := make([]string, 0, len(of))
	for k := range of {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
