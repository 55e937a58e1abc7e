package inventory

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// PoolKey is one AES-256 key of a site's pool. Version rises by one with each
// rotation; a retired key is no longer handed out.
type PoolKey struct {
	Version   int       `json:"version"`
	Key       []byte    `json:"-"`
	CreatedAt time.Time `json:"created_at"`
	RetiredAt time.Time `json:"retired_at,omitzero"`
}

// PoolKeyID names a key without giving it away: a number may be given twice, where
// a controller came back from a backup that did not know the later key.
func PoolKeyID(key []byte) string {
	sum := sha256.Sum256(append([]byte("muster pool key\n"), key...))
	return hex.EncodeToString(sum[:8])
}

// ID names the key; see PoolKeyID.
func (k PoolKey) ID() string { return PoolKeyID(k.Key) }

// KeyAck says which pool key a workstation holds, as it said itself.
type KeyAck struct {
	Workstation string    `json:"workstation"`
	Version     int       `json:"version"`
	AckedAt     time.Time `json:"acked_at"`
}
