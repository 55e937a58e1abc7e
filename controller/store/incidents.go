package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"muster/inventory"
)

const incidentColumns = 9

// KeepIncidents writes incidents as they are now and, where state is given, what
// the engine remembers with them: both or neither.
func (s *Store) KeepIncidents(ctx context.Context, incidents []inventory.Incident, state *inventory.EngineState) error {
	return s.change(ctx, fmt.Sprintf("keep %d incidents", len(incidents)), func(t tx) error {
		if err := putIncidents(t, incidents, s.now()); err != nil {
			return err
		}
		if state == nil {
			return nil
		}
		return putEngineState(t, *state)
	})
}

func putIncidents(t tx, incidents []inventory.Incident, now time.Time) error {
	args := make([]any, 0, incidentColumns*len(incidents))
	ids := make([]string, 0, len(incidents))
	for _, i := range incidents {
		body, err := json.Marshal(i)
		if err != nil {
			return err
		}
		if body, err = pack(body); err != nil {
			return err
		}
		args = append(args, plain(i.ID), micros(i.DetectedAt), micros(i.StartedAt), micros(endOf(i, now)), micros(now),
			string(i.Cause), truth(i.Cause.Presence() || i.State == inventory.IncidentBlip), string(i.State), body)
		ids = append(ids, plain(i.ID))
	}
	_, err := t.insert("INSERT INTO incidents (id, detected_at, started_at, ended_at, changed_at, cause, presence, state, body)", incidentColumns, args,
		`ON CONFLICT (id) DO UPDATE SET detected_at = excluded.detected_at, started_at = excluded.started_at, ended_at = excluded.ended_at,
		changed_at = excluded.changed_at, cause = excluded.cause, presence = excluded.presence, state = excluded.state, body = excluded.body`)
	if err != nil {
		return err
	}
	return putSubjects(t, incidents, ids)
}

// endOf is when the incident ended; zero while it goes on.
func endOf(i inventory.Incident, now time.Time) time.Time {
	switch {
	case i.Live():
		return time.Time{}
	case !i.ResolvedAt.IsZero():
		return i.ResolvedAt
	default:
		return now
	}
}

// truth is a condition as a column keeps it.
func truth(is bool) int {
	if is {
		return 1
	}
	return 0
}

// Incidents is a page of incidents, newest detected first. From and To select
// those that went on at some moment between them.
func (s *Store) Incidents(ctx context.Context, f inventory.IncidentFilter) (found []inventory.Incident, next string, err error) {
	found = []inventory.Incident{}
	chosen := selectPage(f.Page)
	if err := chosen.olderThan("i.detected_at", "i.id"); err != nil {
		return nil, "", fmt.Errorf("cannot list incidents: %w", err)
	}
	chosen.incidents(f)
	err = s.look(ctx, "list incidents", func(t tx) error {
		query := fmt.Sprintf("SELECT i.body FROM incidents i%s ORDER BY i.detected_at DESC, i.id DESC LIMIT %d", chosen.where("i.id"), chosen.limit+1)
		return t.each(query, chosen.args, func(row scanner) error {
			i, err := scanIncident(row)
			found = append(found, i)
			return err
		})
	})
	if err == nil && len(found) > chosen.limit {
		found = found[:chosen.limit]
		last := found[chosen.limit-1]
		next = fmt.Sprintf("%d-%s", micros(last.DetectedAt), last.ID)
	}
	return found, next, err
}

// incidents puts the filter's conditions.
func (c *selection) incidents(f inventory.IncidentFilter) {
	c.equal("i.cause", string(f.Cause))
	c.equal("i.state", string(f.State))
	if f.Live {
		c.conditions = append(c.conditions, "i.state IN ("+c.arg(string(inventory.IncidentPending))+","+c.arg(string(inventory.IncidentOpen))+")")
	}
	if f.Paged {
		c.conditions = append(c.conditions, "i.presence = 0")
	}
	for kind, value := range map[string]string{subjectSite: f.Site, subjectCarrier: f.Carrier, subjectWorkstation: f.Workstation} {
		if value != "" {
			c.conditions = append(c.conditions, "EXISTS (SELECT 1 FROM incident_subjects s WHERE s.incident = i.id AND s.kind = "+
				c.arg(kind)+" AND s.value = "+c.arg(plain(value))+")")
		}
	}
	if !f.From.IsZero() {
		c.conditions = append(c.conditions, "(i.ended_at = 0 OR i.ended_at >= "+c.arg(micros(f.From))+")")
	}
	if !f.To.IsZero() {
		c.conditions = append(c.conditions, "i.started_at <= "+c.arg(micros(f.To)))
	}
}

// olderThan puts the cursor of a list that runs from the newest back: an instant
// and a key.
func (c *selection) olderThan(at, key string) error {
	if c.after == "" {
		return nil
	}
	instant, id, ok := strings.Cut(c.after, "-")
	us, err := strconv.ParseInt(instant, 10, 64)
	if err != nil || !ok {
		return fmt.Errorf("no such cursor: %.60q: %w", c.after, ErrNotFound)
	}
	c.after = ""
	earlier, same, below := c.arg(us), c.arg(us), c.arg(plain(id))
	c.conditions = append(c.conditions, fmt.Sprintf("(%s < %s OR %s = %s AND %s < %s)", at, earlier, at, same, key, below))
	return nil
}

// Incident is one incident; ErrNotFound.
func (s *Store) Incident(ctx context.Context, id string) (i inventory.Incident, err error) {
	err = s.look(ctx, fmt.Sprintf("read incident %.20q", id), func(t tx) (err error) {
		i, err = scanIncident(only{t, "SELECT body FROM incidents WHERE id = $1", []any{plain(id)}})
		return err
	})
	return i, err
}

func scanIncident(row scanner) (i inventory.Incident, err error) {
	var body []byte
	if err = row.Scan(&body); err != nil {
		return i, err
	}
	if body, err = unpack(body); err != nil {
		return i, err
	}
	return i, json.Unmarshal(body, &i)
}

// PruneIncidents removes at most limit incidents that last changed before an
// instant and are over, with their evidence, and returns how many it removed:
// those that say how one machine stood, and events, where presence is set, and
// the others where it is not. How many of the former there were on each day is kept.
func (s *Store) PruneIncidents(ctx context.Context, presence bool, before time.Time, limit int) (int, error) {
	var old []string
	err := s.change(ctx, "prune incidents", func(t tx) error {
		old = old[:0]
		err := t.each("SELECT id FROM incidents WHERE presence = $1 AND changed_at < $2 AND ended_at <> 0 ORDER BY changed_at LIMIT $3",
			[]any{truth(presence), micros(before), max(limit, 0)}, func(row scanner) error {
				var id string
				err := row.Scan(&id)
				old = append(old, id)
				return err
			})
		if err == nil && presence {
			err = s.countPresence(t, old)
		}
		if err != nil {
			return err
		}
		return chunks(t, old, func(ids []string) error {
			for table, column := range map[string]string{"incident_evidence": "incident", "incident_subjects": "incident", "incidents": "id"} {
				if _, err := t.exec("DELETE FROM "+table+" WHERE "+column+" IN ("+t.marks(len(ids))+")", anys(ids)...); err != nil {
					return err
				}
			}
			return nil
		})
	})
	return len(old), err
}
