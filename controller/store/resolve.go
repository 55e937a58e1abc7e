package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"muster/inventory"
)

// ResolveReview ends the review of an install. Merged, it stands for the asset
// that it matched, and other installs on that asset are replaced by it and lose
// their certificates; kept apart, it counts as a machine of its own without an
// asset. ErrNotFound, and ErrConflict where there is nothing to resolve.
func (s *Store) ResolveReview(ctx context.Context, id string, merge bool, author string, at time.Time) error {
	return s.change(ctx, fmt.Sprintf("resolve the review of workstation %q", id), func(t tx) error {
		w, err := readWorkstation(t, id)
		switch {
		case err != nil:
			return err
		case w.Review == "":
			return fmt.Errorf("it is not under review: %w", ErrConflict)
		case merge && w.AssetTag == "":
			return fmt.Errorf("it matched no asset to merge with: %w", ErrConflict)
		}
		verdict, tag := "kept apart", ""
		var replaced []inventory.Event
		if merge {
			verdict, tag = "merged", w.AssetTag
			if replaced, err = replaceOthers(t, w, author, at); err != nil {
				return err
			}
		}
		if _, err := t.exec("UPDATE workstations SET review = '', asset_tag = $1 WHERE id = $2", tag, id); err != nil {
			return err
		}
		body, err := json.Marshal(map[string]string{"was": w.Review, "verdict": verdict, "asset_tag": tag})
		if err != nil {
			return err
		}
		return s.appendEvents(t, append(replaced, about(id, inventory.EventReviewed, author, at, body)))
	})
}

// replaceOthers replaces every other standing install on w's asset by w.
func replaceOthers(t tx, w inventory.Workstation, author string, at time.Time) ([]inventory.Event, error) {
	var others []string
	err := t.each("SELECT id FROM workstations WHERE asset_tag = $1 AND id <> $2 AND replaced_by = '' AND revoked_at = 0 ORDER BY id",
		[]any{w.AssetTag, w.ID}, func(row scanner) error {
			var id string
			err := row.Scan(&id)
			others = append(others, id)
			return err
		})
	if err != nil {
		return nil, err
	}
	var events []inventory.Event
	for _, other := range others {
		event, err := replace(t, inventory.EnrolChange{Workstation: w, Replaces: other, Author: author, At: at})
		if err != nil {
			return nil, err
		}
		events = append(events, event)
	}
	return events, nil
}
