package identity

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"muster/inventory"
	"muster/inventory/wire"
)

// NewToken makes a join token. The first result is what the store keeps, with
// only the hash of the secret; the second is the secret, shown once; the third
// is what the operator hands out, to which the caller adds the controllers'
// addresses. The caller sets CreatedBy and validates.
func (a *Authority) NewToken(kind inventory.TokenKind, site string, uses int, expiresAt time.Time) (inventory.Token, string, wire.JoinToken) {
	b := make([]byte, 24)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	secret := base64.RawURLEncoding.EncodeToString(b)
	t := inventory.Token{
		ID: "t" + randomText(), Kind: kind, Site: site, SecretHash: hashSecret(secret),
		Uses: uses, ExpiresAt: expiresAt.UTC(), CreatedAt: a.now().UTC(),
	}
	return t, secret, wire.JoinToken{ID: t.ID, Secret: secret, CA: a.fingerprint}
}

// Errors of CheckToken. ErrToken is always wrapped; its text does not tell a
// wrong secret from an unknown token, so that ids cannot be tried out. ErrSpent
// is wrapped beside it where only the uses are used up.
var (
	ErrToken = errors.New("join token refused")
	ErrSpent = errors.New("uses are spent")
)

// CheckToken says whether secret is that of t and whether t still allows an
// enrolment. The zero Token, for an id that is not known, takes as long as a
// wrong secret does.
func CheckToken(t inventory.Token, secret string, now time.Time) error {
	kept := t.SecretHash
	if kept == "" {
		kept = hashSecret("")
	}
	right := subtle.ConstantTimeCompare([]byte(hashSecret(secret)), []byte(kept)) == 1
	switch {
	case t.SecretHash == "" || !right:
		return fmt.Errorf("%w: unknown, or its secret is wrong", ErrToken)
	case !t.RevokedAt.IsZero():
		return fmt.Errorf("%w: %s was revoked on %s", ErrToken, t.ID, t.RevokedAt.UTC().Format(time.RFC3339))
	case !now.Before(t.ExpiresAt):
		return fmt.Errorf("%w: %s expired on %s", ErrToken, t.ID, t.ExpiresAt.UTC().Format(time.RFC3339))
	case t.Used >= t.Uses:
		return fmt.Errorf("%w: all %d %w of %s", ErrToken, t.Uses, ErrSpent, t.ID)
	}
	return nil
}

// A secret has 192 random bits, so a plain hash is as good as a slow one.
func hashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
