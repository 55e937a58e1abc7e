package report

import (
	"context"
	"time"

	"muster/inventory/wire"
)

// stopsAgain is when the record of past boots is looked at once more after the
// start: some systems write of a crash only minutes later.
const stopsAgain = 10 * time.Minute

// addStops puts in how the last boots ended, where that is not what the controller
// has acknowledged: so with the first report of each boot, and seldom otherwise.
func (r *Reporter) addStops(ctx context.Context, now time.Time, report *wire.Report, out *outgoing) {
	if out.Stops = r.progress.Stops; r.opts.Stops == nil || now.Before(r.nextStops) && !r.owesStops {
		return
	}
	if r.nextStops.IsZero() {
		r.nextStops = now.Add(stopsAgain)
	} else if !now.Before(r.nextStops) {
		r.nextStops = later(now, r.opts.Cadence.Inventory)
	}
	stops, err := r.opts.Stops(ctx)
	if err != nil {
		if why := err.Error(); why != r.noStops {
			r.noStops = why
			r.opts.Log.InfoContext(ctx, "how past boots ended is not known", "why", why)
		}
		return
	}
	for _, s := range stops[:min(len(stops), wire.MaxStops)] {
		if wire.ValidStop(s) == nil { // one that is not would stop every report
			report.Stops = append(report.Stops, s)
		}
	}
	hash, _, err := wire.HashList(report.Stops)
	if err != nil || len(report.Stops) == 0 || hash == r.progress.Stops {
		report.Stops, r.owesStops = nil, false
		return
	}
	out.Stops, r.owesStops = hash, true
}
