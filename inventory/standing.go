package inventory

import "time"

// SiteStanding is a site as declared, together with how it stands now.
type SiteStanding struct {
	Site
	Workstations SiteCounts `json:"workstations"`
	Link         Reach      `json:"link"`
	// Incident is the worst that goes on at the site as a whole; nil: none.
	Incident *IncidentBrief `json:"incident,omitempty"`
	// Readiness is what the gate that sites go live by says; empty: it has not been
	// judged.
	Readiness ReadyVerdict `json:"readiness,omitempty"`
}

// WorkstationStanding is a workstation together with its presence.
type WorkstationStanding struct {
	Workstation
	Presence      Presence  `json:"presence"`
	PresenceSince time.Time `json:"presence_since,omitzero"`
}

// WorkstationDetail is everything that is known of one workstation: what the
// register declares of its asset and what its agent last read.
type WorkstationDetail struct {
	WorkstationStanding
	Asset *Asset `json:"asset,omitempty"`
	// ConflictAt is when two machines were last recorded to use this identity; zero:
	// not within ConflictShownFor. Both are refused.
	ConflictAt time.Time `json:"identity_conflict_at,omitzero"`
	Lists
}

// ConflictShownFor is how long an identity conflict may go on after it was recorded
// last.
const ConflictShownFor = 4 * time.Hour

// StandingFilter selects workstations by what is declared and by presence.
type StandingFilter struct {
	WorkstationFilter
	Presence Presence // empty selects all
}
