package programme

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"sync"
	"time"

	"muster/controller/readiness/calendar"
	"muster/controller/readiness/forecast"
	"muster/controller/refresh"
	"muster/inventory"
)

// WhatIf is a named what-if: changes, and what they came to when they were saved.
type WhatIf struct {
	Name      string             `json:"name"`
	Programme string             `json:"programme"`
	Changes   []string           `json:"changes"`
	Forecast  inventory.Forecast `json:"forecast"`
	By        string             `json:"by"`
	At        time.Time          `json:"at"`
	Version   int                `json:"version"`
}

// Comparison is what-ifs side by side, the plan as it stands first.
type Comparison struct {
	Programme string           `json:"programme"`
	Columns   []ComparedColumn `json:"columns"`
}

// ComparedColumn is one of them, played now on the same history.
type ComparedColumn struct {
	Name    string         `json:"name"` // empty: the plan as it stands
	Changes []string       `json:"changes"`
	Odds    inventory.Odds `json:"odds"`
	// LaterDays is how many working days its P85 lies after the plan's; negative:
	// before. Unknown where either has none.
	LaterDays inventory.Fact[int] `json:"later_working_days"`
}

// forecasts are those that were made, until something that they rest on changes.
// It has its own lock: a forecast takes a tenth of a second, and no reader of
// anything else waits for it.
type forecasts struct {
	mu      sync.Mutex // guards the rest
	made    map[string]inventory.Forecast
	version uint64
	day     inventory.Date
}

// maxForecasts bounds what is remembered.
const maxForecasts = 64

// Forecast says when a programme will be done, with changes or as it stands. The
// empty programme is the first of the register. The same history, changes and day
// give the same odds.
func (d *Desk) Forecast(ctx context.Context, programme string, changes []string) (inventory.Forecast, error) {
	parsed, err := forecast.ParseChanges(changes)
	if err != nil {
		return inventory.Forecast{}, decided(err)
	}
	d.mu.RLock()
	p, ok := d.estate.programme(programme)
	zone, version := d.estate.programmeZone(), d.version
	d.mu.RUnlock()
	if !ok {
		if programme == "" {
			return unplanned(d.o.Now()), nil
		}
		return inventory.Forecast{}, fmt.Errorf("there is no programme %q: %w", programme, inventory.ErrNotFound)
	}
	today := inventory.DateOf(d.o.Now().In(zone))
	key := p.Code + "\n" + strings.Join(texts(parsed), "\n")
	d.forecast.mu.Lock()
	defer d.forecast.mu.Unlock()
	if d.forecast.version != version || d.forecast.day != today || len(d.forecast.made) > maxForecasts || d.forecast.made == nil {
		d.forecast.made, d.forecast.version, d.forecast.day = map[string]inventory.Forecast{}, version, today
	}
	if f, made := d.forecast.made[key]; made {
		return f, nil
	}
	f, err := d.play(ctx, p, parsed, zone, today)
	if err == nil {
		d.forecast.made[key] = f
	}
	return f, err
}

// unplanned is the forecast of an estate without a programme: there is none, and
// why.
func unplanned(now time.Time) inventory.Forecast {
	const why = "no programme is in the register"
	odds := inventory.Odds{Refused: why, ByTarget: inventory.Unknown[float64](why)}
	return inventory.Forecast{
		Odds: odds, Growing: odds, Waves: []inventory.ForecastScope{}, Gates: []inventory.ForecastScope{},
		Basis: inventory.ForecastBasis{MadeAt: now.UTC()},
	}
}

func texts(changes []forecast.Change) []string {
	out := make([]string, len(changes))
	for i, c := range changes {
		out[i] = c.String()
	}
	return out
}

