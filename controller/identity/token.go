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
		ID: "t" + randomText(8), Kind: kind, Site: site, SecretHash: hashSecret(secret),
		Uses: uses, ExpiresAt: expiresAt.UTC(), CreatedAt: a.now().UTC(),
	}
	return t, secret, wire.JoinToken{ID: t.ID, Secret: secret, CA: a.fingerprint}
}

// NewWorkstationID is a random id; the caller sees to it that it is free.
func NewWorkstationID() string { return "w" + randomText(8) }

// ErrToken is wrapped by CheckToken. Its text does not tell a wrong secret from
// an unknown token, so that ids cannot be tried out.
var ErrToken = errors.New("join token refused")

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
		return fmt.Errorf("%w: all %d uses of %s are spent", ErrToken, t.Uses, t.ID)
	}
	return nil
}

// A secret has 192 random bits, so a plain hash is as good as a slow one.
func hashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// randomText is n of 0–9, a–z, each equally likely.
func randomText(n int) string {
	const alphabet = "0123456789abcdefghijklmnopqrstuvwxyz"
	text := make([]byte, 0, n)
	b := make([]byte, 2*n)
	for len(text) < n {
		_, _ = rand.Read(b) // never fails (crypto/rand)
		for _, c := range b {
			if c < 252 && len(text) < n { // 252 = 7 × 36: the rest would favour some
				text = append(text, alphabet[c%36])
			}
		}
	}
	return string(text)
}
