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
	p.turning.Lock()
	defer p.turning.Unlock()
	return p.rotate(ctx, code, author)
}

// rotate makes a new key; turning is held.
func (p *Pools) rotate(ctx context.Context, code, author string) (int, error) {
	now := p.opts.Now()
	p.mu.Lock()
	s := p.sites[code]
	if s == nil || s.noun.Direct() {
		p.mu.Unlock()
		return 0, fmt.Errorf("cannot rotate the key of %q: it is no site with a pool: %w", code, inventory.ErrNotFound)
	}
	if keyring.Turning(s.keys) {
		p.mu.Unlock()
		return 0, fmt.Errorf("cannot rotate the key of %s: the rotation to version %d is still under way: %w", code, s.ring.Version, inventory.ErrConflict)
	}
	k, revoked := keyring.Make(keyring.Next(s.keys), now), s.revoked == markDue
	p.mu.Unlock()

	if err := p.opts.Store.PutPoolKey(ctx, code, k); err != nil {
		return 0, fmt.Errorf("cannot keep the new key of %s: %w", code, err)
	}
	if revoked {
		p.mark(ctx, code, k.ID())
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
	s.stale = s.stale && !open
	p.mu.Unlock()
	if open {
		if err := p.opts.Mesh.SetKeys(code, ring.Keys, ring.Version); err != nil {
			return 0, fmt.Errorf("cannot give the pool of %s its new key: %w", code, err)
		}
	}
	return k.Version, nil
}

// RevokeWorkstation ends an install's certificates, takes it off the roster and
// rotates the key of its site at once: it held that key. Where a rotation is under
// way another one follows it.
func (p *Pools) RevokeWorkstation(ctx context.Context, id, why, author string) error {
	p.turning.Lock()
	defer p.turning.Unlock()
	p.mu.Lock()
	codes := map[string]bool{p.roster.HomeSite(id): true, p.at[id]: true}
	p.mu.Unlock()
	before, err := p.markAll(ctx, codes)
	if err == nil {
		err = p.opts.Store.RevokeWorkstation(ctx, id, why, author, p.opts.Now())
	}
	if err != nil { // nothing was revoked
		for code, mark := range before {
			p.mark(context.WithoutCancel(ctx), code, mark)
		}
		return err
	}
	p.mu.Lock()
	p.forget(id)
	p.mu.Unlock()
	for code := range before {
		if _, err := p.rotate(ctx, code, author); err != nil {
			p.log.Warn("the key of a revoked workstation's site is rotated later", "site", code, "err", err)
		}
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
