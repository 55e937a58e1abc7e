package inventory

import (
	"encoding/json"
	"time"
)

// Subject is what an event is about.
type Subject struct {
	Noun Noun   `json:"noun"`
	Key  string `json:"key"`
}

// Nouns that events are about beside those that files declare.
const (
	NounWorkstation Noun = "workstation"
	NounToken       Noun = "token"
	NounPool        Noun = "pool"
	NounController  Noun = "controller"
)

// Kinds of event that the store itself appends. Other rooms add their own,
// written noun.verb.
const (
	EventRegisterMade    = "register.made"    // a batch made the subject
	EventRegisterChanged = "register.changed" // a batch changed it
	EventRegisterRemoved = "register.removed" // a batch removed it
	EventRegisterUndone  = "register.undone"  // undoing a batch brought it back to what it was
	EventEnrolled        = "workstation.enrolled"
	EventReplaced        = "workstation.replaced"
	EventRevoked         = "workstation.revoked"
	EventConflict        = "workstation.identity-conflict"
	EventMoved           = "workstation.moved"
	EventReviewed        = "workstation.reviewed"
	EventPresenceDay     = "presence.day" // counts of a site's day, which stay when what they count is pruned
)

// Event is one thing that happened: append-only and bitemporal. OccurredAt is
// when it happened, RecordedAt when the controller learned of it, so that the
// estate can be shown as it was known on any date.
type Event struct {
	ID         int64           `json:"id"` // rises with RecordedAt; given by the store
	Kind       string          `json:"kind"`
	Subject    Subject         `json:"subject"`
	OccurredAt time.Time       `json:"occurred_at"`
	RecordedAt time.Time       `json:"recorded_at"`
	Author     string          `json:"author"`
	Body       json.RawMessage `json:"body,omitempty"`
}

// EventFilter selects events, newest first; zero fields select all.
// RecordedUntil, where set, shows what was known then.
type EventFilter struct {
	Kind          string
	Subject       Subject
	OccurredFrom  time.Time
	OccurredTo    time.Time
	RecordedUntil time.Time
	Page
}