func (d *Desk) play(ctx context.Context, p inventory.Programme, changes []forecast.Change, zone *time.Location, today inventory.Date) (inventory.Forecast, error) {
	cal, err := calendar.OfProgramme(p)
	if err != nil {
		return inventory.Forecast{}, fmt.Errorf("cannot forecast %s: %w", p.Code, err)
	}
	scope, err := d.scopeDays(ctx, zone)
	if err != nil {
		return inventory.Forecast{}, err
	}
	ready, err := d.readyDays(ctx, zone)
	if err != nil {
		return inventory.Forecast{}, err
	}
	history := forecast.History{Scope: scope}
	d.mu.RLock()
	swaps := make([]inventory.Swap, 0, len(d.swaps.byID))
	for _, s := range d.swaps.byID {
		if w, ok := d.estate.wave(d.estate.waveOf[s.Site]); !ok || w.Programme == p.Code {
			swaps = append(swaps, s)
		}
	}
	plan := d.plan(p, today, ready)
	d.mu.RUnlock()
	for _, day := range refresh.VerifiedByCrew(swaps, zone) {
		history.Done = append(history.Done, forecast.DayCount{Day: day.Day, Crew: day.Crew, Count: day.Count})
	}
	if plan, err = plan.With(changes...); err != nil {
		return inventory.Forecast{}, decided(err)
	}
	f := forecast.Run(history, plan, cal, today, forecast.Options{Seed: seedOf(p.Code, today), Trials: d.o.Trials, At: d.o.Now().UTC()})
	if f.Waves == nil {
		f.Waves = []inventory.ForecastScope{}
	}
	if f.Gates == nil {
		f.Gates = []inventory.ForecastScope{}
	}
	return f, nil
}

// seedOf is the same all day, so that two people who look see the same odds.
func seedOf(programme string, day inventory.Date) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(programme + " " + string(day))) // never fails
	return h.Sum64()
}

// plan is what is left of a programme. mu is held.
func (d *Desk) plan(p inventory.Programme, today inventory.Date, ready []readyDay) forecast.Plan {
	plan := forecast.Plan{Programme: p.Code, Target: p.Target}
	for _, w := range d.estate.waves {
		if w.Programme != p.Code {
			continue
		}
		wave := forecast.WavePlan{Code: w.Code, Name: w.Name, Crews: w.Crews, GoLive: w.GoLive, OnHold: w.OnHold}
		if w.Starts > today {
			wave.NotBefore = w.Starts
		}
		for _, code := range w.Sites {
			if d.estate.waveOf[code] == w.Code {
				t := d.tallyAt(code)
				wave.Done, wave.Left = wave.Done+t.Proven(), wave.Left+t.InScope-t.Proven()
			}
		}
		plan.Done, plan.Left = plan.Done+wave.Done, plan.Left+wave.Left
		plan.Waves = append(plan.Waves, wave)
	}
	slices.SortStableFunc(plan.Waves, func(a, b forecast.WavePlan) int {
		return cmp.Or(cmp.Compare(startOf(d.estate, a.Code), startOf(d.estate, b.Code)), strings.Compare(a.Code, b.Code))
	})
	if main := d.MainGate(); main != "" {
		plan.Gates = append(plan.Gates, d.gatePlan(p, main, ready))
	}
	return plan
}

func startOf(e *estate, wave string) inventory.Date {
	w, _ := e.wave(wave)
	if w.Starts.Set() {
		return w.Starts
	}
	return "9999-12-31" // without a date it comes last
}

func (d *Desk) gatePlan(p inventory.Programme, gate string, ready []readyDay) forecast.GatePlan {
	g := forecast.GatePlan{Code: gate, Name: d.named[gate].Title, Target: p.Target}
	for _, code := range d.sitesOf(p.Code) {
		if d.now[gateKey(code, gate)].Verdict == inventory.VerdictReady {
			g.Done++
		} else {
			g.Left++
		}
	}
	last := 0
	for _, day := range ready {
		if day.count > last { // a site that falls back is done again later
			g.History = append(g.History, forecast.DayCount{Day: day.day, Count: day.count - last})
		}
		last = day.count
	}
	return g
}

