package programme

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"muster/controller/readiness"
	"muster/inventory"
)

// gateAt is a gate and how it stands at a key, appended first, so that what a
// person sees and signs has an id. work is held.
func (d *Desk) gateAt(ctx context.Context, site, gate string) (*readiness.Gate, inventory.Evaluation, error) {
	g := d.named[gate]
	if g == nil {
		return nil, inventory.Evaluation{}, d.noGate(gate)
	}
	key := gateKey(site, gate)
	e, judged := d.now[key]
	if !judged {
		return nil, e, fmt.Errorf("gate %s was not judged at %q: %w", gate, site, inventory.ErrNotFound)
	}
	if last, was := d.kept[key]; was && sameButAges(last, e) {
		return g, last, nil
	}
	if !d.append(ctx, []inventory.Evaluation{e}, d.o.Now().UTC()) {
		return nil, e, fmt.Errorf("cannot keep how %s stands at %s: see the log", gate, site)
	}
	return g, d.kept[key], nil
}

func (d *Desk) noGate(gate string) error {
	return fmt.Errorf("there is no gate %q; there are %s: %w", gate, strings.Join(sortedKeys(d.named), ", "), inventory.ErrNotFound)
}

func (d *Desk) keepSignOff(ctx context.Context, s inventory.SignOff, events []inventory.Event) error {
	key := readiness.SignOffKey(s)
	state, err := stateOf(inventory.NounSignOff, key, s.Site, s.Version, "", d.o.Now(), s)
	if err != nil {
		return err
	}
	if err := d.o.Store.Record(ctx, events, []inventory.State{state}); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.signoffs[key] = s
	if s.Holds() {
		d.failing[key] = readiness.FailingSince(nil, d.now[key])
	}
	return nil
}

// signing is one action on a sign-off.
func (d *Desk) signing(ctx context.Context, site, gate string, act func(s inventory.SignOff, g *readiness.Gate, e inventory.Evaluation, now time.Time) (inventory.SignOff, []inventory.Event, error)) (inventory.SignOff, error) {
	if err := d.begin(); err != nil {
		return inventory.SignOff{}, err
	}
	defer d.work.Unlock()
	g, e, err := d.gateAt(ctx, site, gate)
	if err != nil {
		return inventory.SignOff{}, err
	}
	if g.SignOff == nil {
		return inventory.SignOff{}, refused("nobody signs gate %s: it has no sign-off", gate)
	}
	next, events, err := act(d.signoffs[gateKey(site, gate)], g, e, d.o.Now().UTC())
	if err != nil {
		return inventory.SignOff{}, decided(err)
	}
	if err := d.keepSignOff(ctx, next, events); err != nil {
		return inventory.SignOff{}, err
	}
	d.judgeAgain(ctx, []string{site})
	return next, nil
}

// RequestSignOff asks the site's owner to sign a gate as it stands now.
func (d *Desk) RequestSignOff(ctx context.Context, site, gate, by string) (inventory.SignOff, error) {
	s, err := d.signing(ctx, site, gate, func(s inventory.SignOff, _ *readiness.Gate, e inventory.Evaluation, now time.Time) (inventory.SignOff, []inventory.Event, error) {
		return readiness.AskSignOff(s, e, by, now)
	})
	if err == nil {
		d.tellRequest(s)
	}
	return s, err
}

func (d *Desk) tellRequest(s inventory.SignOff) {
	d.mu.RLock()
	e, name := d.now[gateKey(s.Site, s.Gate)], d.siteName(s.Site)
	d.mu.RUnlock()
	lines := []string{fmt.Sprintf("%s asks for your sign-off of %s. It is %s.", s.AskedBy, s.Gate, e.Verdict)}
	for _, c := range e.Criteria {
		lines = append(lines, fmt.Sprintf("%s: %d of %d pass, %d fail, %d unknown, %d stale, %d waived", c.ID, c.Pass, c.InScope, c.Fail, c.Unknown, c.Stale, c.Waived))
	}
	d.o.Tell(Message{
		ID: fmt.Sprintf("sign-%s-%s-%d", s.Site, s.Gate, s.Version), Kind: MessageSign, Site: s.Site, To: "site-owner",
		Title: name + ": ready for your sign-off of " + s.Gate, Lines: lines,
	})
}

// Sign signs a gate at a site, with conditions where there are any. Seen is the id
// of the evaluation that the signer looked at; empty is the one that was asked for.
func (d *Desk) Sign(ctx context.Context, site, gate string, who readiness.Signers, sig readiness.Signature) (inventory.SignOff, error) {
	return d.signing(ctx, site, gate, func(s inventory.SignOff, _ *readiness.Gate, e inventory.Evaluation, now time.Time) (inventory.SignOff, []inventory.Event, error) {
		sig.Seen = cmp.Or(sig.Seen, s.Evaluation) // who names none answers what was asked
		return readiness.Sign(s, e, who, d.seenBy(ctx, sig, e), now)
	})
}

