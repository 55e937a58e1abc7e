package inventory

import (
	"slices"
	"time"
)

// NounWindow names maintenance windows in events.
const NounWindow Noun = "maintenance"

// Window is a maintenance window: nothing opens inside it, and nothing leaks from
// it. ID is its key. Exactly one of the scope's fields names what it covers.
type Window struct {
	ID        string    `json:"id"`
	Site      string    `json:"site,omitempty"`
	Circuit   string    `json:"circuit,omitempty"`
	Carrier   string    `json:"carrier,omitempty"`
	Exchange  string    `json:"exchange,omitempty"`
	Service   string    `json:"service,omitempty"`
	All       bool      `json:"all,omitempty"`
	From      time.Time `json:"from"`
	To        time.Time `json:"to"`
	Theirs    bool      `json:"theirs,omitempty"` // the carrier's or supplier's, not ours: an SLA exclusion only where the contract says so
	Reason    string    `json:"reason"`
	CreatedBy string    `json:"created_by"`
	CreatedAt time.Time `json:"created_at"`
	EndedAt   time.Time `json:"ended_at,omitzero"` // closed before its time, or cancelled
}

// Covers reports whether the window is in force at t.
func (w Window) Covers(t time.Time) bool {
	end := w.To
	if !w.EndedAt.IsZero() && w.EndedAt.Before(end) {
		end = w.EndedAt
	}
	return !t.Before(w.From) && t.Before(end)
}

// Validate returns FieldErrors, or nil.
func (w Window) Validate() error {
	var es FieldErrors
	named := 0
	for _, s := range []string{w.Site, w.Circuit, w.Carrier, w.Exchange, w.Service} {
		if s != "" {
			named++
		}
	}
	if w.All {
		named++
	}
	if named != 1 {
		es.add("scope", "name exactly one of site, circuit, carrier, exchange, service or all")
	}
	if w.Site != "" && !ValidSiteCode(w.Site) {
		es.add("site", "%q is not a site code", w.Site)
	}
	switch {
	case w.From.IsZero() || w.To.IsZero():
		es.add("from", "a window needs its beginning and its end")
	case !w.To.After(w.From):
		es.add("to", "%s is not after %s", w.To.Format(time.RFC3339), w.From.Format(time.RFC3339))
	case w.To.Sub(w.From) > 90*24*time.Hour:
		es.add("to", "longer than 90 days")
	}
	if w.Reason == "" {
		es.add("reason", "missing: people ask why")
	}
	es.texts("reason", w.Reason, "circuit", w.Circuit, "carrier", w.Carrier, "exchange", w.Exchange, "service", w.Service)
	return es.err()
}

// Touches reports whether the window's subject is among those given.
func (w Window) Touches(site Site, links []Link, services []string) bool {
	switch {
	case w.All:
		return true
	case w.Site != "":
		return w.Site == site.Code
	case w.Service != "":
		return slices.Contains(services, w.Service)
	}
	return slices.ContainsFunc(links, func(l Link) bool {
		return w.Circuit != "" && w.Circuit == l.Circuit || w.Carrier != "" && w.Carrier == l.Carrier || w.Exchange != "" && w.Exchange == l.Exchange
	})
}
