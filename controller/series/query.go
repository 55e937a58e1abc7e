package series

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// Point is one value of a line.
type Point struct {
	At    time.Time
	Value float64
}

// Line is one series of an answer.
type Line struct {
	Labels map[string]string
	Points []Point
}

// Range asks a PromQL expression over a time: what pages draw.
func (d *DB) Range(ctx context.Context, expression string, from, to time.Time, step time.Duration) ([]Line, error) {
	q, err := d.engine.NewRangeQuery(ctx, d.tsdb, nil, expression, from, to, step)
	if err != nil {
		return nil, fmt.Errorf("cannot ask %.200q: %w", expression, err)
	}
	defer q.Close()
	result := q.Exec(ctx)
	matrix, err := result.Matrix()
	if err != nil {
		return nil, fmt.Errorf("cannot ask %.200q: %w", expression, err)
	}
	return lines(matrix), nil
}

func lines(matrix promql.Matrix) []Line {
	out := make([]Line, 0, len(matrix))
	for _, s := range matrix {
		l := Line{Labels: s.Metric.Map()}
		for _, p := range s.Floats {
			l.Points = append(l.Points, Point{At: time.UnixMilli(p.T).UTC(), Value: p.F})
		}
		out = append(out, l)
	}
	return out
}

// LinkMinute is one minute of a link as it was kept.
type LinkMinute struct {
	At     time.Time
	Loss   float64
	RTT    time.Duration // zero where nothing answered
	Jitter time.Duration
}

// LinkMinutes are the minutes of a site's link within a time, oldest first.
func (d *DB) LinkMinutes(ctx context.Context, site string, from, to time.Time) ([]LinkMinute, error) {
	querier, err := d.tsdb.Querier(from.UnixMilli(), to.UnixMilli()-1)
	if err != nil {
		return nil, fmt.Errorf("cannot read the minutes of %s: %w", site, err)
	}
	defer querier.Close() // opened for reading
	byMinute := map[int64]*LinkMinute{}
	at := func(t int64) *LinkMinute {
		if byMinute[t] == nil {
			byMinute[t] = &LinkMinute{At: time.UnixMilli(t).UTC()}
		}
		return byMinute[t]
	}
	asSeconds := func(v float64) time.Duration { return time.Duration(v * float64(time.Second)) }
	for family, put := range map[string]func(m *LinkMinute, v float64){
		"muster_link_loss_ratio":     func(m *LinkMinute, v float64) { m.Loss = v },
		"muster_link_rtt_seconds":    func(m *LinkMinute, v float64) { m.RTT = asSeconds(v) },
		"muster_link_jitter_seconds": func(m *LinkMinute, v float64) { m.Jitter = asSeconds(v) },
	} {
		found := querier.Select(ctx, false, nil,
			labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, family), labels.MustNewMatcher(labels.MatchEqual, "site", site))
		var samples chunkenc.Iterator
		for found.Next() {
			samples = found.At().Iterator(samples)
			for samples.Next() == chunkenc.ValFloat {
				t, v := samples.At()
				put(at(t), v)
			}
		}
		if err := found.Err(); err != nil {
			return nil, fmt.Errorf("cannot read the minutes of %s: %w", site, err)
		}
	}
	out := make([]LinkMinute, 0, len(byMinute))
	for _, t := range slices.Sorted(maps.Keys(byMinute)) {
		out = append(out, *byMinute[t])
	}
	return out, nil
}

// Outside is one word of a site's journals about the way beyond it, of a time in
// which the controller was not heard.
type Outside struct {
	At      time.Time
	Site    string
	Witness string // tells machines apart
	OK      bool
}

// OutsideReach is what journals say of a site within a time, or of all sites where
// none is named.
func (d *DB) OutsideReach(ctx context.Context, site string, from, to time.Time) ([]Outside, error) {
	querier, err := d.tsdb.Querier(from.UnixMilli(), to.UnixMilli()-1)
	if err != nil {
		return nil, fmt.Errorf("cannot read what journals say: %w", err)
	}
	defer querier.Close() // opened for reading
	match := []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, "muster_site_outside_reach")}
	if site != "" {
		match = append(match, labels.MustNewMatcher(labels.MatchEqual, "site", site))
	}
	var out []Outside
	var samples chunkenc.Iterator
	found := querier.Select(ctx, false, nil, match...)
	for found.Next() {
		series := found.At()
		of, witness := series.Labels().Get("site"), series.Labels().Get("witness")
		samples = series.Iterator(samples)
		for samples.Next() == chunkenc.ValFloat {
			t, v := samples.At()
			out = append(out, Outside{At: time.UnixMilli(t).UTC(), Site: of, Witness: witness, OK: v > 0})
		}
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("cannot read what journals say: %w", err)
	}
	return out, nil
}
