package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"muster/inventory"
)

// who is the roles that may do something.
type who struct {
	public bool
	roles  []inventory.Role
}

// Those who stand in the table of routes.
func nobody() who   { return who{} }
func everyone() who { return who{public: true} } // without a token
func anyone() who   { return who{roles: inventory.Roles()} }

// desks is everyone but the site owner, who sees her own sites only.
func desks() who {
	return who{roles: []inventory.Role{
		inventory.RoleViewer, inventory.RoleIT, inventory.RoleNetwork, inventory.RoleProgramme, inventory.RoleAdmin,
	}}
}

// only is the named roles, and always the admin.
func only(roles ...inventory.Role) who { return who{roles: append(roles, inventory.RoleAdmin)} }

func (w who) may(role inventory.Role) bool { return w.public || slices.Contains(w.roles, role) }

func (w who) String() string {
	names := make([]string, len(w.roles))
	for i, role := range w.roles {
		names[i] = string(role)
	}
	return strings.Join(names, ", ")
}

// allowed is who may use the row: its readers where it changes nothing, its
// writers otherwise.
func (r route) allowed() who {
	if r.method == http.MethodGet || r.handler.asks {
		return r.read
	}
	return r.write
}

type callerKey struct{}

// callerOf is whose token the request came with; guard put it there.
func callerOf(ctx context.Context) inventory.APIToken {
	token, _ := ctx.Value(callerKey{}).(inventory.APIToken)
	return token
}

// guard lets through whom the row allows, and refuses unknown query parameters.
func (a *API) guard(row route) func(http.Handler) http.Handler {
	allowed := row.allowed()
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !allowed.public {
				token, err := a.Door.Caller(r)
				if err != nil {
					a.turnAway(w, r, err)
					return
				}
				if !allowed.may(token.Role) {
					a.refuse(w, r, problem(http.StatusForbidden, "urn:muster:role",
						"a token with the role "+string(token.Role)+" may not do this; it takes one of: "+allowed.String()))
					return
				}
				r = r.WithContext(context.WithValue(r.Context(), callerKey{}, token))
				w.Header().Set("Cache-Control", "private, no-cache")
			}
			if p := row.unknownQuery(r); p != nil {
				a.refuse(w, r, p)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

func (a *API) turnAway(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, ErrNoToken):
		w.Header().Set("WWW-Authenticate", `Bearer realm="muster"`)
		a.refuse(w, r, problem(http.StatusUnauthorized, "urn:muster:api-token",
			"send an API token in the header: Authorization: Bearer TOKEN"))
	case errors.Is(err, ErrBadToken):
		w.Header().Set("WWW-Authenticate", `Bearer realm="muster", error="invalid_token"`)
		a.refuse(w, r, problem(http.StatusUnauthorized, "urn:muster:api-token",
			"the API token is wrong, expired or revoked"))
	case errors.Is(err, ErrTooMany):
		w.Header().Set("Retry-After", "6")
		a.refuse(w, r, problem(http.StatusTooManyRequests, "urn:muster:rate",
			"too many wrong tokens from this address; wait a few seconds"))
	case errors.Is(err, ErrForeign):
		a.refuse(w, r, problem(http.StatusForbidden, "urn:muster:cross-site", "another site's page sent this request"))
	default:
		a.refuse(w, r, err)
	}
}
