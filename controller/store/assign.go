package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"muster/inventory"
)

// AssignAsset says that a workstation is the install on an asset and ends its
// review: it takes the asset's home site and kind, and older installs on the
// asset are replaced and lose their certificates. ErrNotFound where there is no
// such workstation or asset.
func (s *Store) AssignAsset(ctx context.Context, id, tag, author string, at time.Time) error {
	return s.change(ctx, fmt.Sprintf("put workstation %q on asset %q", id, tag), func(t tx) error {
		w, err := readWorkstation(t, id)
		if err != nil {
			return fmt.Errorf("workstation %q: %w", id, err)
		}
		asset, err := find[inventory.Asset](t, "assets", "tag", tag)
		if err != nil {
			return fmt.Errorf("asset %q: %w", tag, err)
		}
		older, err := installsOn(t, tag, id)
		if err != nil {
			return err
		}
		w.AssetTag, w.HomeSite, w.Kind, w.Review = tag, asset.Site, asset.Kind, ""
		if err := writeWorkstation(t, w); err != nil {
			return err
		}
		body, err := json.Marshal(map[string]string{"asset_tag": tag})
		if err != nil {
			return err
		}
		events := []inventory.Event{about(id, inventory.EventReviewed, author, at, body)}
		for _, old := range older {
			event, err := replace(t, inventory.EnrolChange{Workstation: w, Replaces: old, Author: author, At: at})
			if err != nil {
				return err
			}
			events = append(events, event)
		}
		return s.appendEvents(t, events)
	})
}

// installsOn is the installs on an asset that stand, but for one.
func installsOn(t tx, tag, but string) (ids []string, err error) {
	err = t.each("SELECT id FROM workstations WHERE asset_tag = $1 AND replaced_by = '' AND id <> $2 ORDER BY id",
		[]any{tag, but}, func(row scanner) error {
			var id string
			err := row.Scan(&id)
			ids = append(ids, id)
			return err
		})
	return ids, err
}
