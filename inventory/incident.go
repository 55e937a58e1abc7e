package inventory

import "time"

// NounIncident names incidents in events.
const NounIncident Noun = "incident"

// IncidentState is where an incident stands.
type IncidentState string

// The states. A pending incident that heals becomes an event and is not an
// incident any more: IncidentBlip.
const (
	IncidentPending  IncidentState = "pending"
	IncidentOpen     IncidentState = "open"
	IncidentResolved IncidentState = "resolved"
	IncidentBlip     IncidentState = "event"
	IncidentFolded   IncidentState = "folded" // into the wider one that Into names
)

// Severity orders what people are called for.
type Severity string

// The severities, least first.
const (
	SeverityInfo     Severity = "info"
	SeverityMinor    Severity = "minor"
	SeverityMajor    Severity = "major"
	SeverityCritical Severity = "critical"
)

// Scope is what an incident is about: exactly one of its fields names it, except
// that a cause of one workstation or of a site's service also names the site.
type Scope struct {
	Site        string `json:"site,omitempty"`
	Workstation string `json:"workstation,omitempty"`
	Service     string `json:"service,omitempty"`
	Carrier     string `json:"carrier,omitempty"`
	Exchange    string `json:"exchange,omitempty"`
	Circuit     string `json:"circuit,omitempty"`
	Controller  bool   `json:"controller,omitempty"`
	// Sites lists the sites that a shared cause takes, sorted.
	Sites []string `json:"sites,omitempty"`
}

// Verdict is what was concluded at one moment.
type Verdict struct {
	At         time.Time `json:"at"`
	Cause      Cause     `json:"cause"`
	Grade      Grade     `json:"grade"`
	Confidence float64   `json:"confidence"` // 0 to 1
	Reason     string    `json:"reason"`     // one sentence for people
	Rule       string    `json:"rule,omitempty"`
	// Journals counts members whose journals were read, of those that could.
	Journals   int `json:"journals,omitempty"`
	JournalsOf int `json:"journals_of,omitempty"`
	// EvidenceAge is how old the oldest observation that it rests on may be: the
	// probing rota comes round in minutes.
	EvidenceAge Seconds `json:"evidence_age_seconds,omitempty"`
}

// Finding is one line of evidence, for or against the present verdict.
type Finding struct {
	At          time.Time    `json:"at"`
	LearntAt    time.Time    `json:"learnt_at,omitzero"` // when the controller knew, where later
	For         bool         `json:"for"`
	Kind        EvidenceKind `json:"kind"`
	Site        string       `json:"site,omitempty"`
	Workstation string       `json:"workstation,omitempty"`
	Text        string       `json:"text"`
	Count       int          `json:"count,omitempty"` // of like observations that this line stands for
}

// Note is what a person wrote to an incident.
type Note struct {
	At     time.Time `json:"at"`
	Author string    `json:"author"`
	Text   string    `json:"text"`
}

// Incident is one cause, from its first sign to its end. ID is its key.
type Incident struct {
	ID         string        `json:"id"` // i and eight of 0–9, a–z
	Cause      Cause         `json:"cause"`
	Grade      Grade         `json:"grade"`
	Confidence float64       `json:"confidence"`
	Scope      Scope         `json:"scope"`
	State      IncidentState `json:"state"`
	Severity   Severity      `json:"severity"`
	People     int           `json:"people"`        // staff based at the scope; workstations where staff are not known
	Hours      bool          `json:"in_open_hours"` // the scope was open when it began

	StartedAt  time.Time `json:"started_at"`           // the onset, as well as it is known
	DetectedAt time.Time `json:"detected_at"`          // first evidence judged
	CausedAt   time.Time `json:"caused_at,omitzero"`   // first verdict that named a cause
	OpenedAt   time.Time `json:"opened_at,omitzero"`   // notified from here on
	ResolvedAt time.Time `json:"resolved_at,omitzero"` // service came back
	SettledAt  time.Time `json:"settled_at,omitzero"`  // no evidence is awaited any more

	Into     string    `json:"into,omitempty"`   // the wider incident that this one folded into
	Merged   []string  `json:"merged,omitempty"` // incidents that folded into this one
	Flaps    int       `json:"flaps,omitempty"`  // times it came back within the same incident
	Spells   []Span    `json:"spells,omitempty"` // when the scope was down, in order; bounded; empty: from StartedAt to ResolvedAt
	Verdicts []Verdict `json:"verdicts"`         // oldest first
	Evidence []Finding `json:"evidence"`         // oldest first, bounded

	AcknowledgedAt time.Time `json:"acknowledged_at,omitzero"`
	AcknowledgedBy string    `json:"acknowledged_by,omitempty"`
	Ticket         string    `json:"ticket,omitempty"` // the carrier's or our own reference
	Notes          []Note    `json:"notes,omitempty"`
}

// Live reports whether the incident is still going on.
func (i Incident) Live() bool { return i.State == IncidentPending || i.State == IncidentOpen }

// IncidentStep is what happened to an incident.
type IncidentStep string

// The steps.
const (
	IncidentDetected IncidentStep = "detected" // pending from here on
	IncidentOpened   IncidentStep = "opened"   // notified once
	IncidentRevised  IncidentStep = "revised"  // another verdict; Recall says whom to call changed
	IncidentWidened  IncidentStep = "folded"   // into a wider one
	IncidentCleared  IncidentStep = "cleared"  // a pending one healed: an event
	IncidentEnded    IncidentStep = "resolved"
	IncidentReopened IncidentStep = "reopened"
	IncidentTouched  IncidentStep = "touched" // a person acknowledged, noted or linked it
)

// IncidentChange is one step of an incident, with the incident as it is after it.
type IncidentChange struct {
	Step     IncidentStep `json:"step"`
	At       time.Time    `json:"at"`
	Incident Incident     `json:"incident"`
	Recall   bool         `json:"recall,omitempty"` // the revision changes whom to call
}

// IncidentFilter selects incidents, newest first; zero fields select all.
type IncidentFilter struct {
	Site        string
	Carrier     string
	Workstation string
	Cause       Cause
	State       IncidentState
	Live        bool // only pending and open ones
	Paged       bool // without presence verdicts and events
	From        time.Time
	To          time.Time
	Page
}
