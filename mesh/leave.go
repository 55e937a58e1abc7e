package mesh

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"muster/inventory"
)

// A leave notice is sent leaveCopies times, leaveEvery apart: a suspending laptop
// has some tenths of a second, and one packet in a hundred is lost.
const (
	leaveCopies     = 3
	leaveEvery      = 100 * time.Millisecond
	leaveRecipients = 4 // controllers that are told
)

// SayLeave tells the controllers straight away why this machine goes, then leaves
// the pool for all reasons but sleep: a sleeping machine comes back under the same
// name, and has no two seconds for a goodbye. It takes 0.2 s for sleep, about two
// seconds more otherwise, and ends early with ctx; the rest of the goodbye then
// goes on beside, and Use, Move and Close wait for it. ErrNoPool is returned
// outside a pool.
func (r *Resident) SayLeave(ctx context.Context, reason inventory.LeaveReason) error {
	if err := r.beginTurn(ctx); err != nil {
		return fmt.Errorf("cannot say goodbye: %w", err)
	}
	t := r.current()
	if t == nil {
		r.endTurn()
		return fmt.Errorf("cannot say goodbye: %w", ErrNoPool)
	}
	errs := r.sendLeave(ctx, t, reason)
	if reason == inventory.LeaveSleep {
		r.endTurn()
		return errs
	}
	r.save(t)
	r.mu.Lock()
	r.tenure, r.wanted = nil, nil
	r.mu.Unlock()
	t.cancel()
	left := make(chan error, 1)
	r.background.Go(func() {
		defer r.endTurn()
		left <- errors.Join(t.pool.Leave(ctx), t.pool.Close())
	})
	select {
	case err := <-left:
		return errors.Join(errs, err)
	case <-ctx.Done():
		// Serf cannot be stopped in the middle of a goodbye.
		return errors.Join(errs, fmt.Errorf("cannot finish the goodbye: %w", ctx.Err()))
	}
}

// Announce tells the controllers that this machine is about to go, and stays in
// the pool: what comes of it is not known yet, or comes back under the same name.
// It takes 0.2 s. ErrNoPool is returned outside a pool.
func (r *Resident) Announce(ctx context.Context, reason inventory.LeaveReason) error {
	if err := r.beginTurn(ctx); err != nil {
		return fmt.Errorf("cannot say goodbye: %w", err)
	}
	defer r.endTurn()
	t := r.current()
	if t == nil {
		return fmt.Errorf("cannot say goodbye: %w", ErrNoPool)
	}
	return r.sendLeave(ctx, t, reason)
}

// sendLeave sends every copy to every controller. It fails only if a controller
// got none of them, as far as can be told here.
func (r *Resident) sendLeave(ctx context.Context, t *tenure, reason inventory.LeaveReason) error {
	var number [8]byte
	_, _ = rand.Read(number[:]) // never fails (crypto/rand)
	body, err := LeaveNotice{Member: t.pool.Name(), Reason: reason, Number: binary.BigEndian.Uint64(number[:])}.Encode()
	if err != nil {
		return err
	}
	to := leaveTo(t.pool.Members(), r.Controllers())
	if len(to) == 0 {
		return errors.New("cannot say goodbye: no controller is known")
	}
	errs := make([]error, len(to))
	for copied := range leaveCopies {
		if copied > 0 && pause(ctx, leaveEvery) != nil {
			break
		}
		for i, addr := range to {
			if err := t.pool.SendDirect(addr, DirectLeave, body); copied == 0 || err == nil {
				errs[i] = err
			}
		}
	}
	return errors.Join(errs...)
}

// leaveTo lists whom to tell: the controllers alive in the pool, then those
// known otherwise.
func leaveTo(members []Member, controllers []netip.AddrPort) []netip.AddrPort {
	var to []netip.AddrPort
	for _, m := range members {
		if m.Controller && m.State == StateAlive {
			to = append(to, m.Addr)
		}
	}
	for _, addr := range controllers {
		if !slices.Contains(to, addr) {
			to = append(to, addr)
		}
	}
	return to[:min(len(to), leaveRecipients)]
}
