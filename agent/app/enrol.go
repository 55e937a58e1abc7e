package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"muster/agent/report"
	"muster/agent/seal"
	"muster/inventory"
	"muster/inventory/wire"
)

// ErrNoToken is returned where a join token is needed and there is none.
var ErrNoToken = errors.New("not enrolled, and there is no join token")

// Waits between attempts to enrol.
const (
	enrolSoonest = 2 * time.Second
	enrolLatest  = time.Minute
	enrolRefused = 10 * time.Minute // a token may be given more uses
)

// token is the join token given now, or the one kept from before.
func (a *App) token() (wire.JoinToken, error) {
	text := a.opts.Token
	if text == "" {
		kept, err := a.vault.Token()
		if err != nil {
			return wire.JoinToken{}, err
		}
		text = kept
	}
	if text == "" {
		return wire.JoinToken{}, ErrNoToken
	}
	return wire.ParseJoinToken(text)
}

// Enrol enrols now, if need be, and returns the workstation id and why a person
// must look at it first, if so. The App must not be started; it is used up.
func (a *App) Enrol(ctx context.Context) (workstation, review string, err error) {
	a.life.Lock()
	defer a.life.Unlock()
	if a.started || a.stopped {
		return "", "", ErrStarted
	}
	a.started, a.stopped = true, true
	defer func() { err = errors.Join(err, a.stack.unwind(context.WithoutCancel(ctx))) }()
	if err := a.open(ctx); err != nil {
		return "", "", fmt.Errorf("cannot enrol: %w", err)
	}
	if a.client, err = report.NewClient(report.ClientOptions{
		Dial: a.dial, Verify: a.verify, ServerName: seal.ServerName, Certificate: a.certificate,
	}); err != nil {
		return "", "", fmt.Errorf("cannot enrol: %w", err)
	}
	a.stack.push(func(context.Context) error { a.client.Close(); return nil })
	if !a.seal.Enrolled() {
		if err := a.enrol(ctx); err != nil {
			return "", "", fmt.Errorf("cannot enrol: %w", err)
		}
	}
	return a.seal.Workstation, a.seal.Review, nil
}

// enrol asks for a certificate once.
func (a *App) enrol(ctx context.Context) error {
	token, err := a.token()
	if err != nil {
		return err
	}
	hardware := a.opts.Machine.Hardware(ctx)
	identity := a.opts.Machine.Identity(ctx)
	s, err := a.freshSeal(token.CA, identity)
	if err != nil {
		return err
	}
	csr, err := s.CSR()
	if err != nil {
		return err
	}
	ask, err := json.Marshal(wire.Enrolment{
		Wire: wire.Spoken(), TokenID: token.ID, TokenSecret: token.Secret, CSR: csr,
		Name: a.opts.Machine.Name(), Kind: kindOf(a.opts.Kind, hardware), Identity: identity,
		AgentVersion: a.opts.Version, Simulated: a.opts.Simulated,
	})
	if err != nil {
		return err
	}
	answer, err := a.client.Post(ctx, wire.EnrolPath, report.Body{Bytes: ask}, nil)
	if err != nil {
		return err
	}
	var enrolled wire.Enrolled
	if err := json.Unmarshal(answer.Body, &enrolled); err != nil {
		return fmt.Errorf("cannot read the controller's answer: %w", err)
	}
	if !inventory.ValidWorkstationID(enrolled.Workstation) {
		return fmt.Errorf("the controller's answer names no workstation: %.40q", enrolled.Workstation)
	}
	if s, err = s.WithCertificates(enrolled.Certificates); err != nil {
		return err
	}
	s.Workstation, s.Review = enrolled.Workstation, enrolled.Review
	return a.takeIdentity(s, enrolled.Settings)
}

// freshSeal is the key of an attempt whose answer got lost, or a new one.
func (a *App) freshSeal(ca string, identity inventory.Identity) (seal.Seal, error) {
	a.mu.Lock()
	before := a.seal
	a.mu.Unlock()
	if before != nil && !before.Enrolled() && before.CA == ca {
		return *before, nil
	}
	s, err := seal.New(ca, identity)
	if err != nil {
		return s, err
	}
	if err := a.vault.PutSeal(s); err != nil {
		return s, err
	}
	a.mu.Lock()
	a.seal = &s
	a.mu.Unlock()
	return s, nil
}

// takeIdentity keeps what enrolment brought. The token is kept for a machine
// that is imaged later, settings for a start without a controller.
func (a *App) takeIdentity(s seal.Seal, settings wire.Settings) error {
	if err := a.vault.PutSettings(settings); err != nil {
		return err
	}
	if a.opts.Token != "" {
		if err := a.vault.PutToken(strings.TrimSpace(a.opts.Token)); err != nil {
			return err
		}
	}
	if err := a.vault.PutSeal(s); err != nil {
		return err
	}
	a.mu.Lock()
	a.seal, a.settings, a.placement = &s, settings, placement{fresh: true}
	a.mu.Unlock()
	a.client.Forget() // it has shown no certificate
	return nil
}

// enrolUntil tries until there is a certificate; false means ctx ended first.
func (a *App) enrolUntil(ctx context.Context) bool {
	if !pause(ctx, share(a.opts.JoinSpread)) {
		return false
	}
	for failures := 1; ; failures++ {
		err := a.enrol(ctx)
		if err == nil {
			a.setProblem("")
			a.log.InfoContext(ctx, "enrolled", "workstation", a.Status().Workstation)
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		if text := trouble(err); a.setProblem(text) {
			a.log.WarnContext(ctx, "not enrolled yet", "error", err)
		}
		if !pause(ctx, enrolWait(err, failures, rand.Float64())) {
			return false
		}
	}
}

// enrolWait doubles to a minute; a refusal is asked about more seldom.
func enrolWait(err error, failures int, jitter float64) time.Duration {
	wait := enrolLatest
	if failures < 6 {
		wait = min(enrolSoonest<<(failures-1), enrolLatest)
	}
	var problem *wire.Problem
	var later *report.RetryLater
	switch {
	case errors.As(err, &later):
		wait = max(wait, later.After)
	case errors.As(err, &problem) && problem.Status < 500, errors.Is(err, ErrNoToken), errors.Is(err, wire.ErrToken):
		wait = enrolRefused
	}
	return wait/2 + time.Duration(jitter*float64(wait/2))
}

// kindOf judges a machine by its chassis where nobody said what it is.
func kindOf(said inventory.AssetKind, h inventory.Hardware) inventory.AssetKind {
	if said != "" {
		return said
	}
	chassis := strings.ToLower(h.Chassis.Or(""))
	for _, portable := range []string{"laptop", "notebook", "portable", "convertible", "tablet", "detachable", "handheld"} {
		if strings.Contains(chassis, portable) {
			return inventory.AssetLaptop
		}
	}
	if battery, ok := h.Battery.Get(); ok && battery.Present && chassis == "" {
		return inventory.AssetLaptop
	}
	return inventory.AssetDesktop
}

// share is a random part of d.
func share(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return rand.N(d)
}

// pause waits and reports false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