// seenBy lets a signature stand on an evaluation that says the same as the newest.
func (d *Desk) seenBy(ctx context.Context, sig readiness.Signature, newest inventory.Evaluation) readiness.Signature {
	if sig.Seen == "" || sig.Seen == newest.ID {
		return sig
	}
	looked, err := d.o.Store.Evaluation(ctx, sig.Seen)
	if err == nil && looked.Site == newest.Site && looked.Gate == newest.Gate && sameButAges(looked, newest) {
		sig.Seen = newest.ID
	}
	return sig
}

// Decline refuses to sign, with a reason.
func (d *Desk) Decline(ctx context.Context, site, gate string, who readiness.Signers, sig readiness.Signature) (inventory.SignOff, error) {
	return d.signing(ctx, site, gate, func(s inventory.SignOff, _ *readiness.Gate, e inventory.Evaluation, now time.Time) (inventory.SignOff, []inventory.Event, error) {
		return readiness.Decline(s, e, who, sig, now)
	})
}

// Withdraw takes a signature, or the wish for one, back.
func (d *Desk) Withdraw(ctx context.Context, site, gate, by, reason string) (inventory.SignOff, error) {
	return d.signing(ctx, site, gate, func(s inventory.SignOff, _ *readiness.Gate, _ inventory.Evaluation, now time.Time) (inventory.SignOff, []inventory.Event, error) {
		return readiness.Withdraw(s, by, reason, now)
	})
}

// MeetCondition says that the nth condition, from 1, is met.
func (d *Desk) MeetCondition(ctx context.Context, site, gate string, n int, by string) (inventory.SignOff, error) {
	return d.signing(ctx, site, gate, func(s inventory.SignOff, _ *readiness.Gate, _ inventory.Evaluation, now time.Time) (inventory.SignOff, []inventory.Event, error) {
		return readiness.MeetCondition(s, n, by, now)
	})
}

// SignOffs lists the sign-offs of a site, or all, by site and gate.
func (d *Desk) SignOffs(site string) []inventory.SignOff {
	d.mu.RLock()
	defer d.mu.RUnlock()
	var found []inventory.SignOff
	for _, key := range sortedKeys(d.signoffs) {
		if s := d.signoffs[key]; site == "" || s.Site == site {
			found = append(found, s)
		}
	}
	return found
}

// SignOff is one sign-off; it wraps inventory.ErrNotFound.
func (d *Desk) SignOff(site, gate string) (inventory.SignOff, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	s, ok := d.signoffs[gateKey(site, gate)]
	if !ok {
		return s, fmt.Errorf("no sign-off of %s was asked for at %s: %w", gate, site, inventory.ErrNotFound)
	}
	return s, nil
}

// Waive gives a waiver; it carries all but its id and its times.
func (d *Desk) Waive(ctx context.Context, w inventory.Waiver) (inventory.Waiver, error) {
	if err := d.begin(); err != nil {
		return w, err
	}
	defer d.work.Unlock()
	g := d.named[w.Gate]
	if g == nil {
		return w, d.noGate(w.Gate)
	}
	if _, judged := d.now[gateKey(w.Site, w.Gate)]; !judged {
		return w, fmt.Errorf("gate %s was not judged at %q: %w", w.Gate, w.Site, inventory.ErrNotFound)
	}
	now := d.o.Now().UTC()
	w.ID = newID("v")
	next, events, err := readiness.GiveWaiver(g, w, d.today(d.estate.zone(w.Site), now), now)
	if err != nil {
		return w, decided(err)
	}
	return next, d.keepWaiver(ctx, next, events)
}

// EndWaiver ends a waiver before its time.
func (d *Desk) EndWaiver(ctx context.Context, id, by string) (inventory.Waiver, error) {
	if err := d.begin(); err != nil {
		return inventory.Waiver{}, err
	}
	defer d.work.Unlock()
	w, ok := d.waivers[id]
	if !ok {
		return w, fmt.Errorf("there is no waiver %q: %w", id, inventory.ErrNotFound)
	}
	next, events, err := readiness.EndWaiver(w, by, d.o.Now().UTC())
	if err != nil {
		return w, decided(err)
	}
	return next, d.keepWaiver(ctx, next, events)
}

func (d *Desk) keepWaiver(ctx context.Context, w inventory.Waiver, events []inventory.Event) error {
	state, err := stateOf(inventory.NounWaiver, w.ID, w.Site, w.Version, "", d.o.Now(), w)
	if err != nil {
		return err
	}
	if err := d.o.Store.Record(ctx, events, []inventory.State{state}); err != nil {
		return err
	}
	d.mu.Lock()
	d.waivers[w.ID] = w
	d.mu.Unlock()
	d.judgeAgain(ctx, []string{w.Site})
	return nil
}

// Waivers lists waivers of a site, or all, the newest first; ended ones where all
// is set.
func (d *Desk) Waivers(site string, all bool) []inventory.Waiver {
	d.mu.RLock()
	defer d.mu.RUnlock()
	var found []inventory.Waiver
	for _, w := range d.waivers {
		if (site == "" || w.Site == site) && (all || w.EndedAt.IsZero()) {
			found = append(found, w)
		}
	}
	slices.SortFunc(found, func(a, b inventory.Waiver) int {
		if c := b.At.Compare(a.At); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return found
}
