package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"muster/inventory"
)

const tokenColumns = "id, kind, site, secret_hash, uses, used, expires_at, revoked_at, created_at, created_by"

// AddToken keeps a new join token. ErrConflict where the id is taken or the site
// of a site token is not in the register.
func (s *Store) AddToken(ctx context.Context, token inventory.Token) error {
	if err := token.Validate(); err != nil {
		return fmt.Errorf("cannot add join token: %w", err)
	}
	return s.change(ctx, "add join token", func(t tx) error {
		if token.Site != "" {
			if _, err := find[inventory.Site](t, "sites", "code", token.Site); err != nil {
				return fmt.Errorf("site %q: %w", token.Site, err)
			}
		}
		n, err := t.exec("INSERT INTO tokens ("+tokenColumns+") VALUES "+t.tuples(1, 10)+" ON CONFLICT (id) DO NOTHING",
			token.ID, string(token.Kind), token.Site, token.SecretHash, token.Uses, token.Used,
			micros(token.ExpiresAt), micros(token.RevokedAt), micros(token.CreatedAt), token.CreatedBy)
		if err == nil && n == 0 {
			return fmt.Errorf("%q is already there: %w", token.ID, ErrConflict)
		}
		return err
	})
}

// Tokens is every join token, newest first.
func (s *Store) Tokens(ctx context.Context) (tokens []inventory.Token, err error) {
	tokens = []inventory.Token{}
	err = s.look(ctx, "list join tokens", func(t tx) error {
		return t.each("SELECT "+tokenColumns+" FROM tokens ORDER BY created_at DESC, id", nil, func(row scanner) error {
			token, err := scanToken(row)
			tokens = append(tokens, token)
			return err
		})
	})
	return tokens, err
}

// TokenByID is one join token; ErrNotFound.
func (s *Store) TokenByID(ctx context.Context, id string) (token inventory.Token, err error) {
	err = s.look(ctx, "read join token", func(t tx) (err error) {
		token, err = readToken(t, id)
		return err
	})
	return token, err
}

// RevokeToken ends a join token. Revoking twice is harmless; ErrNotFound.
func (s *Store) RevokeToken(ctx context.Context, id string, at time.Time) error {
	return s.change(ctx, fmt.Sprintf("revoke join token %q", id), func(t tx) error {
		if _, err := readToken(t, id); err != nil {
			return err
		}
		_, err := t.exec("UPDATE tokens SET revoked_at = $1 WHERE id = $2 AND revoked_at = 0", micros(at), id)
		return err
	})
}

func readToken(t tx, id string) (inventory.Token, error) {
	return scanToken(only{t, "SELECT " + tokenColumns + " FROM tokens WHERE id = $1", []any{plain(id)}})
}

func scanToken(row scanner) (token inventory.Token, err error) {
	var kind string
	var expiresAt, revokedAt, createdAt int64
	err = row.Scan(&token.ID, &kind, &token.Site, &token.SecretHash, &token.Uses, &token.Used,
		&expiresAt, &revokedAt, &createdAt, &token.CreatedBy)
	token.Kind = inventory.TokenKind(kind)
	token.ExpiresAt, token.RevokedAt, token.CreatedAt = instant(expiresAt), instant(revokedAt), instant(createdAt)
	return token, err
}

const apiTokenColumns = "id, hash, name, role, sites, created_at, created_by, expires_at, revoked_at"

// AddAPIToken keeps a new API token, or replaces the one with its id. ErrConflict
// where another token has its hash.
func (s *Store) AddAPIToken(ctx context.Context, token inventory.APIToken) error {
	sites, err := json.Marshal(token.Sites)
	if err != nil {
		return fmt.Errorf("cannot add API token: %w", err)
	}
	return s.change(ctx, "add API token", func(t tx) error {
		var taken int
		if err := t.one("SELECT count(*) FROM api_tokens WHERE hash = $1 AND id <> $2", []any{token.Hash, token.ID}, &taken); err != nil {
			return err
		}
		if taken > 0 {
			return fmt.Errorf("another token has the same secret: %w", ErrConflict)
		}
		_, err := t.exec("INSERT INTO api_tokens ("+apiTokenColumns+") VALUES "+t.tuples(1, 9)+
			" ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, name = excluded.name, role = excluded.role, sites = excluded.sites,"+
			" created_at = excluded.created_at, created_by = excluded.created_by, expires_at = excluded.expires_at, revoked_at = excluded.revoked_at",
			token.ID, token.Hash, token.Name, string(token.Role), string(sites),
			micros(token.CreatedAt), token.CreatedBy, micros(token.ExpiresAt), micros(token.RevokedAt))
		return err
	})
}

// APITokens is every API token, newest first.
func (s *Store) APITokens(ctx context.Context) (tokens []inventory.APIToken, err error) {
	tokens = []inventory.APIToken{}
	err = s.look(ctx, "list API tokens", func(t tx) error {
		return t.each("SELECT "+apiTokenColumns+" FROM api_tokens ORDER BY created_at DESC, id", nil, func(row scanner) error {
			token, err := scanAPIToken(row)
			tokens = append(tokens, token)
			return err
		})
	})
	return tokens, err
}

// APITokenByHash is the API token whose secret has this hash; ErrNotFound.
func (s *Store) APITokenByHash(ctx context.Context, hash string) (token inventory.APIToken, err error) {
	err = s.look(ctx, "read API token", func(t tx) (err error) {
		token, err = scanAPIToken(only{t, "SELECT " + apiTokenColumns + " FROM api_tokens WHERE hash = $1", []any{plain(hash)}})
		return err
	})
	return token, err
}

// RevokeAPIToken ends an API token. Revoking twice is harmless; ErrNotFound.
func (s *Store) RevokeAPIToken(ctx context.Context, id string, at time.Time) error {
	return s.change(ctx, fmt.Sprintf("revoke API token %q", id), func(t tx) error {
		var revokedAt int64
		if err := t.one("SELECT revoked_at FROM api_tokens WHERE id = $1", []any{id}, &revokedAt); err != nil {
			return err
		}
		_, err := t.exec("UPDATE api_tokens SET revoked_at = $1 WHERE id = $2 AND revoked_at = 0", micros(at), id)
		return err
	})
}

func scanAPIToken(row scanner) (token inventory.APIToken, err error) {
	var role, sites string
	var createdAt, expiresAt, revokedAt int64
	err = row.Scan(&token.ID, &token.Hash, &token.Name, &role, &sites, &createdAt, &token.CreatedBy, &expiresAt, &revokedAt)
	if err != nil {
		return token, err
	}
	token.Role = inventory.Role(role)
	token.CreatedAt, token.ExpiresAt, token.RevokedAt = instant(createdAt), instant(expiresAt), instant(revokedAt)
	return token, json.Unmarshal([]byte(sites), &token.Sites)
}
