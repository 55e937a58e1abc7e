package importer

import (
	"fmt"
	"slices"
	"time"

	"muster/inventory"
)

// Invert is the batch that takes another one back: its changes in reverse order,
// before and after exchanged. Whether something later depends on them is for the
// store to say.
func Invert(batch inventory.Batch, author string, madeAt time.Time) inventory.Batch {
	undone := inventory.Batch{
		Source: fmt.Sprintf("undo of batch %d", batch.Number), Author: author, MadeAt: madeAt.UTC(),
		Changes: make([]inventory.Change, 0, len(batch.Changes)),
	}
	for _, c := range slices.Backward(batch.Changes) {
		undone.Changes = append(undone.Changes, inventory.Change{Noun: c.Noun, Key: c.Key, Before: c.After, After: c.Before})
	}
	return undone
}
