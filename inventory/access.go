package inventory

import (
	"slices"
	"time"
)

// Role is what a person or program may read and write.
type Role string

// The roles. Every role reads; what each may write stands in the API's table of
// routes. A site owner sees and signs for the sites that are named with the role.
const (
	RoleViewer    Role = "viewer"
	RoleIT        Role = "it"
	RoleNetwork   Role = "network"
	RoleProgramme Role = "programme"
	RoleSiteOwner Role = "site-owner"
	RoleAdmin     Role = "admin"
)

// Roles lists every role.
func Roles() []Role {
	return []Role{RoleViewer, RoleIT, RoleNetwork, RoleProgramme, RoleSiteOwner, RoleAdmin}
}

// APIToken lets a person or program use the API. Only the hash of its secret is
// kept. ID is its key.
type APIToken struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"` // whose it is, as it appears as an author
	Role      Role      `json:"role"`
	Sites     []string  `json:"sites,omitempty"` // of a site owner; ignored for other roles
	Hash      string    `json:"-"`               // SHA-256 of the secret, lower-case hex
	CreatedAt time.Time `json:"created_at"`
	CreatedBy string    `json:"created_by"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	RevokedAt time.Time `json:"revoked_at,omitzero"`
}

// Usable reports whether the token is neither revoked nor expired.
func (t APIToken) Usable(now time.Time) bool {
	return t.RevokedAt.IsZero() && (t.ExpiresAt.IsZero() || now.Before(t.ExpiresAt))
}

// MaySee reports whether the token's role reaches the site.
func (t APIToken) MaySee(site string) bool {
	return t.Role != RoleSiteOwner || slices.Contains(t.Sites, site)
}
