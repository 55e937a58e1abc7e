package pools

import (
	"context"
	"fmt"

	"muster/controller/keyring"
	"muster/inventory"
)

// RotateKey makes a new key for the site's pool and returns its version. The
// rotation walks on by itself.
func (p *Pools) RotateKey(ctx context.Context, code, author string) (int, error) {
	now := p.opts.Now()
	p.mu.Lock()
	s := p.sites[code]
	if s == nil || s.noun.Direct() {
		p.mu.Unlock()
		return 0, fmt.Errorf("cannot rotate the key of %q: it is no site with a pool: %w", code, inventory.ErrNotFound)
	}
	if len(s.ring.Keys) > 1 {
		p.mu.Unlock()
		return 0, fmt.Errorf("cannot rotate the key of %s: the rotation to version %d is still under way: %w", code, s.ring.Version, inventory.ErrConflict)
	}
	k := keyring.Make(keyring.Next(s.keys), now)
	p.mu.Unlock()

	if err := p.opts.Store.PutPoolKey(ctx, code, k); err != nil {
		return 0, fmt.Errorf("cannot keep the new key of %s: %w", code, err)
	}
	p.record(ctx, EventKeyMade, poolSubject(code), author, now, map[string]any{"version": k.Version})
	p.mu.Lock()
	if s = p.sites[code]; s == nil { // the register changed meanwhile
		p.mu.Unlock()
		return k.Version, nil
	}
	s.keys = append(s.keys, k)
	p.order(s)
	ring, open := s.ring, s.open
	p.mu.Unlock()
	if open {
		if err := p.opts.Mesh.SetKeys(code, ring.Keys, ring.Version); err != nil {
			return 0, fmt.Errorf("cannot give the pool of %s its new key: %w", code, err)
		}
	}
	return k.Version, nil
}

// RevokeWorkstation ends an install's certificates, takes it off the roster and
// rotates the key of its site at once: it held that key.
func (p *Pools) RevokeWorkstation(ctx context.Context, id, why, author string) error {
	if err := p.opts.Store.RevokeWorkstation(ctx, id, why, author, p.opts.Now()); err != nil {
		return err
	}
	p.mu.Lock()
	codes := map[string]bool{p.roster.HomeSite(id): true, p.at[id]: true}
	p.forget(id)
	p.mu.Unlock()
	for code := range codes {
		if code == "" {
			continue
		}
		version, err := p.RotateKey(ctx, code, author)
		if err != nil {
			p.log.Warn("the key of a revoked workstation's site is not rotated yet", "site", code, "err", err)
			continue
		}
		p.mu.Lock()
		if s := p.sites[code]; s != nil {
			s.revoked = version
		}
		p.mu.Unlock()
	}
	return nil
}

// ResolveReview ends a review and lets the install count.
func (p *Pools) ResolveReview(ctx context.Context, id string, merge bool, author string) error {
	if err := p.opts.Store.ResolveReview(ctx, id, merge, author, p.opts.Now()); err != nil {
		return err
	}
	return p.load(ctx)
}
