package inventory

import (
	"regexp"
	"slices"
	"time"
)

// MeshMode says how a site's workstations reach the controller.
type MeshMode string

// The two ways: a Serf pool of the site, or outbound HTTPS only where isolation,
// NAT or policy forbid gossip.
const (
	MeshPool   MeshMode = "pool"
	MeshDirect MeshMode = "direct"
)

// Site is a place with workstations behind one or more links. Code is its key.
type Site struct {
	Code      string   `json:"code"`
	Name      string   `json:"name"`
	Aliases   []string `json:"aliases,omitempty"`
	Kind      string   `json:"kind,omitempty"` // library, day centre, office …
	District  string   `json:"district,omitempty"`
	Address   string   `json:"address,omitempty"`
	Postcode  string   `json:"postcode,omitempty"`
	Latitude  float64  `json:"latitude,omitempty"`  // degrees north; both zero where not known
	Longitude float64  `json:"longitude,omitempty"` // degrees east
	Zone      string   `json:"zone,omitempty"`      // IANA name; empty is Europe/London
	Hours     Hours    `json:"hours,omitempty"`     // opening hours in Zone; empty is always open
	Mesh      MeshMode `json:"mesh,omitempty"`      // empty is pool
	Contact   string   `json:"contact,omitempty"`
	Phone     string   `json:"phone,omitempty"`
	Access    string   `json:"access,omitempty"` // how technicians get in
	Notes     string   `json:"notes,omitempty"`
}

var siteCode = regexp.MustCompile(`^[A-Z0-9][A-Z0-9_-]{0,15}$`)

// ValidSiteCode reports whether code may name a site: 1–16 of A–Z, 0–9, - and _.
func ValidSiteCode(code string) bool { return siteCode.MatchString(code) }

// DefaultZone is the zone of a site that names none.
const DefaultZone = "Europe/London"

// Location is the site's time zone.
func (s Site) Location() (*time.Location, error) {
	if s.Zone == "" {
		return time.LoadLocation(DefaultZone)
	}
	return time.LoadLocation(s.Zone)
}

// Direct reports whether the site runs without gossip.
func (s Site) Direct() bool { return s.Mesh == MeshDirect }

// Validate returns FieldErrors, or nil.
func (s Site) Validate() error {
	var es FieldErrors
	if !ValidSiteCode(s.Code) {
		es.add("code", "%q is not a site code: want 1 to 16 of A-Z, 0-9, - and _", s.Code)
	}
	es.key("name", s.Name, 200)
	for _, alias := range s.Aliases {
		es.key("aliases", alias, 200)
	}
	es.list("aliases", s.Aliases)
	if slices.Contains(s.Aliases, s.Name) {
		es.add("aliases", "%q is the site's own name", s.Name)
	}
	es.texts(
		"kind", s.Kind, "district", s.District, "address", s.Address, "postcode", s.Postcode,
		"contact", s.Contact, "phone", s.Phone, "access", s.Access, "notes", s.Notes,
	)
	if s.Latitude < -90 || s.Latitude > 90 || s.Latitude != s.Latitude {
		es.add("latitude", "%v is outside -90 to 90", s.Latitude)
	}
	if s.Longitude < -180 || s.Longitude > 180 || s.Longitude != s.Longitude {
		es.add("longitude", "%v is outside -180 to 180", s.Longitude)
	}
	if _, err := s.Location(); err != nil || s.Zone == "Local" { // Local is wherever the controller runs
		es.add("zone", "%q is not a time zone such as Europe/London", s.Zone)
	}
	if err := s.Hours.Validate(); err != nil {
		es.add("hours", "%s", err)
	}
	switch s.Mesh {
	case "", MeshPool, MeshDirect:
	default:
		es.add("mesh", "%q is neither pool nor direct", s.Mesh)
	}
	return es.err()
}
