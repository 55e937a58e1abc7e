package inventory

import (
	"net/netip"
)

// LinkRole tells a site's first link from the one it fails over to.
type LinkRole string

// The roles of a link.
const (
	LinkPrimary LinkRole = "primary"
	LinkBackup  LinkRole = "backup"
)

// Link is a circuit that joins a site to the organisation's network. Circuit,
// the carrier's own id, is its key.
type Link struct {
	Circuit   string     `json:"circuit"`
	Site      string     `json:"site"` // empty: it ends at no site yet
	Carrier   string     `json:"carrier"`
	Exchange  string     `json:"exchange,omitempty"`
	Role      LinkRole   `json:"role,omitempty"` // empty is primary
	DownKbps  int64      `json:"down_kbps,omitempty"`
	UpKbps    int64      `json:"up_kbps,omitempty"`
	Router    netip.Addr `json:"router,omitzero"` // the site's router as seen from the controller
	FaultDesk string     `json:"fault_desk,omitempty"`
	Contract  string     `json:"contract,omitempty"`
	SLA       string     `json:"sla,omitempty"`
	Installed Date       `json:"installed,omitempty"`
	Ends      Date       `json:"ends,omitempty"`
	Notes     string     `json:"notes,omitempty"`
}

// Validate returns FieldErrors, or nil.
func (l Link) Validate() error {
	var es FieldErrors
	es.key("circuit", l.Circuit, 100)
	if l.Site != "" && !ValidSiteCode(l.Site) {
		es.add("site", "%q is not a site code", l.Site)
	}
	es.key("carrier", l.Carrier, 100)
	switch l.Role {
	case "", LinkPrimary, LinkBackup:
	default:
		es.add("role", "%q is neither primary nor backup", l.Role)
	}
	if l.DownKbps < 0 {
		es.add("down_kbps", "%d is negative", l.DownKbps)
	}
	if l.UpKbps < 0 {
		es.add("up_kbps", "%d is negative", l.UpKbps)
	}
	es.texts(
		"exchange", l.Exchange, "fault_desk", l.FaultDesk, "contract", l.Contract, "sla", l.SLA, "notes", l.Notes,
	)
	es.address("router", l.Router)
	es.date("installed", l.Installed)
	es.date("ends", l.Ends)
	if l.Installed.Set() && l.Ends.Set() && l.Ends < l.Installed {
		es.add("ends", "%s is before installed %s", l.Ends, l.Installed)
	}
	return es.err()
}

func (es *FieldErrors) date(field string, d Date) {
	if _, err := ParseDate(string(d)); err != nil {
		es.add(field, "%s", err)
	}
}
