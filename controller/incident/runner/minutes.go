package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"muster/controller/incident"
	"muster/inventory"
)

// Minutes of links are what baselines are built from. A link has one a minute; one
// in minuteOf is kept, which is fifteen for each hour of the week, four weeks long.
const (
	minuteOf        = 4
	keepMinutesFor  = 28 * 24 * time.Hour
	flushEvery      = 10 * time.Minute
	baselineEvery   = 6 * time.Hour
	baselinesAtOnce = 5 // rebuilt at one tick: the engine must not wait for them
)

// minutes are the minutes that were observed and what is to be built of them.
type minutes struct {
	today   time.Time
	of      map[string][]inventory.Evidence // of today, by site
	changed map[string]bool                 // since the last flush
	flushAt time.Time
	pending []string             // sites whose baseline is to be rebuilt
	dueAt   time.Time            // the next round of rebuilding
	held    map[string]*baseline // by subject, as the engine has them
	renewed bool                 // held changed since the engine was told
}

type baseline = incident.Baseline

func newMinutes() *minutes {
	return &minutes{of: map[string][]inventory.Evidence{}, changed: map[string]bool{}, held: map[string]*baseline{}}
}

// add takes up the minutes that the engine completed and those that came as
// evidence.
func (m *minutes) add(pieces, completed []inventory.Evidence) {
	for _, p := range pieces {
		if p.Kind == inventory.EvidenceLink {
			m.one(p)
		}
	}
	for _, p := range completed {
		m.one(p)
	}
}

func (m *minutes) one(p inventory.Evidence) {
	if p.At.Minute()%minuteOf != 0 || p.Site == "" {
		return
	}
	m.of[p.Site] = append(m.of[p.Site], inventory.Evidence{At: p.At, Kind: p.Kind, Site: p.Site, RTT: p.RTT, Jitter: p.Jitter, Loss: p.Loss})
	m.changed[p.Site] = true
}

// tendMinutes keeps minutes and rebuilds baselines, a few at a time.
func (r *Runner) tendMinutes(ctx context.Context) {
	m, now := r.minutes, r.o.Now()
	if now.After(m.flushAt) {
		m.flushAt = now.Add(flushEvery)
		r.keepMinutes(ctx)
	}
	if m.dueAt.IsZero() {
		m.dueAt = now.Add(baselineEvery)
	}
	if now.After(m.dueAt) {
		m.dueAt = now.Add(baselineEvery)
		m.pending = m.pending[:0]
		for _, s := range r.estate.Sites {
			m.pending = append(m.pending, s.Site.Code)
		}
		if err := r.o.Store.PruneMinutes(ctx, now.Add(-keepMinutesFor)); err != nil {
			r.o.Log.Error("cannot prune the minutes of links", "error", err)
		}
	}
	for range min(baselinesAtOnce, len(m.pending)) {
		code := m.pending[0]
		m.pending = m.pending[1:]
		if err := r.rebuild(ctx, code); err != nil {
			r.o.Log.Error("cannot rebuild the baseline of a link", "site", code, "error", err)
		}
	}
	if len(m.pending) == 0 && m.renewed {
		m.renewed = false
		r.tellBaselines()
	}
}

// keepMinutes writes today's minutes; a new day begins a new page.
func (r *Runner) keepMinutes(ctx context.Context) {
	m := r.minutes
	byDay := map[time.Time]map[string][]byte{}
	for code := range m.changed {
		days := map[time.Time][]inventory.Evidence{}
		for _, p := range m.of[code] {
			day := p.At.UTC().Truncate(24 * time.Hour)
			days[day] = append(days[day], p)
		}
		for day, pieces := range days {
			body, err := json.Marshal(pieces)
			if err != nil {
				continue // plain numbers and instants
			}
			if byDay[day] == nil {
				byDay[day] = map[string][]byte{}
			}
			byDay[day][code] = body
		}
	}
	for day, pages := range byDay {
		if err := r.o.Store.PutMinutes(ctx, day, pages); err != nil {
			r.o.Log.Error("cannot keep the minutes of links", "error", err)
			return // they are still in memory
		}
	}
	clear(m.changed)
	if today := r.o.Now().UTC().Truncate(24 * time.Hour); today.After(m.today) {
		m.today = today
		for code, pieces := range m.of {
			kept := pieces[:0]
			for _, p := range pieces {
				if !p.At.Before(today) {
					kept = append(kept, p)
				}
			}
			m.of[code] = kept
		}
	}
}

