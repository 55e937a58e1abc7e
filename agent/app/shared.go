package app

// Shared is what agents of one process have in common: the compressors' buffers.
// It is safe for concurrent use.
type Shared struct{}

// NewShared returns a Shared for any number of agents.
func NewShared() *Shared { return &Shared{} }
