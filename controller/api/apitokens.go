package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"muster/inventory"
)

type apiTokenList struct {
	Paging
}

func (a *API) listAPITokens(ctx context.Context, in *apiTokenList) ([]inventory.APIToken, string, error) {
	tokens, err := a.Store.APITokens(ctx)
	if err != nil {
		return nil, "", err
	}
	items, next := pageOf(tokens, in.page(), func(t inventory.APIToken) string { return t.ID })
	return items, next, nil
}

type apiTokenCreate struct {
	Body struct {
		Name  string   `json:"name" minLength:"1" maxLength:"100" doc:"whose it is; the author of what is done with it"`
		Role  string   `json:"role" enum:"viewer,it,network,programme,site-owner,admin"`
		Sites []string `json:"sites,omitempty" maxItems:"200" doc:"of a site owner"`
		For   string   `json:"expires,omitempty" maxLength:"20" doc:"a duration such as 720h; it does not expire where it is not given"`
	}
}

// APITokenMade is a new API token with its secret, which is shown once.
type APITokenMade struct {
	inventory.APIToken
	Secret string `json:"secret"`
}

func (a *API) createAPIToken(ctx context.Context, in *apiTokenCreate) (APITokenMade, error) {
	now := a.clock()
	token, secret := NewAPIToken(in.Body.Name, inventory.Role(in.Body.Role), author(callerOf(ctx)), now)
	if in.Body.For != "" {
		lasts, err := time.ParseDuration(in.Body.For)
		if err != nil || lasts <= 0 {
			return APITokenMade{}, inventory.FieldErrors{{Field: "expires", Why: fmt.Sprintf("%q is not a duration such as 720h", in.Body.For)}}
		}
		token.ExpiresAt = now.Add(lasts)
	}
	var err error
	if token.Sites, err = a.ownersSites(ctx, token.Role, in.Body.Sites); err != nil {
		return APITokenMade{}, err
	}
	if err := a.Store.AddAPIToken(ctx, token); err != nil {
		return APITokenMade{}, err
	}
	if err := a.record(ctx, "api-token.made", token.ID, token); err != nil {
		return APITokenMade{}, err
	}
	return APITokenMade{APIToken: token, Secret: secret}, nil
}

// ownersSites is the sites of a site owner's token, each of which must exist.
func (a *API) ownersSites(ctx context.Context, role inventory.Role, sites []string) ([]string, error) {
	if role != inventory.RoleSiteOwner {
		if len(sites) > 0 {
			return nil, inventory.FieldErrors{{Field: "sites", Why: fmt.Sprintf("a token with the role %s reaches every site", role)}}
		}
		return nil, nil
	}
	if len(sites) == 0 {
		return nil, inventory.FieldErrors{{Field: "sites", Why: "missing: a site owner's token names the sites it reaches"}}
	}
	for _, code := range sites {
		if _, err := a.Store.Site(ctx, code); errors.Is(err, inventory.ErrNotFound) {
			return nil, inventory.FieldErrors{{Field: "sites", Why: fmt.Sprintf("there is no site %q", code)}}
		} else if err != nil {
			return nil, err
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(sites))), nil
}

func (a *API) revokeAPIToken(ctx context.Context, in *tokenKey) (Done, error) {
	if in.ID == callerOf(ctx).ID {
		return Done{}, problem(http.StatusConflict, "urn:muster:conflict", "a token cannot revoke itself: use another admin's, so that one is left")
	}
	if err := a.Store.RevokeAPIToken(ctx, in.ID, a.clock()); err != nil {
		return Done{}, err
	}
	if err := a.record(ctx, "api-token.revoked", in.ID, nil); err != nil {
		return Done{}, err
	}
	return Done{"revoked " + in.ID + "; browsers that signed in with it are signed out"}, nil
}

func apiTokenColumns() []column[inventory.APIToken] {
	type t = inventory.APIToken
	return []column[t]{
		{"id", func(t t) string { return t.ID }},
		{"name", func(t t) string { return t.Name }},
		{"role", func(t t) string { return string(t.Role) }},
		{"sites", func(t t) string { return strings.Join(t.Sites, " ") }},
		{"created_at", func(t t) string { return instant(t.CreatedAt) }},
		{"created_by", func(t t) string { return t.CreatedBy }},
		{"expires_at", func(t t) string { return instant(t.ExpiresAt) }},
		{"revoked_at", func(t t) string { return instant(t.RevokedAt) }},
	}
}
