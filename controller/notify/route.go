package notify

import (
	"slices"
	"time"

	"muster/inventory"
)

// Route says who hears of which incidents. The first that matches is taken, and
// the next ones too where it says continue.
type Route struct {
	Name     string   `yaml:"name"`
	Match    Match    `yaml:"match"`
	To       []Target `yaml:"to"`
	Escalate []Rung   `yaml:"escalate"`
	Digest   bool     `yaml:"digest"` // in the digest alone, never by itself
	Continue bool     `yaml:"continue"`
}

// Match selects incidents; an empty field matches all.
type Match struct {
	Sites    []string             `yaml:"sites"`
	Carriers []string             `yaml:"carriers"`
	Causes   []inventory.Cause    `yaml:"causes"`
	Severity []inventory.Severity `yaml:"severity"`
	// Hours are when people of this route are there, in the configuration's zone;
	// an incident outside them goes to the next route that matches.
	Hours inventory.Hours `yaml:"hours"`
	// SiteOpen: true for incidents in the site's open hours only, false for
	// others only.
	SiteOpen *bool `yaml:"site_open"`
}

// Target is a sink, and an address where the sink needs one.
type Target struct {
	Sink    string `yaml:"sink"    json:"sink"`
	Address string `yaml:"address" json:"address,omitempty"`
}

// Rung is who hears next where nobody has acknowledged.
type Rung struct {
	After Duration `yaml:"after"`
	To    []Target `yaml:"to"`
}

// matches reports whether the route is for the incident at this time.
func (m Match) matches(i inventory.Incident, carriers []string, now time.Time) bool {
	named := func(wanted []string, has ...string) bool {
		return len(wanted) == 0 || slices.ContainsFunc(has, func(s string) bool { return s != "" && slices.Contains(wanted, s) })
	}
	return named(m.Sites, append([]string{i.Scope.Site}, i.Scope.Sites...)...) &&
		named(m.Carriers, append([]string{i.Scope.Carrier}, carriers...)...) &&
		(len(m.Causes) == 0 || slices.Contains(m.Causes, i.Cause)) &&
		(len(m.Severity) == 0 || slices.Contains(m.Severity, i.Severity)) &&
		(m.Hours == "" || m.Hours.Open(now)) &&
		(m.SiteOpen == nil || *m.SiteOpen == i.Hours)
}

// pick lists the routes that an incident takes, in order. Somebody always hears:
// where no route matches, the last one is taken.
func pick(routes []Route, i inventory.Incident, carriers []string, now time.Time) []Route {
	var taken []Route
	for _, r := range routes {
		if !r.Match.matches(i, carriers, now) {
			continue
		}
		taken = append(taken, r)
		if !r.Continue {
			return taken
		}
	}
	if len(taken) == 0 && len(routes) > 0 {
		return routes[len(routes)-1:]
	}
	return taken
}
