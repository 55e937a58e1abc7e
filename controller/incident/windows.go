package incident

import (
	"slices"
	"time"

	"muster/inventory"
)

// covered reports whether a maintenance window is in force over a scope. A shared
// scope is covered by a window over its carrier or exchange, or when each of its
// sites is.
func (e *Engine) covered(scope inventory.Scope, now time.Time) bool {
	if scope.Controller {
		return slices.ContainsFunc(e.windows, func(w inventory.Window) bool { return w.All && w.Covers(now) })
	}
	for _, w := range e.windows {
		if !w.Covers(now) {
			continue
		}
		if w.All || w.Carrier != "" && w.Carrier == scope.Carrier || w.Exchange != "" && w.Exchange == scope.Exchange ||
			w.Service != "" && w.Service == scope.Service {
			return true
		}
		if w.Service == "" && scope.Site != "" && e.covers(w, scope.Site) {
			return true
		}
	}
	if scope.Site != "" || len(scope.Sites) == 0 || scope.Service != "" {
		return false
	}
	return !slices.ContainsFunc(scope.Sites, func(code string) bool { return !e.covered(inventory.Scope{Site: code}, now) })
}

// covers reports whether a window's subject is the site, or its first link: work on
// a backup silences nobody.
func (e *Engine) covers(w inventory.Window, code string) bool {
	s := e.sites[code]
	if s == nil {
		return w.Site == code
	}
	first := slices.DeleteFunc(slices.Clone(s.facts.Links), func(l inventory.Link) bool { return l.Role == inventory.LinkBackup })
	return w.Touches(s.facts.Site, first, nil)
}
