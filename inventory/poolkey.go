package inventory

import "time"

// PoolKey is one AES-256 key of a site's pool. Version rises by one with each
// rotation; a retired key is no longer handed out.
type PoolKey struct {
	Version   int       `json:"version"`
	Key       []byte    `json:"-"`
	CreatedAt time.Time `json:"created_at"`
	RetiredAt time.Time `json:"retired_at,omitzero"`
}

// KeyAck says which pool key a workstation holds, as it said itself.
type KeyAck struct {
	Workstation string    `json:"workstation"`
	Version     int       `json:"version"`
	AckedAt     time.Time `json:"acked_at"`
}
