package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"muster/inventory"
)

// ResolveReview ends the review of an install. Merged, it becomes the install of
// the asset that it matched, as AssignAsset does it; kept apart, it counts as a
// machine of its own without an asset. ErrNotFound, and ErrConflict where there
// is nothing to resolve.
func (s *Store) ResolveReview(ctx context.Context, id string, merge bool, author string, at time.Time) error {
	w, err := s.Workstation(ctx, id)
	switch {
	case err != nil:
		return err
	case w.Review == "":
		return fmt.Errorf("cannot resolve the review of %s: it is not under review: %w", id, ErrConflict)
	case merge && w.AssetTag == "":
		return fmt.Errorf("cannot merge %s: it matched no asset: %w", id, ErrConflict)
	case merge:
		return s.AssignAsset(ctx, id, w.AssetTag, author, at)
	}
	return s.change(ctx, fmt.Sprintf("keep workstation %q apart", id), func(t tx) error {
		if _, err := t.exec("UPDATE workstations SET review = '', asset_tag = '' WHERE id = $1", id); err != nil {
			return err
		}
		if err := writeWords(t, id); err != nil { // it is no longer found by the asset's tag
			return err
		}
		body, err := json.Marshal(map[string]string{"kept_apart_from": w.AssetTag, "was": w.Review})
		if err != nil {
			return err
		}
		return s.appendEvents(t, []inventory.Event{about(id, inventory.EventReviewed, author, at, body)})
	})
}
