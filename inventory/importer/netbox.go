package importer

import (
	"fmt"
	"hash/fnv"
	"regexp"
	"strings"

	"muster/inventory"
)

// NetBox writes each table with its field names, or, exported from the page as
// it is shown, with their titles; squashed, both are the same but for a few.

// netboxID is the alias under which a site's number in NetBox is kept: prefixes
// and terminations name their site by it.
func netboxID(id string) string { return "netbox:" + id }

func netboxSites() *layout {
	return &layout{
		name: "netbox-sites", title: "a NetBox export of sites", kind: Sites,
		marks:  []string{"name", "slug"},
		unless: []string{"code", "sitecode"},
		columns: foreignColumns(map[string]binding{
			"slug":            {column: "code"},
			"name":            {column: "name"},
			"id":              {column: "aliases", add: true, convert: func(id string) (string, error) { return netboxID(id), nil }},
			"region":          {column: "district"},
			"group":           {column: "kind"},
			"timezone":        {column: "zone"},
			"physicaladdress": {column: "address"},
			"shippingaddress": {column: "address", rank: 1},
			"latitude":        {column: "latitude"},
			"longitude":       {column: "longitude"},
			"description":     {column: "notes"},
			"comments":        {column: "notes", rank: 1},
		}, "status", "facility", "tenant", "tenantgroup", "owner", "tags", "asns", "asncount", "contacts", "created", "lastupdated", "url"),
		skip: func(row foreign) string {
			switch status := strings.ToLower(row("status")); status {
			case "retired", "decommissioning":
				return "its status in NetBox is " + status
			default:
				return ""
			}
		},
		key: netboxSiteCode,
	}
}

// netboxSiteCode is the code of the site that the register already knows by
// this slug, facility or name, or a new one made of the slug.
func netboxSiteCode(row foreign, known keys) string {
	own := codeOfSlug(row("slug"))
	for _, name := range []string{own, row("slug"), row("facility"), row("name")} {
		if code, ok := known.siteCode(name); ok {
			return code
		}
	}
	return own
}

// codeOfSlug keeps a slug that fits a site code and shortens a longer one with a
// checksum, so that the same slug always gets the same code and two long ones
// that begin alike stay apart.
func codeOfSlug(slug string) string {
	code := strings.ToUpper(slug)
	if len(code) <= 16 || !inventory.ValidSiteCode(code[:16]) {
		return code
	}
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(code)) // never fails
	return fmt.Sprintf("%s-%04X", code[:11], sum.Sum32()&0xFFFF)
}

func netboxCircuits() *layout {
	return &layout{
		name: "netbox-circuits", title: "a NetBox export of circuits", kind: Links,
		marks:  []string{"provider", "status"},
		any:    []string{"cid", "circuitid"},
		unless: []string{"carrier"},
		columns: foreignColumns(map[string]binding{
			"cid":             {column: "circuit"},
			"circuitid":       {column: "circuit"},
			"provider":        {column: "carrier"},
			"provideraccount": {column: "contract"},
			"account":         {column: "contract"},
			"installdate":     {column: "installed"},
			"installed":       {column: "installed"},
			"terminationdate": {column: "ends"},
			"terminates":      {column: "ends"},
			"commitrate":      {column: "down_kbps", rank: 1, weak: true},
			"commitratekbps":  {column: "down_kbps", rank: 1, weak: true},
			"description":     {column: "notes"},
			"comments":        {column: "notes", rank: 1},
			"sidea":           {column: "site", rank: 1}, // as the page shows it
			"terminationa":    {column: "site", rank: 1},
		}, "id", "type", "status", "tenant", "tenantgroup", "distance", "distanceunit", "owner", "tags", "contacts",
			"terminationz", "sidez", "assignments", "created", "lastupdated", "url", "upstreamspeed"),
		elsewhere: "site",
		skip: func(row foreign) string {
			switch status := strings.ToLower(row("status")); status {
			case "decommissioned", "deprovisioning":
				return "its status in NetBox is " + status
			default:
				return ""
			}
		},
	}
}

func netboxTerminations() *layout {
	return &layout{
		name: "netbox-terminations", title: "a NetBox export of circuit terminations", kind: Links,
		marks: []string{"circuit", "termside"},
		columns: foreignColumns(map[string]binding{
			"circuit":           {column: "circuit"},
			"terminationid":     {column: "site", convert: netboxReference},
			"terminationname":   {column: "site"},
			"termination":       {column: "site"},
			"site":              {column: "site", rank: 1},
			"portspeed":         {column: "down_kbps"},
			"portspeedkbps":     {column: "down_kbps"},
			"upstreamspeed":     {column: "up_kbps"},
			"upstreamspeedkbps": {column: "up_kbps"},
		}, "id", "provider", "termside", "terminationtype", "xconnectid", "ppinfo", "description", "tags", "providernetwork", "markconnected", "created", "lastupdated"),
		skip: func(row foreign) string {
			kind := squash(row("terminationtype"))
			switch {
			case kind != "" && kind != "dcimsite" && kind != "site":
				return "this side ends in no site but in " + row("terminationtype")
			case strings.EqualFold(row("termside"), "z"):
				return "side Z: the site of a circuit is its side A"
			default:
				return ""
			}
		},
		paired: true,
	}
}

func netboxPrefixes() *layout {
	return &layout{
		name: "netbox-prefixes", title: "a NetBox export of prefixes", kind: Subnets,
		marks:  []string{"prefix", "status"},
		unless: []string{"purpose", "gateway"},
		columns: foreignColumns(map[string]binding{
			"prefix":      {column: "prefix"},
			"scopeid":     {column: "site", convert: netboxReference},
			"scope":       {column: "site"},
			"site":        {column: "site", rank: 1},
			"role":        {column: "purpose"},
			"vlan":        {column: "vlan", convert: netboxVLAN},
			"description": {column: "notes"},
			"comments":    {column: "notes", rank: 1},
		}, "id", "status", "vrf", "tenant", "tenantgroup", "scopetype", "vlangroup", "vlansite", "ispool", "pool", "markutilized", "marked", "utilization",
			"depth", "children", "owner", "tags", "created", "lastupdated", "url", "family"),
		skip: func(row foreign) string {
			status, scope := strings.ToLower(row("status")), squash(row("scopetype"))
			switch {
			case status == "container" || status == "deprecated" || status == "reserved":
				return "its status in NetBox is " + status
			case scope != "" && scope != "dcimsite" && scope != "site":
				return "its scope is no site but " + row("scopetype")
			case row("scopeid")+row("scope")+row("site") == "" && !strings.EqualFold(row("role"), inventory.PurposeVPN):
				return "it names no site"
			default:
				return ""
			}
		},
	}
}

var onlyDigits = regexp.MustCompile(`^[0-9]+$`)

// netboxReference turns a site's number into the alias it was imported with; a
// name passes.
func netboxReference(value string) (string, error) {
	if onlyDigits.MatchString(value) {
		return netboxID(value), nil
	}
	return value, nil
}

var vlanInName = regexp.MustCompile(`\(([0-9]{1,4})\)$`)

// netboxVLAN reads 20 and "Clients (20)". A VLAN without a number has none that
// Muster could keep.
func netboxVLAN(value string) (string, error) {
	if m := vlanInName.FindStringSubmatch(value); m != nil {
		return m[1], nil
	}
	if !onlyDigits.MatchString(value) {
		return "", nil
	}
	return value, nil
}
