package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"muster/inventory"
)

type tokenList struct {
	Paging
}

// TokenView is a join token without its secret, and how many uses are left.
type TokenView struct {
	inventory.Token
	Left int `json:"left"`
}

func (a *API) listTokens(ctx context.Context, in *tokenList) ([]TokenView, string, error) {
	tokens, err := a.Store.Tokens(ctx)
	if err != nil {
		return nil, "", err
	}
	views := make([]TokenView, len(tokens))
	for i, token := range tokens {
		views[i] = TokenView{Token: token, Left: token.Left(a.clock())}
	}
	items, next := pageOf(views, in.page(), func(v TokenView) string { return v.ID })
	return items, next, nil
}

type tokenCreate struct {
	Body struct {
		Kind string `json:"kind,omitempty" enum:"site,depot" doc:"site where it is not given"`
		Site string `json:"site,omitempty" maxLength:"16" doc:"of a site token"`
		Uses int    `json:"uses,omitempty" minimum:"1" maximum:"1000000" doc:"how many machines it may enrol; 1 where it is not given"`
		For  string `json:"expires,omitempty" maxLength:"20" doc:"a duration such as 48h; 168h where it is not given"`
	}
}

// TokenMade is a new join token. Token, what a machine is given, is shown once.
type TokenMade struct {
	TokenView
	Token string `json:"token"`
}

const (
	tokenUsualFor   = 7 * 24 * time.Hour
	tokenLongestFor = 366 * 24 * time.Hour
)

func (a *API) createToken(ctx context.Context, in *tokenCreate) (TokenMade, error) {
	kind, uses, lasts := inventory.TokenKind(in.Body.Kind), max(in.Body.Uses, 1), tokenUsualFor
	if kind == "" {
		kind = inventory.TokenSite
	}
	if in.Body.For != "" {
		var err error
		if lasts, err = time.ParseDuration(in.Body.For); err != nil || lasts <= 0 || lasts > tokenLongestFor {
			return TokenMade{}, inventory.FieldErrors{{
				Field: "expires", Why: fmt.Sprintf("%q is not a duration such as 48h, up to %s", in.Body.For, tokenLongestFor),
			}}
		}
	}
	if in.Body.Site != "" {
		if _, err := a.Store.Site(ctx, in.Body.Site); err != nil {
			return TokenMade{}, fmt.Errorf("cannot make a token for site %q: %w", in.Body.Site, err)
		}
	}
	now := a.clock()
	token, _, join := a.Issuer.NewToken(kind, in.Body.Site, uses, now.Add(lasts))
	token.CreatedBy, token.CreatedAt = author(callerOf(ctx)), now
	if err := token.Validate(); err != nil {
		return TokenMade{}, err
	}
	if join.Controllers = a.Controllers(); len(join.Controllers) == 0 {
		return TokenMade{}, problem(http.StatusServiceUnavailable, "urn:muster:not-ready",
			"the controller's mesh address is not known yet; try again in a moment")
	}
	if err := a.Store.AddToken(ctx, token); err != nil {
		return TokenMade{}, fmt.Errorf("cannot keep join token: %w", err)
	}
	if err := a.record(ctx, "token.made", token.ID, token); err != nil {
		return TokenMade{}, err
	}
	return TokenMade{TokenView: TokenView{Token: token, Left: uses}, Token: join.String()}, nil
}

type tokenKey struct {
	ID string `path:"id" maxLength:"16"`
}

func (a *API) revokeToken(ctx context.Context, in *tokenKey) (Done, error) {
	if err := a.Store.RevokeToken(ctx, in.ID, a.clock()); err != nil {
		return Done{}, err
	}
	if err := a.record(ctx, "token.revoked", in.ID, nil); err != nil {
		return Done{}, err
	}
	return Done{"revoked " + in.ID + "; machines that enrolled with it stay enrolled"}, nil
}

// record appends an event about what the caller just did to a token.
func (a *API) record(ctx context.Context, kind, key string, body any) error {
	event := inventory.Event{
		Kind: kind, Subject: inventory.Subject{Noun: inventory.NounToken, Key: key},
		OccurredAt: a.clock(), RecordedAt: a.clock(), Author: author(callerOf(ctx)),
	}
	if body != nil {
		var err error
		if event.Body, err = json.Marshal(body); err != nil {
			return fmt.Errorf("cannot write event %s: %w", kind, err)
		}
	}
	if _, err := a.Store.AppendEvent(ctx, event); err != nil {
		return fmt.Errorf("cannot record %s of %s: %w", kind, key, err)
	}
	return nil
}

func tokenColumns() []column[TokenView] {
	type t = TokenView
	return []column[t]{
		{"id", func(t t) string { return t.ID }},
		{"kind", func(t t) string { return string(t.Kind) }},
		{"site", func(t t) string { return t.Site }},
		{"uses", func(t t) string { return strconv.Itoa(t.Uses) }},
		{"used", func(t t) string { return strconv.Itoa(t.Used) }},
		{"left", func(t t) string { return strconv.Itoa(t.Left) }},
		{"expires_at", func(t t) string { return instant(t.ExpiresAt) }},
		{"revoked_at", func(t t) string { return instant(t.RevokedAt) }},
		{"created_at", func(t t) string { return instant(t.CreatedAt) }},
		{"created_by", func(t t) string { return t.CreatedBy }},
	}
}
