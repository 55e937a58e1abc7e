package store

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"muster/inventory"
)

// workstationColumns is what scanWorkstation reads; w is the workstation, s its
// status.
const workstationColumns = `w.id, w.name, w.asset_tag, w.home_site, w.site, w.uuid, w.serial, w.macs, w.kind,
	w.simulated, w.enrolled_at, w.revoked_at, w.replaced_by, w.review,
	COALESCE(s.addr, ''), COALESCE(s.agent_version, w.agent_version), COALESCE(s.last_report_at, 0)`

const fromWorkstations = " FROM workstations w LEFT JOIN workstation_status s ON s.workstation = w.id"

// Workstations is a page of workstations by id. The filter's Site is where they
// are now or at home.
func (s *Store) Workstations(ctx context.Context, f inventory.WorkstationFilter) (found []inventory.Workstation, next string, err error) {
	err = s.look(ctx, "list workstations", func(t tx) error {
		if len(f.IDs) == 0 {
			found, next, err = workstationPage(t, f, selectPage(f.Page))
			return err
		}
		found, next, err = workstationsAmong(t, f)
		return err
	})
	return found, next, err
}

// idsAtOnce is how many ids one statement asks for.
const idsAtOnce = 60

// workstationsAmong walks the wanted ids in pieces that fit one statement until
// the page is full.
func workstationsAmong(t tx, f inventory.WorkstationFilter) (found []inventory.Workstation, next string, err error) {
	limit := selectPage(f.Page).limit
	ids := slices.Clone(f.IDs)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	at, exact := slices.BinarySearch(ids, f.After)
	if exact {
		at++
	}
	found = []inventory.Workstation{}
	for piece := range slices.Chunk(ids[at:], idsAtOnce) {
		chosen := selectPage(inventory.Page{Limit: limit})
		chosen.among("w.id", piece)
		more, _, err := workstationPage(t, f, chosen)
		if err != nil {
			return nil, "", err
		}
		found = append(found, more...)
		if len(found) > limit || len(found) == limit && len(ids[at:]) > limit {
			return found[:limit], found[limit-1].ID, nil
		}
	}
	return found, "", nil
}

func workstationPage(t tx, f inventory.WorkstationFilter, chosen selection) (found []inventory.Workstation, next string, err error) {
	found = []inventory.Workstation{}
	if f.Site != "" {
		code := chosen.arg(f.Site)
		chosen.conditions = append(chosen.conditions,
			"w.id IN (SELECT id FROM workstations WHERE site = "+code+" UNION SELECT id FROM workstations WHERE home_site = "+code+")")
	}
	if err := chosen.search(t, column{"workstations", "w", "id"}, "workstation_words", "workstation", f.Query); err != nil || chosen.empty {
		return found, "", err
	}
	query := fmt.Sprintf("SELECT %s%s%s ORDER BY w.id LIMIT %d", workstationColumns, fromWorkstations, chosen.where("w.id"), chosen.limit+1)
	err = t.each(query, chosen.args, func(row scanner) error {
		w, err := scanWorkstation(row)
		found = append(found, w)
		return err
	})
	if err == nil && len(found) > chosen.limit {
		found = found[:chosen.limit]
		next = found[chosen.limit-1].ID
	}
	return found, next, err
}

// Workstation is one workstation; ErrNotFound.
func (s *Store) Workstation(ctx context.Context, id string) (w inventory.Workstation, err error) {
	err = s.look(ctx, fmt.Sprintf("read workstation %q", id), func(t tx) (err error) {
		w, err = readWorkstation(t, id)
		return err
	})
	return w, err
}

// AllWorkstations is every workstation by id, those replaced or revoked too.
func (s *Store) AllWorkstations(ctx context.Context) (all []inventory.Workstation, err error) {
	err = s.look(ctx, "read workstations", func(t tx) error {
		return t.each("SELECT "+workstationColumns+fromWorkstations+" ORDER BY w.id", nil, func(row scanner) error {
			w, err := scanWorkstation(row)
			all = append(all, w)
			return err
		})
	})
	return all, err
}

// MoveWorkstation says at which site a workstation is now, and appends an event
// where that is news. The empty site is "at no site".
func (s *Store) MoveWorkstation(ctx context.Context, id, site string, at time.Time) error {
	return s.change(ctx, fmt.Sprintf("move workstation %q", id), func(t tx) error {
		w, err := readWorkstation(t, id)
		if err != nil || w.Site == site {
			return err
		}
		if _, err := t.exec("UPDATE workstations SET site = $1 WHERE id = $2", site, id); err != nil {
			return err
		}
		body, err := json.Marshal(map[string]string{"from": w.Site, "to": site})
		if err != nil {
			return err
		}
		return s.appendEvents(t, []inventory.Event{about(id, inventory.EventMoved, "controller", at, body)})
	})
}

