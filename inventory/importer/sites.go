package importer

import (
	"fmt"
	"strings"

	"muster/inventory"
)

// siteSchema is the columns of sites.
func siteSchema() schema[inventory.Site] {
	type site = inventory.Site
	columns := []column[site]{
		text(Column{
			Name: "code", Required: true, Example: "E101", Synonyms: []string{"site code", "site id", "site ref", "site reference", "site number", "premises code"},
			Help: "The site's short code, its key: 1 to 16 of A-Z, 0-9, - and _. Lower case is raised.",
		}, func(s *site) *string { return &s.Code }),
		text(Column{
			Name: "name", Required: true, Example: "Mill Lane Library", Synonyms: []string{"site", "site name", "premises", "premises name", "building", "building name"},
			Help: "What people call it.",
		}, func(s *site) *string { return &s.Name }),
		list(Column{
			Name: "aliases", Example: "Mill Ln Lib; Old Mill", Synonyms: []string{"alias", "also known as", "aka", "other names", "former names"},
			Help: `Other names under which files know it, separated by semicolons (\; for one inside a name).`,
		}, func(s *site) *[]string { return &s.Aliases }, asItIs),
		text(Column{
			Name: "kind", Example: "library", Synonyms: []string{"type", "site type", "category", "use"},
			Help: "Library, day centre, office …",
		}, func(s *site) *string { return &s.Kind }),
		text(Column{
			Name: "district", Example: "Stroud", Synonyms: []string{"area", "region", "borough", "locality"},
			Help: "The district or area.",
		}, func(s *site) *string { return &s.District }),
		text(Column{
			Name: "address", Example: "12 Mill Lane, Stroud", Synonyms: []string{"street", "street address", "postal address", "physical address", "full address"},
			Help: "The postal address without the postcode.",
		}, func(s *site) *string { return &s.Address }),
		text(Column{
			Name: "postcode", Example: "GL5 1AA", Synonyms: []string{"postal code", "zip"},
			Help: "The postcode.",
		}, func(s *site) *string { return &s.Postcode }),
		degrees(Column{
			Name: "latitude", Example: "51.7457", Synonyms: []string{"lat"},
			Help: "Decimal degrees north.",
		}, func(s *site) *float64 { return &s.Latitude }),
		degrees(Column{
			Name: "longitude", Example: "-2.2178", Synonyms: []string{"lon", "lng", "long"},
			Help: "Decimal degrees east; west is negative.",
		}, func(s *site) *float64 { return &s.Longitude }),
		text(Column{
			Name: "zone", Example: "Europe/London", Synonyms: []string{"time zone", "tz"},
			Help: "IANA time zone; blank is Europe/London.",
		}, func(s *site) *string { return &s.Zone }),
		hours(Column{
			Name: "hours", Example: "Mon-Fri 08:00-18:00; Sat 09:00-12:30", Synonyms: []string{"opening hours", "open hours", "opening times"},
			Help: "Opening hours in the site's zone; blank is always open.",
		}, func(s *site) *inventory.Hours { return &s.Hours }),
		choice(Column{
			Name: "mesh", Example: "pool", Synonyms: []string{"mesh mode"},
			Help: "pool, or direct where isolation, NAT or policy forbids gossip; blank is pool.",
		}, func(s *site) *inventory.MeshMode { return &s.Mesh },
			[]inventory.MeshMode{inventory.MeshPool, inventory.MeshDirect},
			map[string]inventory.MeshMode{
				"gossip": inventory.MeshPool, "serf": inventory.MeshPool,
				"https": inventory.MeshDirect, "outbound": inventory.MeshDirect, "outboundonly": inventory.MeshDirect, "isolated": inventory.MeshDirect,
			}),
		text(Column{
			Name: "contact", Example: "Front desk", Synonyms: []string{"site contact", "contact name", "key holder"},
			Help: "Whom to call there.",
		}, func(s *site) *string { return &s.Contact }),
		text(Column{
			Name: "phone", Example: "01632 960123", Synonyms: []string{"telephone", "tel", "phone number", "contact number", "contact phone"},
			Help: "The contact's telephone number.",
		}, func(s *site) *string { return &s.Phone }),
		text(Column{
			Name: "access", Example: "Keypad at the rear door", Synonyms: []string{"access notes", "access arrangements", "access instructions"},
			Help: "How technicians get in.",
		}, func(s *site) *string { return &s.Access }),
		text(Column{
			Name: "notes", Example: "Closed in August", Synonyms: []string{"note", "comments", "comment", "remarks", "description"},
			Help: "Anything else.",
		}, func(s *site) *string { return &s.Notes }),
	}
	return schema[site]{
		keyColumn: "code", columns: columns, parseKey: readSiteCode,
		blank:    func(key string) site { return site{Code: key} },
		keyOf:    func(s *site) string { return s.Code },
		title:    func(s *site) string { return s.Name },
		validate: func(s *site) error { return s.Validate() },
	}
}

func readSiteCode(value string) (string, error) {
	if code := strings.ToUpper(value); inventory.ValidSiteCode(code) {
		return code, nil
	}
	return "", &cellError{why: "not a site code: want 1 to 16 of A-Z, 0-9, - and _"}
}

// dashes are what word processors make of a hyphen.
var dashes = strings.NewReplacer("–", "-", "—", "-", "‑", "-", "−", "-")

func hours[N any](c Column, field func(*N) *inventory.Hours) column[N] {
	col := text(c, field)
	col.set = func(n *N, value string, _ *reading) error {
		h := inventory.Hours(value)
		if h.Validate() != nil {
			h = inventory.Hours(dashes.Replace(value))
		}
		if err := h.Validate(); err != nil {
			return &cellError{why: fmt.Sprint(err)}
		}
		*field(n) = h
		return nil
	}
	return col
}
