package inventory

import (
	"slices"
	"time"
)

// IncidentBrief is an incident in one line, as it stands beside what it is about.
type IncidentBrief struct {
	ID        string        `json:"id"`
	Cause     Cause         `json:"cause"`
	Grade     Grade         `json:"grade"`
	State     IncidentState `json:"state"`
	Severity  Severity      `json:"severity"`
	StartedAt time.Time     `json:"started_at"`
	Reason    string        `json:"reason,omitempty"` // the newest verdict in words
	Ticket    string        `json:"ticket,omitempty"`
}

// Brief is the incident in one line.
func (i Incident) Brief() IncidentBrief {
	return IncidentBrief{
		ID: i.ID, Cause: i.Cause, Grade: i.Grade, State: i.State, Severity: i.Severity, StartedAt: i.StartedAt,
		Reason: i.Reason(), Ticket: i.Ticket,
	}
}

// Reason is the newest verdict in words; empty before the first.
func (i Incident) Reason() string {
	if n := len(i.Verdicts); n > 0 {
		return i.Verdicts[n-1].Reason
	}
	return ""
}

// Takes reports whether the incident is about the site as a whole, alone or with
// others, and not about one machine of it.
func (i Incident) Takes(site string) bool {
	return i.Scope.Workstation == "" && (i.Scope.Site == site || slices.Contains(i.Scope.Sites, site))
}

// Rank orders severities: the least is 0.
func (s Severity) Rank() int {
	return max(0, slices.Index([]Severity{SeverityInfo, SeverityMinor, SeverityMajor, SeverityCritical}, s))
}
