package store

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"muster/inventory"
)

// AppendEvaluations keeps what gates said, for ever. Each gets its ID in place. It
// counts as known from its At on; a zero At is now.
func (s *Store) AppendEvaluations(ctx context.Context, evaluations []inventory.Evaluation) error {
	if len(evaluations) == 0 {
		return nil
	}
	return s.change(ctx, fmt.Sprintf("keep %d evaluations", len(evaluations)), func(t tx) error {
		first, err := t.next("evaluation", len(evaluations))
		if err != nil {
			return err
		}
		args := make([]any, 0, 6*len(evaluations))
		subjects := make([]any, 0, 2*len(evaluations))
		for i := range evaluations {
			e := &evaluations[i]
			number := first + int64(i)
			e.ID = evaluationID(number)
			if e.At.IsZero() {
				e.At = s.now()
			}
			body, err := json.Marshal(e)
			if err != nil {
				return err
			}
			if body, err = pack(body); err != nil {
				return err
			}
			args = append(args, number, plain(e.Site), plain(e.Gate), micros(e.At), string(e.Verdict), body)
			subjects = append(subjects, plain(e.Site), plain(e.Gate))
		}
		if _, err := t.insert("INSERT INTO evaluation_subjects (site, gate)", 2, subjects, "ON CONFLICT (site, gate) DO NOTHING"); err != nil {
			return err
		}
		_, err = t.insert("INSERT INTO evaluations (number, site, gate, recorded_at, verdict, body)", 6, args, "")
		return err
	})
}

func evaluationID(number int64) string { return "e" + strconv.FormatInt(number, 10) }

// Evaluations is the newest evaluation of each site and gate that was known at an
// instant, by site and gate; the zero instant is now.
func (s *Store) Evaluations(ctx context.Context, asOf time.Time) (evaluations []inventory.Evaluation, err error) {
	evaluations = []inventory.Evaluation{}
	until := int64(math.MaxInt64)
	if !asOf.IsZero() {
		until = micros(asOf)
	}
	err = s.look(ctx, "read evaluations", func(t tx) error {
		return t.each(`SELECT e.body FROM evaluation_subjects s JOIN evaluations e ON e.number =
			(SELECT n.number FROM evaluations n WHERE n.site = s.site AND n.gate = s.gate AND n.recorded_at <= $1
			ORDER BY n.recorded_at DESC, n.number DESC LIMIT 1) ORDER BY s.site, s.gate`, []any{until}, func(row scanner) error {
			e, err := scanEvaluation(row)
			evaluations = append(evaluations, e)
			return err
		})
	})
	return evaluations, err
}

func scanEvaluation(row scanner) (e inventory.Evaluation, err error) {
	var body []byte
	if err = row.Scan(&body); err != nil {
		return e, err
	}
	if body, err = unpack(body); err != nil {
		return e, err
	}
	return e, json.Unmarshal(body, &e)
}

// Evaluation is one evaluation, such as the one that a sign-off pins; ErrNotFound.
func (s *Store) Evaluation(ctx context.Context, id string) (e inventory.Evaluation, err error) {
	err = s.look(ctx, fmt.Sprintf("read evaluation %.20q", id), func(t tx) error {
		number, err := strconv.ParseInt(strings.TrimPrefix(id, "e"), 10, 64)
		if err != nil || evaluationID(number) != id {
			return ErrNotFound
		}
		e, err = scanEvaluation(only{t, "SELECT body FROM evaluations WHERE number = $1", []any{number}})
		return err
	})
	return e, err
}

// EvaluationsOf is a page of what a gate said of a site, newest first.
func (s *Store) EvaluationsOf(ctx context.Context, site, gate string, page inventory.Page) (evaluations []inventory.Evaluation, next string, err error) {
	evaluations = []inventory.Evaluation{}
	chosen := selectPage(page)
	chosen.conditions = []string{"site = " + chosen.arg(plain(site)), "gate = " + chosen.arg(plain(gate))}
	if err := chosen.olderEvaluations(); err != nil {
		return nil, "", fmt.Errorf("cannot list evaluations: %w", err)
	}
	type place struct{ at, number int64 }
	var places []place
	err = s.look(ctx, fmt.Sprintf("list evaluations of %.20q", site), func(t tx) error {
		query := fmt.Sprintf("SELECT recorded_at, number, body FROM evaluations%s ORDER BY recorded_at DESC, number DESC LIMIT %d", chosen.where("number"), chosen.limit+1)
		return t.each(query, chosen.args, func(row scanner) error {
			var p place
			var body []byte
			if err := row.Scan(&p.at, &p.number, &body); err != nil {
				return err
			}
			body, err := unpack(body)
			if err != nil {
				return err
			}
			var e inventory.Evaluation
			err = json.Unmarshal(body, &e)
			evaluations, places = append(evaluations, e), append(places, p)
			return err
		})
	})
	if err == nil && len(evaluations) > chosen.limit {
		evaluations = evaluations[:chosen.limit]
		last := places[chosen.limit-1]
		next = fmt.Sprintf("%d-%d", last.at, last.number)
	}
	return evaluations, next, err
}

// olderEvaluations puts the cursor of a list that runs back from the newest.
func (c *selection) olderEvaluations() error {
	if c.after == "" {
		return nil
	}
	instant, number, _ := strings.Cut(c.after, "-")
	us, err := strconv.ParseInt(instant, 10, 64)
	var n int64
	if err == nil {
		n, err = strconv.ParseInt(number, 10, 64)
	}
	if err != nil {
		return fmt.Errorf("no such cursor: %.60q: %w", c.after, ErrNotFound)
	}
	c.after = ""
	earlier, same, below := c.arg(us), c.arg(us), c.arg(n)
	c.conditions = append(c.conditions, fmt.Sprintf("(recorded_at < %s OR recorded_at = %s AND number < %s)", earlier, same, below))
	return nil
}
