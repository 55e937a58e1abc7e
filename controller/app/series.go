package app

import (
	"context"
	"path/filepath"
	"time"

	"muster/controller/intake"
	"muster/controller/series"
	"muster/controller/series/feed"
	"muster/controller/sla"
	"muster/controller/sla/ledger"
	"muster/inventory"
)

// Samples are taken each minute, kept in this folder of the data, and a queue
// this long waits for them: reports must never wait.
const (
	seriesFolder = "series"
	sampleEvery  = time.Minute
	sampleQueue  = 4096
)

// openSeries opens the series and what is made of them: link reports.
func (a *App) openSeries(ctx context.Context) (err error) {
	if err = a.openSamples(ctx); err != nil {
		return err
	}
	terms := ledger.Terms{}
	if a.opts.SLA != "" {
		if terms, err = readTerms(a.opts.SLA); err != nil {
			return err
		}
	}
	a.ledger, err = ledger.New(ledger.Options{Store: a.store, Terms: terms, Minutes: a.linkMinutes, Contacts: a.outsideReach, Now: a.opts.Now})
	return err
}

func (a *App) openSamples(ctx context.Context) error {
	if a.opts.WithoutWeb && !a.opts.KeepSeries { // nobody could ask for them
		return nil
	}
	db, err := series.Open(series.Options{
		Dir: filepath.Join(a.opts.Data, seriesFolder), RetainFor: time.Duration(a.opts.SeriesDays) * 24 * time.Hour,
		RemoteWrite: a.opts.RemoteWrite, Registry: a.registry, Version: a.opts.Version, Log: a.opts.Log, Now: a.opts.Now,
	})
	if err != nil {
		return err
	}
	a.series = db
	a.samples = make(chan []series.Sample, sampleQueue)
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() { defer close(done); a.keepSamples(running) }()
	a.later(func(context.Context) error { cancel(); <-done; return db.Close() })
	return nil
}

// keepSamples appends what comes, and takes the estate's own samples each minute.
func (a *App) keepSamples(ctx context.Context) {
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	seen := map[[2]string]bool{}
	for {
		var samples []series.Sample
		select {
		case <-ctx.Done():
			return
		case samples = <-a.samples:
		case <-tick.C:
			samples = a.estateSamples(seen)
		}
		if _, err := a.series.Append(context.WithoutCancel(ctx), samples); err != nil {
			a.opts.Log.Error("samples are lost", "samples", len(samples), "error", err)
		}
	}
}

func (a *App) estateSamples(seen map[[2]string]bool) []series.Sample {
	now := a.opts.Now()
	var out []series.Sample
	for code, counts := range a.pools.AllCounts() {
		out = append(out, feed.Site(now, code, counts, a.pools.Reach(code).State)...)
	}
	return append(out, feed.Incidents(now, a.incidents.Live(), seen)...)
}

// sample hands samples on without waiting; those of a full queue are read again
// from what they came of, or missed.
func (a *App) sample(samples []series.Sample) {
	if a.samples == nil || len(samples) == 0 {
		return
	}
	select {
	case a.samples <- samples:
	default:
		a.opts.Log.Warn("samples are left out: the series are slower than the estate", "samples", len(samples))
	}
}

// sampleReport takes an accepted report's samples.
func (a *App) sampleReport(r intake.Accepted) {
	if a.samples == nil {
		return
	}
	site := a.pools.SiteOf(r.Workstation)
	at := make([]time.Time, len(r.Journal))
	for i, row := range r.Journal {
		at[i] = row.At
	}
	a.sample(append(feed.Report(r.ReadAt, site, r.Report), feed.Journal(site, r.Workstation, at, r.Report.Journal)...))
}

// sampleMinutes takes minutes of links. A site's own minute is its first link's.
func (a *App) sampleMinutes(minutes []inventory.Evidence) {
	if a.samples == nil || len(minutes) == 0 {
		return
	}
	links := a.primaryLinks()
	var out []series.Sample
	for _, m := range minutes {
		link, known := links[m.Site]
		if !known {
			link = inventory.Link{Site: m.Site}
		}
		out = append(out, feed.Minute(m.At, link, m.RTT, m.Jitter, m.Loss)...)
	}
	a.sample(out)
}

// primaryLinks is each site's first link, read again every few minutes.
func (a *App) primaryLinks() map[string]inventory.Link {
	a.linksMu.Lock()
	defer a.linksMu.Unlock()
	if now := a.opts.Now(); now.Sub(a.linksAt) > 5*time.Minute {
		if links, err := a.firstLinks(context.Background()); err != nil {
			a.opts.Log.Error("links cannot be read for their samples", "error", err)
		} else {
			a.links, a.linksAt = links, now
		}
	}
	return a.links
}

func (a *App) firstLinks(ctx context.Context) (map[string]inventory.Link, error) {
	first := map[string]inventory.Link{}
	filter := inventory.LinkFilter{Page: inventory.Page{Limit: inventory.MaxPage}}
	for {
		links, next, err := a.store.Links(ctx, filter)
		if err != nil {
			return nil, err
		}
		for _, l := range links {
			if before, known := first[l.Site]; !known || before.Role == inventory.LinkBackup && l.Role != inventory.LinkBackup {
				first[l.Site] = l
			}
		}
		if next == "" {
			return first, nil
		}
		filter.After = next
	}
}

// linkMinutes reads a site's minutes for its link report.
func (a *App) linkMinutes(ctx context.Context, site string, span inventory.Span) ([]sla.Minute, error) {
	if a.series == nil {
		return nil, nil
	}
	kept, err := a.series.LinkMinutes(ctx, site, span.From, span.To)
	if err != nil {
		return nil, err
	}
	out := make([]sla.Minute, len(kept))
	for i, m := range kept {
		out[i] = sla.Minute{At: m.At, RTTMillis: m.RTT.Seconds() * 1000, LossRatio: m.Loss}
	}
	return out, nil
}

// outsideReach reads what journals say of the way beyond a site, for its link
// report.
func (a *App) outsideReach(ctx context.Context, site string, span inventory.Span) ([]sla.Contact, error) {
	if a.series == nil {
		return nil, nil
	}
	kept, err := a.series.OutsideReach(ctx, site, span.From, span.To)
	if err != nil {
		return nil, err
	}
	out := make([]sla.Contact, len(kept))
	for i, k := range kept {
		out[i] = sla.Contact(k)
	}
	return out, nil
}

// LinkReport accounts for the time of links.
func (a *App) LinkReport(ctx context.Context, q ledger.Query) (ledger.Report, error) {
	return a.ledger.Report(ctx, q)
}
