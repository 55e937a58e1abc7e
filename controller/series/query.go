package series

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/prometheus/promql"
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
