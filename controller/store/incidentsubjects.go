package store

import (
	"slices"

	"muster/inventory"
)

// The kinds of subject that incidents are found by.
const (
	subjectSite        = "site"
	subjectWorkstation = "workstation"
	subjectService     = "service"
	subjectCarrier     = "carrier"
	subjectExchange    = "exchange"
	subjectCircuit     = "circuit"
)

// subject is one of those.
type subject struct{ kind, value string }

// putSubjects replaces what the incidents are found by.
func putSubjects(t tx, incidents []inventory.Incident, ids []string) error {
	err := chunks(t, ids, func(ids []string) error {
		_, err := t.exec("DELETE FROM incident_subjects WHERE incident IN ("+t.marks(len(ids))+")", anys(ids)...)
		return err
	})
	if err != nil {
		return err
	}
	carriers, err := carriersOf(t, incidents)
	if err != nil {
		return err
	}
	var args []any
	for n, i := range incidents {
		for _, s := range subjectsOf(i, carriers) {
			args = append(args, s.kind, plain(s.value), ids[n])
		}
	}
	_, err = t.insert("INSERT INTO incident_subjects (kind, value, incident)", 3, args, "ON CONFLICT DO NOTHING")
	return err
}

func subjectsOf(i inventory.Incident, carriers map[string][]string) []subject {
	var all []subject
	add := func(kind, value string) {
		if s := (subject{kind, value}); value != "" && !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	add(subjectSite, i.Scope.Site)
	for _, code := range i.Scope.Sites {
		add(subjectSite, code)
	}
	add(subjectWorkstation, i.Scope.Workstation)
	add(subjectService, i.Scope.Service)
	add(subjectCarrier, i.Scope.Carrier)
	add(subjectExchange, i.Scope.Exchange)
	add(subjectCircuit, i.Scope.Circuit)
	if ofLink(i.Cause) && i.Scope.Workstation == "" {
		for _, carrier := range carriers[i.Scope.Site] {
			add(subjectCarrier, carrier)
		}
	}
	return all
}

// ofLink reports whether the cause is, or may still turn out to be, the link's: who
// asks for a carrier's incidents wants to see it.
func ofLink(c inventory.Cause) bool {
	switch c {
	case inventory.CauseSiteLinkDown, inventory.CauseLinkOrPower, inventory.CauseMachineOrLink, inventory.CauseAsymmetricPartition,
		inventory.CauseLinkDegraded, inventory.CauseSiteMTU, inventory.CauseUnobserved:
		return true
	default:
		return false
	}
}

// carriersOf reads whose links the incidents' sites have.
func carriersOf(t tx, incidents []inventory.Incident) (map[string][]string, error) {
	var codes []string
	for _, i := range incidents {
		if code := i.Scope.Site; code != "" && ofLink(i.Cause) && !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	carriers := map[string][]string{}
	err := chunks(t, codes, func(codes []string) error {
		return t.each("SELECT site, carrier FROM links WHERE site IN ("+t.marks(len(codes))+")", anys(codes), func(row scanner) error {
			var code, carrier string
			err := row.Scan(&code, &carrier)
			carriers[code] = append(carriers[code], carrier)
			return err
		})
	})
	return carriers, err
}
