package mesh

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// Move makes addr the address that neighbours reach this machine at, listening
// on port; nil keeps the port. The pool is opened anew there under a fresh name,
// because members refuse a known name at a new address for minutes. Close the old
// port after Move has returned.
func (r *Resident) Move(ctx context.Context, port *Port, addr netip.AddrPort) error {
	if err := r.beginTurn(ctx); err != nil {
		return fmt.Errorf("cannot move to %s: %w", addr, err)
	}
	defer r.endTurn()
	return r.move(port, addr)
}

// move does it; the caller holds turns.
func (r *Resident) move(port *Port, addr netip.AddrPort) error {
	if !addr.Addr().IsValid() || addr.Addr().IsUnspecified() || addr.Port() == 0 {
		return fmt.Errorf("cannot move to %s: not an address that neighbours can reach", addr)
	}
	r.mu.Lock()
	old, oldRelay, newPort := r.tenure, r.relay, port != nil && port != r.port
	r.addr, r.tenure = addr, nil
	if newPort {
		r.port, r.relay = port, nil
	}
	r.mu.Unlock()

	var errs error
	if old != nil {
		errs = errors.Join(errs, old.end()) // the old address is gone: nobody would hear a goodbye
	}
	if newPort {
		if oldRelay != nil {
			errs = errors.Join(errs, oldRelay.Close())
		}
		errs = errors.Join(errs, r.openRelay(port))
	}
	if old != nil {
		m := old.membershipOf(r)
		r.want(&m)
		r.mu.Lock()
		r.formerly = old.pool.Name()
		r.mu.Unlock()
		errs = errors.Join(errs, r.exchange(nil, m))
	}
	r.nudge() // the loop tries again what failed
	if errs != nil {
		return fmt.Errorf("cannot move to %s: %w", addr, errs)
	}
	return nil
}

// followAddr asks for the own address and moves once a new one has settled.
func (r *Resident) followAddr(d addrDwell) addrDwell {
	seen, err := r.opts.CurrentAddr(r.Controllers())
	if err != nil {
		seen = netip.Addr{} // no route: keep what there is
	}
	d, changed := d.step(time.Now(), seen, addrDwelt)
	if !changed {
		return d
	}
	r.log.Info("own address changed", "addr", d.settled.String())
	r.followTo(d.settled)
	if r.opts.OnAddr != nil {
		r.opts.OnAddr(d.settled)
	}
	return d
}

// followTo moves to addr if the port listens there too.
func (r *Resident) followTo(addr netip.Addr) {
	if r.beginTurn(r.ctx) != nil {
		return
	}
	defer r.endTurn()
	port := r.currentPort()
	to := netip.AddrPortFrom(addr, port.Addr().Port())
	if r.ownAddr() == to || !port.Addr().Addr().IsUnspecified() {
		return
	}
	if err := r.move(nil, to); err != nil {
		r.log.Warn("move not complete", "error", err)
	}
}
