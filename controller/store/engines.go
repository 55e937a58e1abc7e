package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"muster/inventory"
)

// engineName is the row of the engine's state; there is one engine.
const engineName = "incident"

func putEngineState(t tx, state inventory.EngineState) error {
	body, err := pack(state.Body)
	if err != nil {
		return err
	}
	_, err = t.exec(`INSERT INTO engine_states (name, saved_at, position, body) VALUES ($1, $2, $3, $4)
		ON CONFLICT (name) DO UPDATE SET saved_at = excluded.saved_at, position = excluded.position, body = excluded.body`,
		engineName, micros(state.SavedAt), state.Position, body)
	return err
}

// EngineState is what the incident engine remembered last; ErrNotFound before its
// first time.
func (s *Store) EngineState(ctx context.Context) (state inventory.EngineState, err error) {
	err = s.look(ctx, "read the engine's state", func(t tx) error {
		var at int64
		err := t.one("SELECT saved_at, position, body FROM engine_states WHERE name = $1", []any{engineName}, &at, &state.Position, &state.Body)
		if err != nil {
			return err
		}
		state.SavedAt = instant(at)
		state.Body, err = unpack(state.Body)
		return err
	})
	return state, err
}

// LastReport is the position of the newest report of the intake log; 0 before the
// first.
func (s *Store) LastReport(ctx context.Context) (position int64, err error) {
	err = s.look(ctx, "read the end of the intake log", func(t tx) error {
		return t.one("SELECT value FROM counters WHERE name = 'report'", nil, &position)
	})
	return position, err
}

// AddEvidence appends to what incidents were judged from.
func (s *Store) AddEvidence(ctx context.Context, batches []inventory.EvidenceBatch) error {
	return s.change(ctx, "keep evidence", func(t tx) error {
		for _, b := range batches {
			body, err := json.Marshal(b.Evidence)
			if err != nil {
				return err
			}
			if body, err = pack(body); err != nil {
				return err
			}
			if _, err := t.exec(`INSERT INTO incident_evidence (incident, number, pieces, body)
				SELECT $1, COALESCE(max(number), 0) + 1, $2, $3 FROM incident_evidence WHERE incident = $1`, plain(b.Incident), len(b.Evidence), body); err != nil {
				return err
			}
		}
		return nil
	})
}

// Evidence is what an incident was judged from, in the order in which it was
// learnt.
func (s *Store) Evidence(ctx context.Context, incident string) (all []inventory.Evidence, err error) {
	err = s.look(ctx, fmt.Sprintf("read the evidence of %.20q", incident), func(t tx) error {
		return t.each("SELECT body FROM incident_evidence WHERE incident = $1 ORDER BY number", []any{plain(incident)}, func(row scanner) error {
			var body []byte
			if err := row.Scan(&body); err != nil {
				return err
			}
			body, err := unpack(body)
			if err != nil {
				return err
			}
			var piece []inventory.Evidence
			err = json.Unmarshal(body, &piece)
			all = append(all, piece...)
			return err
		})
	})
	return all, err
}

// PutBaselines keeps how links usually behave, each in its maker's own form.
func (s *Store) PutBaselines(ctx context.Context, baselines map[string][]byte, at time.Time) error {
	return s.change(ctx, "keep baselines", func(t tx) error {
		args := make([]any, 0, 3*len(baselines))
		for subject, body := range baselines {
			packed, err := pack(body)
			if err != nil {
				return err
			}
			args = append(args, plain(subject), micros(at), packed)
		}
		_, err := t.insert("INSERT INTO link_baselines (subject, changed_at, body)", 3, args,
			"ON CONFLICT (subject) DO UPDATE SET changed_at = excluded.changed_at, body = excluded.body")
		return err
	})
}

// Baselines is what PutBaselines kept.
func (s *Store) Baselines(ctx context.Context) (baselines map[string][]byte, err error) {
	baselines = map[string][]byte{}
	err = s.look(ctx, "read baselines", func(t tx) error {
		return t.each("SELECT subject, body FROM link_baselines", nil, func(row scanner) error {
			var subject string
			var body []byte
			if err := row.Scan(&subject, &body); err != nil {
				return err
			}
			body, err := unpack(body)
			baselines[subject] = body
			return err
		})
	})
	return baselines, err
}

// PruneEvidence removes the observations behind at most limit incidents that are
// over and last changed before an instant, and returns how many incidents that
// were. The incidents stay, with what their pages say.
func (s *Store) PruneEvidence(ctx context.Context, before time.Time, limit int) (int, error) {
	var old []string
	err := s.change(ctx, "prune the evidence of incidents", func(t tx) error {
		old = old[:0]
		err := t.each(`SELECT i.id FROM incidents i WHERE i.changed_at < $1 AND i.ended_at <> 0
			AND EXISTS (SELECT 1 FROM incident_evidence e WHERE e.incident = i.id) LIMIT $2`,
			[]any{micros(before), max(limit, 0)}, func(row scanner) error {
				var id string
				err := row.Scan(&id)
				old = append(old, id)
				return err
			})
		if err != nil {
			return err
		}
		return chunks(t, old, func(ids []string) error {
			_, err := t.exec("DELETE FROM incident_evidence WHERE incident IN ("+t.marks(len(ids))+")", anys(ids)...)
			return err
		})
	})
	return len(old), err
}
