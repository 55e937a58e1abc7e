package probe

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"muster/inventory"
	"muster/inventory/wire"
)

const (
	hopWait  = 2 * time.Second
	hopsWide = 5 // asked side by side: thirty silent hops must not take a minute
)

// trace asks the routers of a path who they are, hop by hop, five side by side,
// and ends at the target or after MaxHops.
func (p *Prober) trace(ctx context.Context, target inventory.ProbeTarget, spec wire.ProbeSpec, r *inventory.ProbeResult) error {
	addrs, err := p.resolve(ctx, spec.Resolver, target.Name)
	if err != nil {
		return err
	}
	to := addrs[0]
	for first := 1; first <= wire.MaxHops && ctx.Err() == nil; first += hopsWide {
		hops, reached, err := p.hops(ctx, to, first)
		r.Hops = append(r.Hops, hops...)
		if err != nil || reached {
			r.Hops = bare(r.Hops)
			return err
		}
	}
	r.Hops = bare(r.Hops)
	return failed(inventory.ProbeTimeout, "%s was not reached", to)
}

// hops asks a few hops side by side. Hops behind the target are the target too,
// and are left out.
func (p *Prober) hops(ctx context.Context, to netip.Addr, first int) (hops []inventory.Hop, reached bool, err error) {
	width := min(hopsWide, wire.MaxHops-first+1)
	replies, errs := make([]Reply, width), make([]error, width)
	ctx, cancel := context.WithTimeout(ctx, hopWait)
	defer cancel()
	var asking sync.WaitGroup
	for i := range width {
		asking.Go(func() { replies[i], errs[i] = p.opts.Echoer.Echo(ctx, Echo{To: to, TTL: first + i, Bytes: pingBytes}) })
	}
	asking.Wait()
	for i := range width {
		hop := inventory.Hop{TTL: first + i}
		switch {
		case errors.Is(errs[i], errors.ErrUnsupported):
			return hops, false, fmt.Errorf("cannot trace from here: %w", failed(inventory.ProbeUnreachable, "the system lets this program send no echo"))
		case errs[i] != nil && classify(errs[i]) == inventory.ProbeNoPath:
			return hops, false, errs[i]
		case errs[i] == nil:
			hop.Addr, hop.Millis = replies[i].From.String(), millis(replies[i].RTT)
		}
		hops = append(hops, hop)
		if errs[i] == nil && replies[i].Reached {
			return hops, true, nil
		}
	}
	return hops, false, nil
}

// bare takes silent hops off the end: they say no more than that nothing came.
func bare(hops []inventory.Hop) []inventory.Hop {
	for len(hops) > 0 && hops[len(hops)-1].Addr == "" {
		hops = hops[:len(hops)-1]
	}
	return hops
}
