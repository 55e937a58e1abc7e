package inventory

import (
	"regexp"
	"time"
)

// TokenKind is what a join token is for.
type TokenKind string

// The kinds of join token. A site token enrols any machine at its site; one that
// is not in the register is accepted and counted as a stranger. A depot token
// enrols registered serials only, and the register says at which site they are.
const (
	TokenSite  TokenKind = "site"
	TokenDepot TokenKind = "depot"
)

// MaxTokenUses bounds how many machines one token may enrol.
const MaxTokenUses = 1_000_000

// Token is a join token as it is kept: its secret only as a hash. ID is its key.
type Token struct {
	ID         string    `json:"id"`
	Kind       TokenKind `json:"kind"`
	Site       string    `json:"site,omitempty"` // of a site token
	SecretHash string    `json:"-"`              // SHA-256 of the secret, lower-case hex; never shown
	Uses       int       `json:"uses"`           // how many enrolments it allows
	Used       int       `json:"used"`           // how many it has allowed
	ExpiresAt  time.Time `json:"expires_at"`
	RevokedAt  time.Time `json:"revoked_at,omitzero"`
	CreatedAt  time.Time `json:"created_at"`
	CreatedBy  string    `json:"created_by"`
}

// Left is how many enrolments the token still allows at now.
func (t Token) Left(now time.Time) int {
	if !t.RevokedAt.IsZero() || !now.Before(t.ExpiresAt) {
		return 0
	}
	return max(t.Uses-t.Used, 0)
}

var tokenID = regexp.MustCompile(`^t[0-9a-z]{8}$`)

// ValidTokenID reports whether id has the form the controller gives out: t and
// eight of 0–9, a–z.
func ValidTokenID(id string) bool { return tokenID.MatchString(id) }

var sha256Hex = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Validate returns FieldErrors, or nil.
func (t Token) Validate() error {
	var es FieldErrors
	if !ValidTokenID(t.ID) {
		es.add("id", "%.40q is not a token id such as t7k2m9qxa", t.ID)
	}
	switch t.Kind {
	case TokenSite:
		if !ValidSiteCode(t.Site) {
			es.add("site", "%.40q is not a site code: a site token needs one", t.Site)
		}
	case TokenDepot:
		if t.Site != "" {
			es.add("site", "a depot token has none: the register says where each machine belongs")
		}
	default:
		es.add("kind", "%.40q is neither %q nor %q", t.Kind, TokenSite, TokenDepot)
	}
	if !sha256Hex.MatchString(t.SecretHash) {
		es.add("secret", "its hash is missing or damaged")
	}
	if t.Uses < 1 || t.Uses > MaxTokenUses {
		es.add("uses", "%d is not between 1 and %d", t.Uses, MaxTokenUses)
	}
	if !t.ExpiresAt.After(t.CreatedAt) {
		es.add("expires_at", "is not after the token was made")
	}
	es.text("created_by", t.CreatedBy)
	return es.err()
}
