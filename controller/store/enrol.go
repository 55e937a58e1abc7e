package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"muster/inventory"
)

// plain is text from outside in a form that both engines keep: valid UTF-8
// without NUL.
func plain(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
}

// Enrol commits an enrolment: the token's use, the workstation, its certificate,
// the older install that it replaces, whose certificates are revoked, and the
// events. ErrNotFound where there is no such token, ErrTokenSpent where it is
// used up, expired or revoked, ErrConflict where the certificate's serial number
// is taken.
func (s *Store) Enrol(ctx context.Context, change inventory.EnrolChange) error {
	w := change.Workstation
	return s.change(ctx, fmt.Sprintf("enrol %q", w.Name), func(t tx) error {
		if err := spendToken(t, change.TokenID, change.At); err != nil {
			return err
		}
		if err := writeWorkstation(t, w); err != nil {
			return err
		}
		if err := addCertificate(t, change.Certificate); err != nil {
			return err
		}
		body, err := json.Marshal(map[string]string{
			"token": change.TokenID, "asset_tag": w.AssetTag, "site": w.Site, "serial": change.Certificate.Serial,
		})
		if err != nil {
			return err
		}
		events := []inventory.Event{about(w.ID, inventory.EventEnrolled, change.Author, change.At, body)}
		if change.Replaces != "" && change.Replaces != w.ID {
			replaced, err := replace(t, change)
			if err != nil {
				return err
			}
			events = append(events, replaced)
		}
		return s.appendEvents(t, events)
	})
}

func spendToken(t tx, id string, at time.Time) error {
	n, err := t.exec(`UPDATE tokens SET used = used + 1
		WHERE id = $1 AND used < uses AND revoked_at = 0 AND (expires_at = 0 OR expires_at > $2)`, id, micros(at))
	if err != nil || n == 1 {
		return err
	}
	if _, err := readToken(t, id); err != nil {
		return fmt.Errorf("join token %q: %w", id, err)
	}
	return fmt.Errorf("join token %q: %w", id, ErrTokenSpent)
}

// replace marks the older install and revokes its certificates.
func replace(t tx, change inventory.EnrolChange) (inventory.Event, error) {
	n, err := t.exec("UPDATE workstations SET replaced_by = $1 WHERE id = $2", change.Workstation.ID, change.Replaces)
	if err != nil {
		return inventory.Event{}, err
	}
	if n == 0 {
		return inventory.Event{}, fmt.Errorf("the older install %q: %w", change.Replaces, ErrNotFound)
	}
	if _, err := t.exec("UPDATE certificates SET revoked_at = $1 WHERE workstation = $2 AND revoked_at = 0",
		micros(change.At), change.Replaces); err != nil {
		return inventory.Event{}, err
	}
	body, err := json.Marshal(map[string]string{"replaced_by": change.Workstation.ID})
	return about(change.Replaces, inventory.EventReplaced, change.Author, change.At, body), err
}

// CandidatesByIdentity is the machines that share one of the keys: workstations
// with the asset they are on, other installs of the assets, and assets that no
// agent reports from.
func (s *Store) CandidatesByIdentity(ctx context.Context, keys []inventory.IdentityKey) (found []inventory.Candidate, err error) {
	err = s.look(ctx, "look for a machine by its identity", func(t tx) error {
		found = nil
		ids, err := byKeys(t, "workstation_keys", "workstation", keys)
		if err != nil {
			return err
		}
		tags, err := byKeys(t, "asset_keys", "tag", keys)
		if err != nil {
			return err
		}
		installed, err := installsOf(t, tags)
		if err != nil {
			return err
		}
		ids = append(ids, installed...)
		slices.Sort(ids)
		taken := make(map[string]bool)
		for _, id := range slices.Compact(ids) {
			c, err := candidate(t, id)
			if err != nil {
				return err
			}
			taken[c.Asset.Tag] = true
			found = append(found, c)
		}
		for _, tag := range tags {
			if taken[tag] {
				continue
			}
			asset, err := find[inventory.Asset](t, "assets", "tag", tag)
			if err != nil {
				return err
			}
			found = append(found, inventory.Candidate{Asset: asset})
		}
		return nil
	})
	return found, err
}

// candidate is a workstation with its asset. The tag outlives the asset: one
// whose only install was revoked or replaced may have been removed since.
func candidate(t tx, id string) (c inventory.Candidate, err error) {
	if c.Workstation, err = readWorkstation(t, id); err != nil || c.Workstation.AssetTag == "" {
		return c, err
	}
	c.Asset, err = find[inventory.Asset](t, "assets", "tag", c.Workstation.AssetTag)
	if errors.Is(err, ErrNotFound) {
		return c, nil
	}
	return c, err
}

// installsOf is the installs, standing or not, that were put on assets: one may
// have read none of the keys that its asset is registered with.
func installsOf(t tx, tags []string) (ids []string, err error) {
	err = chunks(t, tags, func(tags []string) error {
		return t.each("SELECT id FROM workstations WHERE asset_tag IN ("+t.marks(len(tags))+")", anys(tags), func(row scanner) error {
			var id string
			err := row.Scan(&id)
			ids = append(ids, id)
			return err
		})
	})
	return ids, err
}

// byKeys is the distinct owners of identity keys, in order.
func byKeys(t tx, table, owner string, keys []inventory.IdentityKey) (owners []string, err error) {
	if len(keys) == 0 {
		return nil, nil
	}
	args := make([]any, 0, 2*len(keys))
	conditions := make([]string, 0, len(keys))
	for i, key := range keys {
		conditions = append(conditions, fmt.Sprintf("(kind = $%d AND value = $%d)", 2*i+1, 2*i+2))
		args = append(args, key.Kind, plain(key.Value))
	}
	query := "SELECT DISTINCT " + owner + " FROM " + table + " WHERE " + strings.Join(conditions, " OR ") + " ORDER BY " + owner
	err = t.each(query, args, func(row scanner) error {
		var id string
		err := row.Scan(&id)
		owners = append(owners, id)
		return err
	})
	return owners, err
}
