package app

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"muster/agent/report"
	"muster/inventory/wire"
)

// renewAgain is the least time between two renewals that a refusal asked for.
const renewAgain = 5 * time.Minute

// renewalDue reports whether two thirds of the certificate's life are over, by
// the controller's clock: this machine's may be years off.
func (a *App) renewalDue() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	due := a.seal.RenewAt()
	return !due.IsZero() && !a.opts.Now().Add(a.standing.controllerNow).Before(due)
}

// tryRenew renews, and lets reports go on if that was what held them up.
func (a *App) tryRenew(ctx context.Context) {
	if err := a.renew(ctx); err != nil {
		if ctx.Err() == nil {
			a.log.WarnContext(ctx, "certificate not renewed", "error", err)
			a.setProblem(trouble(err))
		}
		return
	}
	a.log.InfoContext(ctx, "certificate renewed")
	if _, reporter := a.parts(); reporter != nil {
		reporter.Resume()
	}
}

// renew asks for a new certificate with the same key. The controller takes an
// expired one for this, and for nothing else.
func (a *App) renew(ctx context.Context) error {
	a.mu.Lock()
	s := *a.seal
	a.mu.Unlock()
	csr, err := s.CSR()
	if err != nil {
		return err
	}
	ask, err := json.Marshal(wire.Renewal{CSR: csr})
	if err != nil {
		return fmt.Errorf("cannot renew: %w", err)
	}
	answer, err := a.client.Post(ctx, wire.RenewPath, report.Body{Bytes: ask}, nil)
	if err != nil {
		return err
	}
	var renewed wire.Renewed
	if err := json.Unmarshal(answer.Body, &renewed); err != nil {
		return fmt.Errorf("cannot read the controller's answer: %w", err)
	}
	next, err := s.WithCertificates(renewed.Certificates)
	if err != nil {
		return err
	}
	if err := a.vault.PutSeal(next); err != nil {
		return err
	}
	a.mu.Lock()
	a.seal = &next
	a.mu.Unlock()
	a.client.Forget() // connection and session stand for the old one
	return nil
}