func (d *Desk) tallyAt(code string) refresh.Tally {
	var positions []inventory.Position
	var swaps []inventory.Swap
	for _, p := range d.estate.at[code] {
		positions = append(positions, d.estate.positions[p])
		for _, id := range d.swaps.ofPosition[p] {
			swaps = append(swaps, d.swaps.byID[id])
		}
	}
	return refresh.Count(positions, swaps)
}

// scopeDays is by how much the scope moved on each day after the first.
func (d *Desk) scopeDays(ctx context.Context, zone *time.Location) ([]forecast.DayCount, error) {
	days, err := d.o.Store.BurnUp(ctx, time.Time{}, zone)
	if err != nil {
		return nil, err
	}
	var moved []forecast.DayCount
	for i := 1; i < len(days); i++ {
		if by := days[i].Scope - days[i-1].Scope; by != 0 && days[i-1].Scope > 0 {
			moved = append(moved, forecast.DayCount{Day: days[i].Day, Count: by})
		}
	}
	return moved, nil
}

// FreezeBaseline freezes what is promised now: date, scope and waves. Freezing
// again is re-baselining, and needs a reason.
func (d *Desk) FreezeBaseline(ctx context.Context, programme, approver, reason, by string) (inventory.Baseline, error) {
	if err := d.begin(); err != nil {
		return inventory.Baseline{}, err
	}
	defer d.work.Unlock()
	p, ok := d.estate.programme(programme)
	if !ok {
		return inventory.Baseline{}, fmt.Errorf("there is no programme %q: %w", programme, inventory.ErrNotFound)
	}
	b := inventory.Baseline{
		Programme: p.Code, Number: 1, Target: p.Target, Waves: map[string]inventory.Date{},
		Approver: strings.TrimSpace(approver), Reason: strings.TrimSpace(reason), By: by, At: d.o.Now().UTC(),
	}
	for _, old := range d.baselines {
		if old.Programme == p.Code {
			b.Number = old.Number + 1
		}
	}
	switch {
	case b.Approver == "":
		return b, refused("cannot freeze a baseline: nobody is named who approved it")
	case b.Number > 1 && b.Reason == "":
		return b, refused("cannot freeze baseline %d of %s: say why the one before it no longer holds", b.Number, p.Code)
	case len(b.Approver) > refresh.MaxReason || len(b.Reason) > refresh.MaxReason:
		return b, refused("cannot freeze a baseline: the approver or the reason is longer than %d bytes", refresh.MaxReason)
	}
	for _, code := range d.sitesOf(p.Code) {
		b.Scope += d.tallyAt(code).InScope
	}
	for _, w := range d.estate.waves {
		if w.Programme == p.Code {
			b.Waves[w.Code] = w.GoLive
		}
	}
	key := fmt.Sprintf("%s/%d", p.Code, b.Number)
	if err := d.keepState(ctx, inventory.EventBaselineFrozen, inventory.NounBaseline, key, by, 1, b); err != nil {
		return b, err
	}
	d.mu.Lock()
	d.baselines = append(d.baselines, b)
	d.mu.Unlock()
	return b, nil
}

// keepState records a state with the one event that led to it.
func (d *Desk) keepState(ctx context.Context, kind string, noun inventory.Noun, key, by string, version int, body any) error {
	now := d.o.Now().UTC()
	said, err := event(kind, noun, key, by, now, now, body)
	if err != nil {
		return err
	}
	state, err := stateOf(noun, key, "", version, by, now, body)
	if err != nil {
		return err
	}
	return d.o.Store.Record(ctx, []inventory.Event{said}, []inventory.State{state})
}

// Baselines lists them by programme and number; an empty programme is all.
func (d *Desk) Baselines(programme string) []inventory.Baseline {
	d.mu.RLock()
	defer d.mu.RUnlock()
	found := []inventory.Baseline{}
	for _, b := range d.baselines {
		if programme == "" || b.Programme == programme {
			found = append(found, b)
		}
	}
	return found
}

// maxWhatIfs bounds the what-ifs that are kept.
const maxWhatIfs = 200

