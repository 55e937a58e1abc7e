package api

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"muster/inventory"
)

// TokenLookup finds an API token by the hash of its secret; an error wraps
// inventory.ErrNotFound where there is none.
type TokenLookup interface {
	APITokenByHash(ctx context.Context, hash string) (inventory.APIToken, error)
}

// DoorOptions is what a Door is made of.
type DoorOptions struct {
	Tokens     TokenLookup
	Now        func() time.Time
	SessionFor time.Duration // how long a browser stays signed in; zero is 12 hours
	Secure     bool          // the web side is reached over TLS: cookies say so
}

// Door tells who is calling: by a bearer token, or by the session that a browser
// got for one. It is safe for concurrent use.
type Door struct {
	tokens   TokenLookup
	now      func() time.Time
	limiter  *limiter
	sessions *sessions
}

// The ways in which a caller is turned away.
var (
	ErrNoToken  = errors.New("no token")
	ErrBadToken = errors.New("token not accepted")
	ErrTooMany  = errors.New("too many wrong tokens")
	ErrForeign  = errors.New("cross-site request")
)

// NewDoor returns a door without sessions.
func NewDoor(o DoorOptions) (*Door, error) {
	if o.Tokens == nil || o.Now == nil {
		return nil, errors.New("cannot make door: no token lookup or no clock")
	}
	if o.SessionFor == 0 {
		o.SessionFor = 12 * time.Hour
	}
	return &Door{
		tokens:   o.Tokens,
		now:      o.Now,
		limiter:  newLimiter(o.Now),
		sessions: newSessions(o.Now, o.SessionFor, o.Secure),
	}, nil
}

// HashToken is the hash under which an API token is kept.
func HashToken(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// apiTokenPrefix marks our secrets, so that scanners of repositories and logs
// can find one that leaked.
const apiTokenPrefix = "muster_api_"

// NewAPIToken makes a token and its secret, which is shown once.
func NewAPIToken(name string, role inventory.Role, createdBy string, now time.Time) (inventory.APIToken, string) {
	secret := apiTokenPrefix + rand.Text() + rand.Text()
	return inventory.APIToken{
		ID:        "a" + strings.ToLower(rand.Text()[:8]),
		Name:      name,
		Role:      role,
		Hash:      HashToken(secret),
		CreatedAt: now.UTC(),
		CreatedBy: createdBy,
	}, secret
}

// Caller is whose request this is: ErrNoToken, ErrBadToken or ErrTooMany where
// it is nobody's. A session is accepted for a write only from our own pages.
func (d *Door) Caller(r *http.Request) (inventory.APIToken, error) {
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, secret, _ := strings.Cut(header, " ")
		if strings.EqualFold(scheme, "Bearer") {
			return d.check(r.Context(), strings.TrimSpace(secret), r.RemoteAddr)
		}
		// promtool and older Grafanas know no other way: the token is the password.
		// It is taken only where nothing can be changed.
		if _, password, basic := r.BasicAuth(); basic && strings.HasPrefix(r.URL.Path, SeriesPrefix+"/") {
			return d.check(r.Context(), password, r.RemoteAddr)
		}
		return inventory.APIToken{}, ErrNoToken
	}
	hash, ok := d.sessions.find(r)
	if !ok {
		return inventory.APIToken{}, ErrNoToken
	}
	if err := ownOrigin(r); err != nil {
		return inventory.APIToken{}, err
	}
	return d.byHash(r.Context(), hash)
}

// SignIn exchanges an API token's secret for a session cookie.
func (d *Door) SignIn(r *http.Request, secret string) (*http.Cookie, error) {
	if err := ownOrigin(r); err != nil {
		return nil, err
	}
	token, err := d.check(r.Context(), strings.TrimSpace(secret), r.RemoteAddr)
	if err != nil {
		return nil, err
	}
	return d.sessions.open(token), nil
}

// SignOut ends the request's session and returns the cookie that says so.
func (d *Door) SignOut(r *http.Request) (*http.Cookie, error) {
	if err := ownOrigin(r); err != nil {
		return nil, err
	}
	return d.sessions.end(r), nil
}

// check holds the secret against the store. A source that sent many wrong ones
// is refused unread, but a token that was good a moment ago always passes: one
// broken script behind a proxy must not lock out the rest.
func (d *Door) check(ctx context.Context, secret, source string) (inventory.APIToken, error) {
	if secret == "" || len(secret) > 256 {
		return inventory.APIToken{}, ErrBadToken
	}
	hash := HashToken(secret)
	if !d.limiter.allow(source, hash) {
		return inventory.APIToken{}, ErrTooMany
	}
	token, err := d.byHash(ctx, hash)
	switch {
	case errors.Is(err, ErrBadToken):
		d.limiter.wrong(source)
	case err == nil:
		d.limiter.right(hash)
	}
	return token, err
}

func (d *Door) byHash(ctx context.Context, hash string) (inventory.APIToken, error) {
	token, err := d.tokens.APITokenByHash(ctx, hash)
	switch {
	case errors.Is(err, inventory.ErrNotFound):
		return token, ErrBadToken
	case err != nil:
		return token, fmt.Errorf("cannot look up token: %w", err)
	case !token.Usable(d.now()):
		return inventory.APIToken{}, ErrBadToken
	}
	return token, nil
}

// ownOrigin refuses a write that another site's page made the browser send. The
// cookie is SameSite=Strict already; this holds in browsers that ignore it and
// between ports of one machine, which count as the same site.
func ownOrigin(r *http.Request) error {
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		return ErrForeign
	}
	return nil
}
