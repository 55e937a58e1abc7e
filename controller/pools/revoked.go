package pools

import (
	"context"
	"errors"
	"fmt"

	"muster/inventory"
)

// A site's mark of a revocation is on disk before the certificate is revoked, and
// says what is left to do, whenever the controller stops:
//
//	empty     nothing
//	markDue   a new key has to be made that the revoked machine never saw; where a
//	          rotation is under way, after it, which then waits for nobody who is off
//	an id     that key, or an older one: while it is the newest, the one before it
//	          retires without waiting for whoever is off
const markDue = "due"

func markName(code string) string { return "pool.revoked." + code }

func (p *Pools) readMark(ctx context.Context, code string) (string, error) {
	mark, err := p.opts.Store.Meta(ctx, markName(code))
	if err != nil && !errors.Is(err, inventory.ErrNotFound) {
		return "", fmt.Errorf("cannot read whether a key of %s was revoked: %w", code, err)
	}
	return mark, nil
}

// mark writes a site's mark. Where only the disk did not take it, a start of the
// controller makes one key too many, or waits for whoever is off.
func (p *Pools) mark(ctx context.Context, code, mark string) {
	p.mu.Lock()
	if s := p.sites[code]; s != nil {
		s.revoked = mark
	}
	p.mu.Unlock()
	if err := p.opts.Store.SetMeta(ctx, markName(code), mark); err != nil {
		p.log.Error("cannot note that a key was revoked", "site", code, "err", err)
	}
}

// markAll marks the sites whose key a machine held, before it is revoked, and
// returns what their marks were.
func (p *Pools) markAll(ctx context.Context, codes map[string]bool) (before map[string]string, err error) {
	before = map[string]string{}
	for code := range codes {
		p.mu.Lock()
		s := p.sites[code]
		pooled := s != nil && !s.noun.Direct()
		if pooled {
			before[code] = s.revoked
		}
		p.mu.Unlock()
		if !pooled {
			continue
		}
		if err := p.opts.Store.SetMeta(ctx, markName(code), markDue); err != nil {
			return before, fmt.Errorf("cannot note that the key of %s has to be rotated: %w", code, err)
		}
		p.mu.Lock()
		if s := p.sites[code]; s != nil {
			s.revoked = markDue
		}
		p.mu.Unlock()
	}
	return before, nil
}
