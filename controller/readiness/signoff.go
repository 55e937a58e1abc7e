package readiness

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"muster/inventory"
)

// Refusals of a sign-off that callers may tell apart.
var (
	ErrNotSigner = errors.New("not a signer")
	ErrMoved     = errors.New("readiness changed since")
)

// Signers are who may sign at a site: its business owner, and deputies who sign
// for the owner.
type Signers struct {
	Owner    string
	Deputies []string
}

// for whom by signs; empty: for itself.
func (s Signers) signs(by string) (owner string, err error) {
	switch {
	case by == "":
		return "", fmt.Errorf("cannot sign: %w: nobody is named", ErrNotSigner)
	case by == s.Owner:
		return "", nil
	case slices.Contains(s.Deputies, by):
		return s.Owner, nil
	case s.Owner == "":
		return "", fmt.Errorf("cannot sign as %s: %w: the site has no owner yet", by, ErrNotSigner)
	default:
		return "", fmt.Errorf("cannot sign as %s: %w: want %s", by, ErrNotSigner, strings.Join(append([]string{s.Owner}, s.Deputies...), " or "))
	}
}

// AskSignOff asks the site's owner to sign. The gate may be undecided: that asks
// a person. A blocked one may be asked for too, and is signed with conditions or
// declined.
func AskSignOff(s inventory.SignOff, e inventory.Evaluation, by string, now time.Time) (inventory.SignOff, []inventory.Event, error) {
	if s.State == inventory.SignOffRequested || s.Holds() {
		return s, nil, fmt.Errorf("cannot ask %s to sign %s: it is %s", e.Site, e.Gate, s.State)
	}
	next := inventory.SignOff{
		Site: e.Site, Gate: e.Gate, State: inventory.SignOffRequested, Evaluation: e.ID, AskedAt: now.UTC(), AskedBy: by, Version: s.Version + 1,
	}
	return next, signOffEvent(inventory.EventSignOffRequested, next, by, now), nil
}

// Signature is one person's word on what that person saw.
type Signature struct {
	By         string
	Seen       string // the id of the evaluation that was on the screen
	Reason     string
	Conditions []inventory.Condition
}

// Sign signs, with conditions where there are any. newest is how the gate stands
// now: a signature on what no longer is would be worth nothing. A ready gate needs
// no reason, an undecided one does, a blocked one is signed with conditions alone.
func Sign(s inventory.SignOff, newest inventory.Evaluation, who Signers, sig Signature, now time.Time) (inventory.SignOff, []inventory.Event, error) {
	owner, err := who.signs(sig.By)
	if err != nil {
		return s, nil, err
	}
	if err := mayJudge(s, newest, sig); err != nil {
		return s, nil, fmt.Errorf("cannot sign %s at %s: %w", newest.Gate, newest.Site, err)
	}
	if err := enough(newest, sig); err != nil {
		return s, nil, fmt.Errorf("cannot sign %s at %s: %w", newest.Gate, newest.Site, err)
	}
	next := s
	next.Site, next.Gate, next.Evaluation = newest.Site, newest.Gate, newest.ID
	next.State, next.By, next.For, next.At, next.Reason = inventory.SignOffSigned, sig.By, owner, now.UTC(), strings.TrimSpace(sig.Reason)
	next.Conditions, next.WeakenedAt, next.Changed = nil, time.Time{}, nil
	for _, c := range sig.Conditions {
		c.Text, c.MetAt, c.MetBy = strings.TrimSpace(c.Text), time.Time{}, ""
		next.Conditions = append(next.Conditions, c)
		next.State = inventory.SignOffConditions
	}
	next.Version++
	return next, signOffEvent(inventory.EventSignOffSigned, next, sig.By, now), nil
}

func mayJudge(s inventory.SignOff, newest inventory.Evaluation, sig Signature) error {
	switch {
	case s.Holds():
		return fmt.Errorf("it is signed already, by %s on %s", s.By, s.At.Format(time.DateOnly))
	case sig.Seen != newest.ID:
		return fmt.Errorf("%w you looked at it: look again", ErrMoved)
	default:
		return nil
	}
}

func enough(newest inventory.Evaluation, sig Signature) error {
	for i, c := range sig.Conditions {
		if strings.TrimSpace(c.Text) == "" || c.Owner == "" {
			return fmt.Errorf("condition %d needs a text and an owner", i+1)
		}
	}
	switch {
	case newest.Verdict == inventory.VerdictBlocked && len(sig.Conditions) == 0:
		return errors.New("it is blocked: sign with conditions, have the criteria waived, or decline")
	case newest.Verdict == inventory.VerdictUndecided && strings.TrimSpace(sig.Reason) == "" && len(sig.Conditions) == 0:
		return errors.New("it is undecided: say why you sign nevertheless")
	default:
		return nil
	}
}

