package app

import (
	"muster/agent/report"
	"muster/agent/seal"
)

// Shared is what agents of one process have in common: the compressors' buffers
// and the CA's certificate. It is safe for concurrent use.
type Shared struct {
	encoder *report.Encoder
	trust   *seal.Trust
}

// NewShared returns a Shared for any number of agents.
func NewShared() *Shared {
	return &Shared{encoder: report.NewEncoder(), trust: seal.NewTrust()}
}
