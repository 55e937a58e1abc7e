package probe

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"muster/inventory"
	"muster/inventory/wire"
)

const (
	mtuTries  = 3 // of one size: a lost packet is not one that is too large
	mtuWait   = 700 * time.Millisecond
	mtuNarrow = 1280 // below this a path carries no IPv6, and few carry a handshake well
)

// mtuSteps are the packet sizes that paths have: Ethernet, PPPoE, tunnels of
// several makes, IPv6's least, and what everything carries.
func mtuSteps() []int { return []int{1500, 1492, 1472, 1436, 1400, 1360, 1280, 1006, 576} }

// mtu finds the largest packet that passes whole. The largest is tried first:
// where nothing is wrong, that is all.
func (p *Prober) mtu(ctx context.Context, target inventory.ProbeTarget, spec wire.ProbeSpec, r *inventory.ProbeResult) error {
	addrs, err := p.resolve(ctx, spec.Resolver, target.Name)
	if err != nil {
		return err
	}
	steps := mtuSteps()
	fits, err := p.passes(ctx, addrs[0], steps[0])
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return p.streamMTU(ctx, addrs[0], target, r)
	case err != nil:
		return err
	case fits:
		r.MTUBytes = steps[0]
		return nil
	}
	small, err := p.passes(ctx, addrs[0], pingBytes)
	switch {
	case err != nil:
		return err
	case !small && target.Port != 0: // a target that answers no echo may answer a connection
		return p.streamMTU(ctx, addrs[0], target, r)
	case !small:
		return failed(inventory.ProbeTimeout, "not even small packets are answered")
	}
	return p.narrow(ctx, addrs[0], steps, r)
}

// narrow walks down to the first size that passes.
func (p *Prober) narrow(ctx context.Context, to netip.Addr, steps []int, r *inventory.ProbeResult) error {
	for _, bytes := range steps[1:] {
		fits, err := p.passes(ctx, to, bytes)
		if err != nil {
			return err
		}
		if fits {
			r.MTUBytes = bytes
			return failed(inventory.ProbePathMTU, "packets of %d bytes pass, of %d bytes do not", bytes, steps[0])
		}
	}
	return failed(inventory.ProbePathMTU, "packets of %d bytes pass, of %d bytes do not", pingBytes, steps[len(steps)-1])
}

// passes reports whether a packet of that size is answered. Who says that it is
// too large says so at once; who says nothing is asked again.
func (p *Prober) passes(ctx context.Context, to netip.Addr, bytes int) (bool, error) {
	for range mtuTries {
		once, cancel := context.WithTimeout(ctx, mtuWait)
		reply, err := p.opts.Echoer.Echo(once, Echo{To: to, Bytes: bytes, Whole: true})
		cancel()
		switch {
		case err == nil && reply.Reached:
			return true, nil
		case err == nil && reply.TooLarge:
			return false, nil
		case err == nil:
			return false, failed(inventory.ProbeUnreachable, "%s says that there is no way", reply.From)
		case errors.Is(err, errors.ErrUnsupported), ctx.Err() != nil:
			return false, err
		case classify(err) != inventory.ProbeTimeout:
			return false, err
		}
	}
	return false, nil
}

// streamMTU finds out by TCP, where no echo can be sent or none is answered: over
// one connection go more bytes than a packet holds, both ways; over another, whose
// packets are held small, the same. Where the first stalls and the second does
// not, large packets do not pass.
func (p *Prober) streamMTU(ctx context.Context, to netip.Addr, target inventory.ProbeTarget, r *inventory.ProbeResult) error {
	if target.Port == 0 {
		return failed(inventory.ProbeUnreachable, "ICMP is not open to this program, and the target names no TCP port to try instead")
	}
	share := 4 * time.Second
	if deadline, ok := ctx.Deadline(); ok {
		share = time.Until(deadline) / 2
	}
	large, cancel := context.WithTimeout(ctx, share)
	defer cancel()
	err := p.exchange(large, to, target, 0)
	if err == nil {
		r.Detail = "measured by TCP"
		return nil
	}
	if classify(err) != inventory.ProbeTimeout {
		return err
	}
	if errors.Is(err, errNotConnected) {
		return err
	}
	if small := p.exchange(ctx, to, target, smallSegments); small != nil {
		return fmt.Errorf("neither large nor small packets are answered: %w", small)
	}
	return failed(inventory.ProbePathMTU, "by TCP, packets of %d bytes pass, full ones do not", smallSegments)
}