// rebuild makes the baseline of a site's link from what is on disk.
func (r *Runner) rebuild(ctx context.Context, code string) error {
	site, subject, ok := r.subjectOf(code)
	if !ok {
		return nil
	}
	pages, err := r.o.Store.Minutes(ctx, code)
	if err != nil || len(pages) == 0 {
		return err
	}
	var all []inventory.Evidence
	for _, page := range pages {
		var pieces []inventory.Evidence
		if err := json.Unmarshal(page, &pieces); err != nil {
			return fmt.Errorf("its minutes are damaged: %w", err)
		}
		all = append(all, pieces...)
	}
	zone, err := site.Location()
	if err != nil {
		zone = time.UTC
	}
	built := incident.BuildBaseline(all, zone)
	body, err := json.Marshal(built)
	if err != nil {
		return err
	}
	if err := r.o.Store.PutBaselines(ctx, map[string][]byte{subject: body}, r.o.Now()); err != nil {
		return err
	}
	r.minutes.held[subject], r.minutes.renewed = &built, true
	return nil
}

// subjectOf is what the engine knows the link of a site by: its first circuit, or
// the site where it has none.
func (r *Runner) subjectOf(code string) (site inventory.Site, subject string, ok bool) {
	for _, s := range r.estate.Sites {
		if s.Site.Code != code {
			continue
		}
		for _, l := range s.Links {
			if l.Role != inventory.LinkBackup {
				return s.Site, l.Circuit, true
			}
		}
		return s.Site, code, true
	}
	return site, "", false
}

// readBaselines reads what an earlier start built, and the minutes of today so far.
func (r *Runner) readBaselines(ctx context.Context) error {
	stored, err := r.o.Store.Baselines(ctx)
	if err != nil {
		return fmt.Errorf("cannot read baselines: %w", err)
	}
	for subject, body := range stored {
		b := new(baseline)
		if err := json.Unmarshal(body, b); err != nil {
			r.o.Log.Error("a baseline is damaged and is built anew", "subject", subject, "error", err)
			continue
		}
		r.minutes.held[subject] = b
	}
	r.tellBaselines()
	return r.readToday(ctx)
}

// readToday takes up the page that today's minutes go on.
func (r *Runner) readToday(ctx context.Context) error {
	today := r.o.Now().UTC().Truncate(24 * time.Hour)
	r.minutes.today = today
	pages, err := r.o.Store.MinutesOf(ctx, today)
	if errors.Is(err, inventory.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot read the minutes of links: %w", err)
	}
	for code, page := range pages {
		var pieces []inventory.Evidence
		if json.Unmarshal(page, &pieces) == nil {
			r.minutes.of[code] = pieces
		}
	}
	return nil
}

func (r *Runner) tellBaselines() {
	all := make(map[string]incident.Baseline, len(r.minutes.held))
	for subject, b := range r.minutes.held {
		all[subject] = *b
	}
	r.engine.SetBaselines(all)
}

// SetBaselines replaces what links are usually like, by circuit, or by site for a
// link without one: history that was not observed here.
func (r *Runner) SetBaselines(ctx context.Context, baselines map[string]incident.Baseline) error {
	bodies := make(map[string][]byte, len(baselines))
	for subject, b := range baselines {
		body, err := json.Marshal(b)
		if err != nil {
			return fmt.Errorf("cannot write the baseline of %q: %w", subject, err)
		}
		bodies[subject] = body
	}
	return r.do(ctx, func(ctx context.Context) error {
		if err := r.o.Store.PutBaselines(ctx, bodies, r.o.Now()); err != nil {
			return err
		}
		for subject, b := range baselines {
			r.minutes.held[subject] = &b
		}
		r.tellBaselines()
		return nil
	})
}
