package incident

import (
	"time"

	"muster/inventory"
)

// Outcome is what one Step concluded.
type Outcome struct {
	// Changes are in the order in which they happened. IncidentOpened is said once
	// of each incident, and only of what people are called for: an incident of
	// presence opens without it, and its OpenedAt stays zero.
	Changes []inventory.IncidentChange
	// Asks are questions whose answers would tell more. They are repeated while
	// they matter, never more often than Rules says; dropping one costs time only.
	Asks []Ask
	// Blind says that the controller's own network fails: what is silent is unknown.
	Blind bool
	// Minutes are the minutes of links that are complete now, as EvidenceLink: what
	// baselines are built from. Those that came as evidence are not repeated.
	Minutes []inventory.Evidence
	// Discarded counts evidence that could not be used: dated in the future, of an
	// unknown site or kind, or without what its kind needs.
	Discarded int
}

// AskKind is what is asked for.
type AskKind string

// The kinds.
const (
	// AskJournal wants the journal of Workstation, or of Site's machines where it is
	// empty, from From to To.
	AskJournal AskKind = "journal"
	// AskProbe wants Service probed from Site by Count machines at once.
	AskProbe AskKind = "probe"
	// AskBurst wants every member of Site pinged, and Workstation, where it is set,
	// tried over TCP too: a refused connection is evidence of EvidenceBurstTCP with
	// OK and the Error "refused".
	AskBurst AskKind = "burst"
	// AskReport wants Workstation to report at once: the reply to a report carries what
	// is asked of its journal.
	AskReport AskKind = "report"
	// AskReferences wants the references asked now.
	AskReferences AskKind = "references"
)

// Ask is one question.
type Ask struct {
	Kind        AskKind
	Site        string
	Workstation string
	Service     string
	From, To    time.Time
	Count       int
}