// Decline refuses to sign, with a reason.
func Decline(s inventory.SignOff, newest inventory.Evaluation, who Signers, sig Signature, now time.Time) (inventory.SignOff, []inventory.Event, error) {
	owner, err := who.signs(sig.By)
	if err != nil {
		return s, nil, err
	}
	if s.Holds() {
		return s, nil, fmt.Errorf("cannot decline %s at %s: it is signed, withdraw it instead", s.Gate, s.Site)
	}
	if strings.TrimSpace(sig.Reason) == "" {
		return s, nil, fmt.Errorf("cannot decline %s at %s: a reason is needed", newest.Gate, newest.Site)
	}
	next := s
	next.Site, next.Gate, next.Evaluation, next.State = newest.Site, newest.Gate, newest.ID, inventory.SignOffDeclined
	next.By, next.For, next.At, next.Reason, next.Conditions = sig.By, owner, now.UTC(), strings.TrimSpace(sig.Reason), nil
	next.Version++
	return next, signOffEvent(inventory.EventSignOffDeclined, next, sig.By, now), nil
}

// Withdraw takes a signature, or the wish for one, back.
func Withdraw(s inventory.SignOff, by, reason string, now time.Time) (inventory.SignOff, []inventory.Event, error) {
	if !s.Holds() && s.State != inventory.SignOffRequested && s.State != inventory.SignOffWeakened {
		return s, nil, fmt.Errorf("cannot withdraw the sign-off of %s at %s: it is %s", s.Gate, s.Site, or(string(s.State), "not asked for"))
	}
	if s.State != inventory.SignOffRequested && strings.TrimSpace(reason) == "" {
		return s, nil, fmt.Errorf("cannot withdraw the sign-off of %s at %s: a reason is needed", s.Gate, s.Site)
	}
	next := s
	next.State, next.Reason = inventory.SignOffWithdrawn, strings.TrimSpace(reason)
	next.Version++
	return next, signOffEvent(inventory.EventSignOffWithdrawn, next, by, now), nil
}

// MeetCondition says that the nth condition, from 1, is met. With the last one the
// sign-off stands without conditions.
func MeetCondition(s inventory.SignOff, n int, by string, now time.Time) (inventory.SignOff, []inventory.Event, error) {
	if s.State != inventory.SignOffConditions {
		return s, nil, fmt.Errorf("cannot meet a condition of %s at %s: it is %s", s.Gate, s.Site, or(string(s.State), "not asked for"))
	}
	if n < 1 || n > len(s.Conditions) {
		return s, nil, fmt.Errorf("cannot meet condition %d of %s at %s: there are %d", n, s.Gate, s.Site, len(s.Conditions))
	}
	if !s.Conditions[n-1].MetAt.IsZero() {
		return s, nil, fmt.Errorf("cannot meet condition %d of %s at %s: %s did on %s", n, s.Gate, s.Site, s.Conditions[n-1].MetBy, s.Conditions[n-1].MetAt.Format(time.DateOnly))
	}
	next := s
	next.Conditions = slices.Clone(s.Conditions)
	next.Conditions[n-1].MetAt, next.Conditions[n-1].MetBy = now.UTC(), by
	if !slices.ContainsFunc(next.Conditions, func(c inventory.Condition) bool { return c.MetAt.IsZero() }) {
		next.State = inventory.SignOffSigned
	}
	next.Version++
	return next, signOffEvent(inventory.EventSignOffMet, next, by, now), nil
}

func signOffEvent(kind string, s inventory.SignOff, by string, now time.Time) []inventory.Event {
	return event(kind, inventory.NounSignOff, SignOffKey(s), by, s, now)
}

// SignOffKey is a sign-off's key: site/gate.
func SignOffKey(s inventory.SignOff) string { return s.Site + "/" + s.Gate }

// event is one event with the state that it led to as its body.
func event(kind string, noun inventory.Noun, key, by string, body any, now time.Time) []inventory.Event {
	b, err := json.Marshal(body)
	if err != nil { // the nouns are plain structs
		b = nil
	}
	return []inventory.Event{{
		Kind: kind, Subject: inventory.Subject{Noun: noun, Key: key}, OccurredAt: now.UTC(), RecordedAt: now.UTC(), Author: by, Body: b,
	}}
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
