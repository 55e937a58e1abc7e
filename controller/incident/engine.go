package incident

import (
	"time"

	"muster/inventory"
)

// Engine holds what was observed and what was concluded. It is not safe for
// concurrent use: its runner is the only one who calls it.
type Engine struct {
	rules Rules
	ids   func() string
}

// Option changes how an Engine is made.
type Option func(*Engine)

// WithIDs gives the source of incident ids, which must never repeat one; without
// it they are random. Tests give one that counts.
func WithIDs(next func() string) Option { return func(e *Engine) { e.ids = next } }

// New makes an engine that has seen nothing.
func New(rules Rules, estate Estate, now time.Time, options ...Option) *Engine {
	e := &Engine{rules: rules}
	for _, option := range options {
		option(e)
	}
	return e
}

// SetEstate takes up a changed register. Evidence about what is still there is
// kept; incidents of sites that are gone end.
func (e *Engine) SetEstate(estate Estate) {}

// SetWindows sets the maintenance windows: all that are not over, and those of the
// last three days.
func (e *Engine) SetWindows(windows []inventory.Window) {}

// SetBaselines sets what links are usually like, by circuit, or by site code for
// links without a circuit. Sites without a baseline are not judged against one.
func (e *Engine) SetBaselines(baselines map[string]Baseline) {}

// Step takes up evidence and concludes. It is called when there is evidence and at
// least every second; now never goes back.
func (e *Engine) Step(now time.Time, evidence []inventory.Evidence) Outcome { return Outcome{} }

// Live are the pending and open incidents, oldest first, with their evidence as
// it is now.
func (e *Engine) Live() []inventory.Incident { return nil }

// Settling are the incidents that are over and may still be revised by journals.
func (e *Engine) Settling() []inventory.Incident { return nil }

// Touch lets a person's change in: acknowledgement, note, ticket. Change may set
// AcknowledgedAt, AcknowledgedBy, Ticket and Notes; the rest is the engine's. It
// reports false where the engine does not know the incident (any more).
func (e *Engine) Touch(id string, now time.Time, change func(*inventory.Incident)) (inventory.IncidentChange, bool) {
	return inventory.IncidentChange{}, false
}