// SaveWhatIf plays changes and keeps them under a name, in place of what was
// there.
func (d *Desk) SaveWhatIf(ctx context.Context, name, programme string, changes []string, by string) (WhatIf, error) {
	name = strings.TrimSpace(name)
	if name == "" || len(name) > 64 || strings.ContainsAny(name, "/\n") {
		return WhatIf{}, refused("cannot save a what-if as %q: want 1 to 64 characters without a slash", name)
	}
	f, err := d.Forecast(ctx, programme, changes)
	if err != nil {
		return WhatIf{}, err
	}
	if err := d.begin(); err != nil {
		return WhatIf{}, err
	}
	defer d.work.Unlock()
	was, known := d.whatIfs[name]
	if !known && len(d.whatIfs) >= maxWhatIfs {
		return WhatIf{}, refused("cannot save a what-if: there are %d, the limit; save over one of them", maxWhatIfs)
	}
	w := WhatIf{Name: name, Programme: f.Programme, Changes: append([]string{}, changes...), Forecast: f, By: by, At: d.o.Now().UTC(), Version: was.Version + 1}
	if err := d.keepState(ctx, inventory.EventWhatIfSaved, inventory.NounWhatIf, name, by, w.Version, w); err != nil {
		return w, err
	}
	d.mu.Lock()
	d.whatIfs[name] = w
	d.mu.Unlock()
	return w, nil
}

// WhatIfs lists them by name.
func (d *Desk) WhatIfs() []WhatIf {
	d.mu.RLock()
	defer d.mu.RUnlock()
	found := []WhatIf{}
	for _, name := range sortedKeys(d.whatIfs) {
		found = append(found, d.whatIfs[name])
	}
	return found
}

// WhatIf is one by its name; it wraps inventory.ErrNotFound.
func (d *Desk) WhatIf(name string) (WhatIf, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	w, ok := d.whatIfs[name]
	if !ok {
		return w, fmt.Errorf("there is no what-if %q: %w", name, inventory.ErrNotFound)
	}
	return w, nil
}

// Compare plays named what-ifs now, on the same history and under the same luck,
// beside the plan as it stands.
func (d *Desk) Compare(ctx context.Context, names []string) (Comparison, error) {
	if len(names) == 0 {
		return Comparison{}, refused("nothing is named to compare")
	}
	first, err := d.WhatIf(names[0])
	if err != nil {
		return Comparison{}, err
	}
	c := Comparison{Programme: first.Programme}
	d.mu.RLock()
	p, ok := d.estate.programme(first.Programme)
	d.mu.RUnlock()
	if !ok {
		return c, fmt.Errorf("there is no programme %q: %w", first.Programme, inventory.ErrNotFound)
	}
	cal, err := calendar.OfProgramme(p)
	if err != nil {
		return c, fmt.Errorf("cannot compare what-ifs of %s: %w", p.Code, err)
	}
	plan, err := d.Forecast(ctx, first.Programme, nil)
	if err != nil {
		return c, err
	}
	c.Columns = append(c.Columns, ComparedColumn{Changes: []string{}, Odds: plan.Odds, LaterDays: inventory.Known(0)})
	for _, name := range names {
		w, err := d.WhatIf(name)
		if err != nil {
			return c, err
		}
		if w.Programme != first.Programme {
			return c, refused("%s is of programme %s, %s of %s: they cannot be compared", w.Name, w.Programme, first.Name, first.Programme)
		}
		f, err := d.Forecast(ctx, w.Programme, w.Changes)
		if err != nil {
			return c, err
		}
		c.Columns = append(c.Columns, ComparedColumn{Name: name, Changes: w.Changes, Odds: f.Odds, LaterDays: later(cal, plan.P85, f.P85)})
	}
	return c, nil
}

func later(cal *calendar.Calendar, a, b inventory.Date) inventory.Fact[int] {
	switch {
	case !a.Set() || !b.Set():
		return inventory.Unknown[int]("one of them has no date")
	case b < a:
		return inventory.Known(-cal.Between(b, a))
	default:
		return inventory.Known(cal.Between(a, b))
	}
}