// ReviewWorkstation sets why a person must look at a workstation; the empty
// reason says that somebody has, and it counts.
func (s *Store) ReviewWorkstation(ctx context.Context, id, reason, author string, at time.Time) error {
	return s.change(ctx, fmt.Sprintf("review workstation %q", id), func(t tx) error {
		n, err := t.exec("UPDATE workstations SET review = $1 WHERE id = $2", reason, id)
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrNotFound
		}
		body, err := json.Marshal(map[string]string{"review": reason})
		if err != nil {
			return err
		}
		return s.appendEvents(t, []inventory.Event{about(id, inventory.EventReviewed, author, at, body)})
	})
}

func about(workstation, kind, author string, at time.Time, body json.RawMessage) inventory.Event {
	return inventory.Event{
		Kind: kind, Subject: inventory.Subject{Noun: inventory.NounWorkstation, Key: workstation},
		OccurredAt: at, Author: author, Body: body,
	}
}

func readWorkstation(t tx, id string) (inventory.Workstation, error) {
	return scanWorkstation(only{t, "SELECT " + workstationColumns + fromWorkstations + " WHERE w.id = $1", []any{id}})
}

func scanWorkstation(row scanner) (w inventory.Workstation, err error) {
	var macs, kind, addr string
	var simulated, enrolledAt, revokedAt, lastReportAt int64
	err = row.Scan(&w.ID, &w.Name, &w.AssetTag, &w.HomeSite, &w.Site, &w.Identity.UUID, &w.Identity.Serial, &macs, &kind,
		&simulated, &enrolledAt, &revokedAt, &w.ReplacedBy, &w.Review, &addr, &w.AgentVersion, &lastReportAt)
	if err != nil {
		return w, err
	}
	w.Kind, w.Simulated = inventory.AssetKind(kind), simulated != 0
	w.EnrolledAt, w.RevokedAt, w.LastReportAt = instant(enrolledAt), instant(revokedAt), instant(lastReportAt)
	if addr != "" {
		if w.Addr, err = netip.ParseAddr(addr); err != nil {
			return w, err
		}
	}
	if macs != "" {
		err = json.Unmarshal([]byte(macs), &w.Identity.MACs)
	}
	return w, err
}

// writeWorkstation makes or writes over a workstation and what it is found by.
func writeWorkstation(t tx, w inventory.Workstation) error {
	macs := ""
	if len(w.Identity.MACs) > 0 {
		b, err := json.Marshal(w.Identity.MACs)
		if err != nil {
			return err
		}
		macs = string(b)
	}
	var simulated int64
	if w.Simulated {
		simulated = 1
	}
	_, err := t.exec(`INSERT INTO workstations (id, name, asset_tag, home_site, site, uuid, serial, macs, kind, model,
			agent_version, simulated, enrolled_at, revoked_at, replaced_by, review)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', $10, $11, $12, $13, $14, $15)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, asset_tag = excluded.asset_tag, home_site = excluded.home_site,
			site = excluded.site, uuid = excluded.uuid, serial = excluded.serial, macs = excluded.macs, kind = excluded.kind,
			agent_version = excluded.agent_version, simulated = excluded.simulated, enrolled_at = excluded.enrolled_at,
			revoked_at = excluded.revoked_at, replaced_by = excluded.replaced_by, review = excluded.review`,
		w.ID, plain(w.Name), w.AssetTag, w.HomeSite, w.Site, w.Identity.UUID, plain(w.Identity.Serial), macs, string(w.Kind),
		plain(w.AgentVersion), simulated, micros(w.EnrolledAt), micros(w.RevokedAt), w.ReplacedBy, plain(w.Review))
	if err != nil {
		return err
	}
	if _, err := t.exec("DELETE FROM workstation_keys WHERE workstation = $1", w.ID); err != nil {
		return err
	}
	var identities []any
	for _, key := range w.Identity.Keys() {
		identities = append(identities, key.Kind, key.Value, w.ID)
	}
	if _, err := t.insert("INSERT INTO workstation_keys (kind, value, workstation)", 3, identities, "ON CONFLICT DO NOTHING"); err != nil {
		return err
	}
	return writeWords(t, w.ID)
}

// writeWords makes the search words of a workstation anew from its row.
func writeWords(t tx, id string) error {
	w, err := readWorkstation(t, id)
	if err != nil {
		return err
	}
	var model string
	if err := t.one("SELECT model FROM workstations WHERE id = $1", []any{id}, &model); err != nil {
		return err
	}
	if _, err := t.exec("DELETE FROM workstation_words WHERE workstation = $1", id); err != nil {
		return err
	}
	var args []any
	for _, word := range append(searchWords(w.ID, w.Name, w.AssetTag, w.Identity.Serial, model), macWords(w.Identity.MACs)...) {
		args = append(args, []byte(word), id)
	}
	_, err = t.insert("INSERT INTO workstation_words (word, workstation)", 2, args, "ON CONFLICT DO NOTHING")
	return err
}
