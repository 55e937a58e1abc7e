package dashboards

import (
	"fmt"
	"strings"
	"time"

	"muster/inventory"
)

// IncidentsPage is the list of incidents: what goes on first, then what is over.
type IncidentsPage struct {
	Frame

	GoingOn  []IncidentRow
	Over     []IncidentRow
	People   int // at the scopes of what goes on
	Asked    incidentsAsked
	Causes   []inventory.Cause
	NextURL  string
	FirstURL string
	AllURL   string
}

// IncidentRow is one incident of a list.
type IncidentRow struct {
	inventory.Incident

	Cells IncidentCells
}

// IncidentCells is the part of an incident's row that changes.
type IncidentCells struct {
	ID     string            `json:"id"`
	Status Status            `json:"status"`
	Word   string            `json:"word"` // the cause
	Reason string            `json:"reason"`
	Since  time.Time         `json:"since,omitzero"`
	Text   map[string]string `json:"text,omitempty"` // cells that are words only
}

// IncidentPage is everything about one incident.
type IncidentPage struct {
	Frame

	Incident inventory.Incident
	Cells    IncidentCells
	Verdicts []VerdictRow // newest first
	For      []inventory.Finding
	Against  []inventory.Finding
	Mark     string
	MayAct   bool // who looks may acknowledge, note and link
	Lasted   string
}

// VerdictRow is one verdict of the timeline.
type VerdictRow struct {
	inventory.Verdict

	Words string
	Sure  string
}

// MaintenancePage lists maintenance windows.
type MaintenancePage struct {
	Frame

	Rows   []WindowRow
	Site   string
	All    bool
	MayAct bool
	Was    WindowForm // what was typed, where it was refused
	Wrong  string
}

// WindowRow is one window of a list.
type WindowRow struct {
	inventory.Window

	Status  Status
	Subject string
	Until   time.Time
}

// Kinds are what a window can be of.
func (MaintenancePage) Kinds() []string {
	return []string{"site", "circuit", "carrier", "exchange", "service", "all"}
}

// rowsAt and findingsAt are a table's rows with the instant that ages count from.
type (
	incidentTable struct {
		Now  time.Time
		Rows []IncidentRow
	}
	findingTable struct {
		Now   time.Time
		Title string
		Rows  []inventory.Finding
	}
)

// WindowForm is a new window as it is typed.
type WindowForm struct{ Kind, Key, For, Reason string }

// IncidentStatus is how an incident stands: what goes on is as bad as its severity.
func IncidentStatus(state inventory.IncidentState, severity inventory.Severity) Status {
	switch state {
	case inventory.IncidentPending:
		return Status{ToneWarn, "pending"}
	case inventory.IncidentOpen:
		if severity.Rank() >= inventory.SeverityMajor.Rank() {
			return Status{ToneDown, "open"}
		}
		return Status{ToneWarn, "open"}
	case inventory.IncidentResolved:
		return Status{ToneOK, "resolved"}
	case inventory.IncidentBlip:
		return Status{ToneQuiet, "healed by itself"}
	case inventory.IncidentFolded:
		return Status{ToneQuiet, "part of a wider one"}
	default:
		return Status{ToneUnknown, "unknown"}
	}
}

// causeWords is a cause as people say it.
func causeWords(c inventory.Cause) string {
	switch c { // the rest reads well without its hyphens
	case inventory.CauseMachineOrLink:
		return "machine or link"
	case inventory.CausePowerOrLAN:
		return "power or LAN"
	case inventory.CauseLANSegment:
		return "LAN segment"
	case inventory.CauseSiteDNS:
		return "site DNS"
	case inventory.CauseSiteMTU:
		return "site MTU"
	default:
		return strings.ReplaceAll(string(c), "-", " ")
	}
}

// scopeWords is what an incident is about.
func scopeWords(s inventory.Scope) string {
	switch {
	case s.Controller:
		return "the controller"
	case s.Workstation != "":
		return strings.TrimSpace(s.Site + " " + s.Workstation)
	case s.Service != "" && s.Site != "":
		return s.Service + " at " + s.Site
	}
	for _, one := range [][2]string{
		{"", s.Service}, {"circuit ", s.Circuit}, {"exchange ", s.Exchange}, {"carrier ", s.Carrier}, {"", s.Site},
	} {
		if one[1] != "" {
			return one[0] + one[1] + sitesWords(s.Sites)
		}
	}
	return strings.TrimPrefix(sitesWords(s.Sites), ", ")
}

func sitesWords(codes []string) string {
	switch len(codes) {
	case 0:
		return ""
	case 1:
		return ", 1 site"
	default:
		return fmt.Sprintf(", %d sites", len(codes))
	}
}

func incidentCells(i inventory.Incident) IncidentCells {
	who := i.AcknowledgedBy
	if who == "" {
		who = "nobody"
	}
	return IncidentCells{
		ID: i.ID, Status: IncidentStatus(i.State, i.Severity), Word: causeWords(i.Cause), Reason: i.Reason(), Since: i.StartedAt,
		Text: map[string]string{
			"cause": causeWords(i.Cause), "reason": i.Reason(), "grade": string(i.Grade), "people": count(i.People), "who": who,
			"ticket": i.Ticket, "scope": scopeWords(i.Scope),
		},
	}
}

// briefCells is the incident that a site shows; nil: none.
func briefCells(b *inventory.IncidentBrief) *IncidentCells {
	if b == nil {
		return nil
	}
	return &IncidentCells{ID: b.ID, Status: IncidentStatus(b.State, b.Severity), Word: causeWords(b.Cause), Reason: b.Reason, Since: b.StartedAt}
}

func incidentRows(incidents []inventory.Incident) []IncidentRow {
	rows := make([]IncidentRow, len(incidents))
	for n, i := range incidents {
		rows[n] = IncidentRow{Incident: i, Cells: incidentCells(i)}
	}
	return rows
}

// lasted is how long something took, in the two units that fit.
func lasted(from, to time.Time) string {
	if from.IsZero() || to.IsZero() {
		return ""
	}
	switch d := to.Sub(from).Round(time.Second); {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	default:
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	}
}
