package wire

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// JoinToken is what an operator hands to new machines: where the controllers
// are, which CA to trust, and a secret that allows enrolment.
type JoinToken struct {
	ID          string   `json:"id"`
	Secret      string   `json:"secret"`
	CA          string   `json:"ca"`          // SHA-256 of the CA certificate, lower-case hex
	Controllers []string `json:"controllers"` // host:port
}

const tokenPrefix = "muster1."

// String is the token as it is typed or put into a package.
func (t JoinToken) String() string {
	b, err := json.Marshal(t)
	if err != nil { // strings only: cannot happen
		return ""
	}
	return tokenPrefix + base64.RawURLEncoding.EncodeToString(b)
}

// ErrToken is wrapped by ParseJoinToken.
var ErrToken = errors.New("not a join token")

// ParseJoinToken reads a token as printed by `muster token create`.
func ParseJoinToken(s string) (JoinToken, error) {
	var t JoinToken
	s = strings.TrimSpace(s)
	body, ok := strings.CutPrefix(s, tokenPrefix)
	if !ok || len(s) > 4096 {
		return t, fmt.Errorf("%w: it begins with %q and has at most 4096 characters", ErrToken, tokenPrefix)
	}
	b, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil {
		return t, fmt.Errorf("%w: its text is damaged, copy it whole", ErrToken)
	}
	if err := json.Unmarshal(b, &t); err != nil {
		return t, fmt.Errorf("%w: its content is damaged, copy it whole", ErrToken)
	}
	if t.ID == "" || t.Secret == "" || len(t.CA) != 64 || len(t.Controllers) == 0 {
		return t, fmt.Errorf("%w: it lacks its id, secret, CA or controllers", ErrToken)
	}
	return t, nil
}
