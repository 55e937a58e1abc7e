package importer

import (
	"net/netip"

	"muster/inventory"
)

// linkSchema is the columns of links.
func linkSchema() schema[inventory.Link] {
	type link = inventory.Link
	down := func(l *link) *int64 { return &l.DownKbps }
	up := func(l *link) *int64 { return &l.UpKbps }
	columns := []column[link]{
		text(Column{
			Name: "circuit", Required: true, Example: "ETHW00123456", Synonyms: []string{"circuit id", "cid", "circuit reference", "circuit ref", "circuit number", "link id", "service id", "line id"},
			Help: "The carrier's own id of the circuit, its key.",
		}, func(l *link) *string { return &l.Circuit }),
		siteRef(Column{
			Name: "site", Required: true, Example: "E101", Synonyms: []string{"site code", "site id", "site name", "premises", "building", "a end", "a end site"},
			Help: "Code, name or alias of the site that it serves.",
		}, func(l *link) *string { return &l.Site }),
		text(Column{
			Name: "carrier", Required: true, Example: "Openreach", Synonyms: []string{"provider", "supplier", "isp", "operator", "telco"},
			Help: "Who runs it and mends it.",
		}, func(l *link) *string { return &l.Carrier }),
		text(Column{
			Name: "exchange", Example: "Stroud", Synonyms: []string{"telephone exchange", "serving exchange", "pop"},
			Help: "The exchange or point of presence that it hangs on.",
		}, func(l *link) *string { return &l.Exchange }),
		choice(Column{
			Name: "role", Example: "primary", Synonyms: []string{"link role", "primary/backup", "resilience"},
			Help: "primary or backup; blank is primary.",
		}, func(l *link) *inventory.LinkRole { return &l.Role },
			[]inventory.LinkRole{inventory.LinkPrimary, inventory.LinkBackup},
			map[string]inventory.LinkRole{
				"main": inventory.LinkPrimary, "active": inventory.LinkPrimary,
				"secondary": inventory.LinkBackup, "failover": inventory.LinkBackup, "standby": inventory.LinkBackup, "resilient": inventory.LinkBackup,
			}),
		rate(Column{
			Name: "down_kbps", Example: "80000", Synonyms: []string{"down", "download", "download kbps", "downstream", "port speed", "bandwidth kbps"},
			Help: "Rate towards the site in kbit/s, or with its unit: 80 Mbps.",
		}, 1, down),
		rate(Column{
			Name: "up_kbps", Example: "20000", Synonyms: []string{"up", "upload", "upload kbps", "upstream", "upstream speed"},
			Help: "Rate from the site in kbit/s, or with its unit.",
		}, 1, up),
		inputOnly(rate(Column{
			Name: "down_mbps", Example: "80", Synonyms: []string{"download mbps", "downstream mbps", "bandwidth mbps"},
			Help: "Another way to write down_kbps: a bare number counts Mbit/s.",
		}, 1000, down), "down_kbps"),
		inputOnly(rate(Column{
			Name: "up_mbps", Example: "20", Synonyms: []string{"upload mbps", "upstream mbps"},
			Help: "Another way to write up_kbps: a bare number counts Mbit/s.",
		}, 1000, up), "up_kbps"),
		address(Column{
			Name: "router", Example: "10.20.4.1", Synonyms: []string{"router ip", "router address", "cpe", "cpe ip", "wan ip"},
			Help: "The site's router as the controller reaches it.",
		}, func(l *link) *netip.Addr { return &l.Router }),
		text(Column{
			Name: "fault_desk", Example: "0800 000 0154", Synonyms: []string{"fault line", "faults", "fault number", "support desk", "noc"},
			Help: "Where its faults are reported.",
		}, func(l *link) *string { return &l.FaultDesk }),
		text(Column{
			Name: "contract", Example: "WAN-2024-07", Synonyms: []string{"contract number", "contract ref", "provider account", "account", "account number"},
			Help: "The contract or account to quote.",
		}, func(l *link) *string { return &l.Contract }),
		text(Column{
			Name: "sla", Example: "silver", Synonyms: []string{"service level", "care level"},
			Help: "The name of its service level.",
		}, func(l *link) *string { return &l.SLA }),
		date(Column{
			Name: "installed", Example: "2024-07-01", Synonyms: []string{"install date", "installation date", "live date", "start date", "activated"},
			Help: "The day on which it went live.",
		}, func(l *link) *inventory.Date { return &l.Installed }),
		date(Column{
			Name: "ends", Example: "2029-06-30", Synonyms: []string{"end date", "termination date", "contract end", "expires", "cease date"},
			Help: "The day on which it is ceased or its contract ends.",
		}, func(l *link) *inventory.Date { return &l.Ends }),
		text(Column{
			Name: "notes", Example: "Enters at the rear", Synonyms: []string{"note", "comments", "comment", "remarks", "description"},
			Help: "Anything else.",
		}, func(l *link) *string { return &l.Notes }),
	}
	return schema[link]{
		keyColumn: "circuit", columns: columns, parseKey: asItIs,
		blank:    func(key string) link { return link{Circuit: key} },
		keyOf:    func(l *link) string { return l.Circuit },
		title:    func(l *link) string { return l.Site },
		validate: func(l *link) error { return l.Validate() },
	}
}

// inputOnly makes a column another way to write field; it is never exported.
func inputOnly[N any](col column[N], field string) column[N] {
	col.InputOnly = true
	col.field = field
	return col
}
