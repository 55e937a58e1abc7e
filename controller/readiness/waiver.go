package readiness

import (
	"time"

	"muster/inventory"
)

// WaiverHolds reports whether a waiver holds on a day of its site, at a moment.
func WaiverHolds(w inventory.Waiver, today inventory.Date, now time.Time) bool {
	return (w.EndedAt.IsZero() || now.Before(w.EndedAt)) && w.Until.Set() && today <= w.Until && !now.Before(w.At)
}
