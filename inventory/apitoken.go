package inventory

import "time"

// APIToken lets a program or a person call the API. Only the hash of its secret
// is kept.
type APIToken struct {
	ID        string    `json:"id"`
	Hash      string    `json:"-"` // SHA-256 of the secret, lower-case hex
	Name      string    `json:"name"`
	Role      string    `json:"role"`
	Sites     []string  `json:"sites,omitempty"` // scope of a site owner
	CreatedAt time.Time `json:"created_at"`
	CreatedBy string    `json:"created_by"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	RevokedAt time.Time `json:"revoked_at,omitzero"`
}

// Live reports whether the token may be used at now.
func (t APIToken) Live(now time.Time) bool {
	return t.RevokedAt.IsZero() && (t.ExpiresAt.IsZero() || now.Before(t.ExpiresAt))
}
