package incident

import (
	"time"

	"muster/inventory"
)

// Bounds of one incident.
const (
	maxVerdicts = 40
	maxSpans    = 500 // six hours of a link that flaps every 45 s
	maxSettling = 5_000
)

// trouble is an incident with what the engine needs to carry it on. Its key names
// one cause at one scope: there is never a second incident under a key that goes
// on.
type trouble struct {
	Key      string             `json:"key"`
	Incident inventory.Incident `json:"incident"`
	Onset    time.Time          `json:"onset"`             // of the outage under way, or of the last
	FreshAt  time.Time          `json:"fresh_at"`          // newest evidence for it
	ClearAt  time.Time          `json:"clear_at,omitzero"` // well since; zero while it holds
	EndedAt  time.Time          `json:"ended_at,omitzero"`
	Hidden   bool               `json:"hidden,omitempty"`  // began in a maintenance window: nobody was told
	Whole    bool               `json:"whole,omitempty"`   // a site was silent as a whole
	Router   bool               `json:"router,omitempty"`  // its router answered meanwhile
	Spans    []span             `json:"spans,omitempty"`   // while it held; the one under way has no end
	Outages  []span             `json:"outages,omitempty"` // of them, those in which a whole site was silent
	HeardAt  time.Time          `json:"heard_at,omitzero"` // the last answer before the first
	Members  []string           `json:"members,omitempty"`
	Services []string           `json:"services,omitempty"` // whose names cannot be resolved
	Live     inventory.Verdict  `json:"live"`               // the verdict before healing, which stays where nothing is proven
	TouchAt  time.Time          `json:"touch_at,omitzero"`  // when the verdicts last changed
	Before   *trouble           `json:"before,omitempty"`   // as it had ended before it came back
}
