package pools

import (
	"context"
	"errors"
	"slices"
	"strings"

	"muster/inventory"
	"muster/mesh"
)

// openAll opens every pool that is not open. The mesh paces the joining.
func (p *Pools) openAll(ctx context.Context) {
	for _, spec := range p.shut() {
		if ctx.Err() != nil {
			return
		}
		if err := p.opts.Mesh.Open(ctx, spec); err != nil {
			p.log.Error("cannot open pool", "site", spec.Site, "err", err)
			continue
		}
		p.mu.Lock()
		if s := p.sites[spec.Site]; s != nil {
			s.open = true
		}
		p.mu.Unlock()
	}
}

// shut lists the pools that should be open and are not, by code.
func (p *Pools) shut() []mesh.PoolSpec {
	p.mu.Lock()
	defer p.mu.Unlock()
	var specs []mesh.PoolSpec
	for code, s := range p.sites {
		if s.open || s.noun.Direct() || len(s.ring.Keys) == 0 {
			continue
		}
		s.stale = false
		specs = append(specs, mesh.PoolSpec{
			Site: code, Label: code, Keys: s.ring.Keys, KeyVersion: s.ring.Version,
			Neighbours: s.lately, Gateway: s.gateway, Router: s.router,
		})
	}
	slices.SortFunc(specs, func(a, b mesh.PoolSpec) int { return strings.Compare(a.Site, b.Site) })
	return specs
}

// RegisterChanged reads the register anew after an import or an edit, opens the
// pools of new sites and closes those of sites that are gone or went direct.
func (p *Pools) RegisterChanged(ctx context.Context) {
	p.mu.Lock()
	var before []string
	for code, s := range p.sites {
		if s.open {
			before = append(before, code)
		}
	}
	p.mu.Unlock()
	if err := p.load(ctx); err != nil {
		p.log.Error("cannot take up the changed register", "err", err)
		return
	}
	for _, code := range p.toClose(before) {
		if err := p.opts.Mesh.CloseSite(ctx, code); err != nil {
			p.log.Error("cannot close pool", "site", code, "err", err)
		}
	}
	p.openAll(ctx)
}

// toClose picks the open pools that should be shut and marks them so.
func (p *Pools) toClose(open []string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var gone []string
	for _, code := range open {
		s := p.sites[code]
		if s != nil && !s.noun.Direct() {
			continue
		}
		if s != nil {
			s.open = false
		}
		gone = append(gone, code)
	}
	return gone
}

// Opened is how many pools are open and how many should be.
func (p *Pools) Opened() (open, wanted int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.sites {
		if s.noun.Direct() {
			continue
		}
		wanted++
		if s.open {
			open++
		}
	}
	return open, wanted
}

// SiteCount is how many sites the register holds.
func (p *Pools) SiteCount() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.sites)
}

// writeMoves puts the moves since the last tick into the store.
func (p *Pools) writeMoves(ctx context.Context) {
	p.mu.Lock()
	moves := p.moves
	p.moves = map[string]string{}
	p.mu.Unlock()
	now := p.opts.Now()
	for id, code := range moves {
		if err := p.opts.Store.MoveWorkstation(ctx, id, code, now); err != nil {
			p.log.Error("cannot write move", "workstation", id, "site", code, "err", err)
		}
	}
}

// writeAcks puts the acknowledgements since the last tick into the store, so that a
// rotation goes on where it was after a start.
func (p *Pools) writeAcks(ctx context.Context) {
	p.mu.Lock()
	acks := p.acks
	p.acks = map[string]int{}
	p.mu.Unlock()
	for id, version := range acks {
		if err := p.opts.Store.AckPoolKey(ctx, id, version); err != nil && !errors.Is(err, inventory.ErrNotFound) {
			p.log.Error("cannot write who holds a pool key", "workstation", id, "err", err)
			p.mu.Lock()
			if _, newer := p.acks[id]; !newer {
				p.acks[id] = version
			}
			p.mu.Unlock()
		}
	}
}

// poolSubject is what an event about a pool is about.
func poolSubject(code string) inventory.Subject {
	return inventory.Subject{Noun: inventory.NounPool, Key: code}
}
