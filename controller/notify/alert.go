package notify

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"muster/inventory"
)

// alert is one alert of Alertmanager's API v2. Its labels are its identity: what
// routes, silences and inhibitions match. The rest may change while it fires.
type alert struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL,omitempty"`

	ended time.Time // zero while it fires
}

// told is what Alertmanager is told of one incident: the alert, and former ones
// whose labels were others. At most one of them fires.
type told struct {
	alert

	former []alert
}

// toldOf is what is to be told of an incident as it is now; ok is false where
// nothing is: it has not opened. A revision that changes a label (the cause, the
// severity, the carrier) ends the alert of the old labels and fires one of the new:
// a route that matches them must hear of it. What ended is revised in its
// annotations alone: a second alert would be news to nobody.
func toldOf(before told, known bool, f Facts, now time.Time) (next told, ok bool) {
	i := f.Incident
	open := i.State == inventory.IncidentOpen
	if !open && (!known || i.State != inventory.IncidentResolved && i.State != inventory.IncidentFolded) {
		return before, false
	}
	next = told{alert: alertOf(f), former: before.former}
	if !known {
		return next, true
	}
	for _, name := range []string{"carrier", "exchange"} { // a register that cannot be read is no change
		if next.Labels[name] == "" && before.Labels[name] != "" {
			next.Labels[name] = before.Labels[name]
		}
	}
	if !open {
		next.Labels, next.ended = before.Labels, before.ended
		if next.ended.IsZero() {
			next.ended = now
		}
		return next, true
	}
	if !maps.Equal(next.Labels, before.Labels) {
		past := before.alert
		if past.ended.IsZero() {
			past.ended = now
		}
		next.former = append(slices.Clone(next.former), past)
	}
	next.former = slices.DeleteFunc(slices.Clone(next.former), func(a alert) bool { return maps.Equal(a.Labels, next.Labels) })
	return next, true
}

// at is the alerts as they are to be said at now, those that ended first; none
// where all ended long ago.
func (t told) at(now time.Time) []alert {
	var out []alert
	for _, a := range append(slices.Clone(t.former), t.alert) {
		switch {
		case a.ended.IsZero():
			a.EndsAt = now.Add(amHolds)
		case now.Sub(a.ended) > amRepeats:
			continue
		default:
			a.EndsAt = a.ended
		}
		out = append(out, a)
	}
	return out
}

func alertOf(f Facts) alert {
	i := f.Incident
	m := Compose(inventory.DeliverOpening, f)
	return alert{
		Labels: labelsOf(f), StartsAt: i.StartedAt, GeneratorURL: f.PageURL,
		Annotations: map[string]string{
			"summary": m.Title, "description": m.Body(), "cause": string(i.Cause), "grade": string(i.Grade), "people": strconv.Itoa(i.People),
		},
	}
}

// labelsOf is what a routing tree is made of: what, where, whose and how bad.
// Grade and people change with the evidence and call nobody else, so they are
// annotations; the cause is one as well, for it may be revised after the end.
func labelsOf(f Facts) map[string]string {
	i := f.Incident
	labels := map[string]string{
		"alertname": "MusterIncident", "incident": i.ID, "cause": string(i.Cause), "severity": string(i.Severity),
	}
	carrier := i.Scope.Carrier
	if carrier == "" && i.Scope.Site != "" {
		carrier = primaryCarrier(f.Links)
	}
	for name, value := range map[string]string{
		"site": i.Scope.Site, "carrier": carrier, "exchange": i.Scope.Exchange, "service": i.Scope.Service,
		"workstation": i.Scope.Workstation, "circuit": i.Scope.Circuit,
	} {
		if value != "" {
			labels[name] = value
		}
	}
	return labels
}

// primaryCarrier is whose link a site uses; empty where there is none, or several.
func primaryCarrier(links []inventory.Link) string {
	var carriers []string
	for _, l := range links {
		if l.Role != inventory.LinkBackup && !slices.Contains(carriers, l.Carrier) {
			carriers = append(carriers, l.Carrier)
		}
	}
	if len(carriers) != 1 {
		return ""
	}
	return carriers[0]
}
