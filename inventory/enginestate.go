package inventory

import "time"

// EngineState is what the incident engine remembers between two starts of the
// controller. Body is the engine's own snapshot; Position is how far the intake
// log had been judged when it was made.
type EngineState struct {
	SavedAt  time.Time
	Position int64
	Body     []byte
}

// EvidenceBatch is a piece of the evidence that an incident was judged from, in the
// order in which it was learnt.
type EvidenceBatch struct {
	Incident string
	Evidence []Evidence
}
