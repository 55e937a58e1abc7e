package importer

import (
	"strings"

	"muster/inventory"
)

// Drift is a difference between what a file declares and what the agent sees. It
// is shown and never written.
type Drift struct {
	Place
	Key      string `json:"key"`
	Declared string `json:"declared"`
	Observed string `json:"observed"`
}

// findDrift holds the rows of an asset against what its agent reports: the
// agent's own columns, which the file may only repeat, and the declared ones
// that an agent can see.
func (k *kindPlan[N]) findDrift(w *pending[N]) {
	observed, ok := k.observed[w.entry.key]
	if !ok {
		return
	}
	for _, src := range w.entry.sources {
		for _, c := range src.cells {
			col := k.byColumn[c.column]
			if col == nil || col.observed == nil || col.volatile || c.cleared {
				continue
			}
			seen, known := col.observed(observed)
			if !known {
				continue
			}
			declared := c.value
			if col.get != nil && c.authority == FileAuthority {
				declared = col.get(&w.after)
			} else if code, ok := k.readings[src.table].sites.known(c.value); ok && strings.HasSuffix(col.Name, "site") {
				declared = code
			}
			if !sameReading(declared, seen) {
				k.plan.Drift = append(k.plan.Drift, Drift{Place: c.place(), Key: w.entry.key, Declared: declared, Observed: seen})
			}
		}
	}
}

// sameReading overlooks case and the ways of writing a UUID.
func sameReading(declared, seen string) bool {
	if uuid := inventory.CanonicalUUID(declared); uuid != "" {
		return uuid == inventory.CanonicalUUID(seen)
	}
	return strings.EqualFold(strings.TrimSpace(declared), strings.TrimSpace(seen))
}
