package refresh

import (
	"fmt"
	"time"

	"muster/inventory"
)

// Verify holds a swap against what is seen at now. It closes the halves that
// evidence proves, opens again those whose evidence was wrong, and says in
// swap'.Missing what is not there yet. Without events nothing changed that is
// kept. Only what a person said to be done is verified.
func (r Rules) Verify(s inventory.Swap, seen Seen, now time.Time) (inventory.Swap, []inventory.Event) {
	s.Missing = nil
	if !done(s.State) {
		return s, nil
	}
	v := verifier{rules: r, s: s, seen: seen, now: now, step: Body{Version: s.Version + 1}}
	v.contradict()
	v.prove()
	v.s.Missing = v.missing
	return v.s, v.events
}

// verifier is one look at one swap.
type verifier struct {
	rules   Rules
	s       inventory.Swap
	seen    Seen
	now     time.Time
	step    Body
	events  []inventory.Event
	missing []string
}

// tell records what evidence shows. A body of ours always applies.
func (v *verifier) tell(say body, at time.Time) {
	if at.IsZero() || at.After(v.now) {
		at = v.now
	}
	e := write(v.s.ID, say, v.step, Evidence, at, v.now)
	if after, err := Apply(v.s, e); err == nil {
		v.s, v.events = after, append(v.events, e)
	}
}

// contradict opens the halves again whose evidence was wrong.
func (v *verifier) contradict() {
	u := Unverified{}
	var at time.Time
	if v.s.NewHalf.Done() {
		if why, since := v.newWrong(); why != "" {
			u.New, u.Reason, at = true, why, since
		}
	}
	if v.s.OldHalf.Done() && v.s.Old != "" && !v.s.InPlace {
		if why, since := v.oldBack(); why != "" {
			u.Old = true
			if u.Reason != "" {
				u.Reason += "; "
			}
			u.Reason, at = u.Reason+why, since
		}
	}
	if u.New || u.Old {
		if at.Before(v.s.VerifiedAt) { // it cannot have been wrong before it was said
			at = v.s.VerifiedAt
		}
		v.tell(u, at)
	}
}

// prove closes the halves that evidence proves, and the swap with them.
func (v *verifier) prove() {
	if !v.s.NewHalf.Done() {
		if why, at := v.newWorks(); why != "" {
			v.tell(NewSeen{Reason: why}, at)
		}
	}
	if !v.s.OldHalf.Done() {
		if gone, at := v.oldGone(); gone.Reason != "" {
			v.tell(gone, at)
		}
	}
	if v.s.State == inventory.SwapSwapped && v.s.NewHalf.Done() && v.s.OldHalf.Done() {
		declared := v.s.OldHalf.Grade == inventory.HalfDeclared || v.s.NewHalf.Grade == inventory.HalfDeclared
		at := v.s.NewHalf.At // proven once both halves were
		for _, also := range []time.Time{v.s.OldHalf.At, v.s.DoneAt} {
			if also.After(at) {
				at = also
			}
		}
		v.tell(Verified{Declared: declared}, at)
	}
}

func (v *verifier) lacks(format string, args ...any) {
	v.missing = append(v.missing, fmt.Sprintf(format, args...))
}

func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// newWorks is what proves the half of the new machine, and since when.
func (v *verifier) newWorks() (string, time.Time) {
	m, tag := v.seen.New, v.s.New
	from := v.s.DoneAt.Add(-v.rules.EarlyFor)
	i, ok := m.newest()
	switch {
	case !ok && len(m.Installs) == 0:
		v.lacks("the new machine %s has no agent yet", tag)
		return "", time.Time{}
	case !ok:
		v.lacks("no agent may speak for the new machine %s: %s", tag, muted(m.Installs))
		return "", time.Time{}
	case i.LastReportAt.IsZero() || i.LastReportAt.Before(from):
		v.lacks("the new machine %s has not reported since it was put there", tag)
		return "", time.Time{}
	case i.Site == "":
		v.lacks("the new machine %s reports from none of the sites' subnets", tag)
		return "", time.Time{}
	case i.Site != v.s.Site:
		v.lacks("the new machine %s reports from %s, not from %s", tag, i.Site, v.s.Site)
		return "", time.Time{}
	case v.s.InPlace && i.EnrolledAt.Before(v.begun()):
		v.lacks("%s has not enrolled anew since it was installed", tag)
		return "", time.Time{}
	}
	if !v.checksPass(i, from) {
		return "", time.Time{}
	}
	return fmt.Sprintf("%s reports from the subnet of %s, %d checks pass", i.ID, i.Site, len(i.Checks)), i.LastReportAt
}

// begun is when work on the swap can have begun.
func (v *verifier) begun() time.Time {
	if v.s.DoneAt.Before(v.s.PlannedAt) {
		return v.s.DoneAt.Add(-24 * time.Hour) // an installation takes hours, not days
	}
	return v.s.PlannedAt
}

func (v *verifier) checksPass(i Install, from time.Time) bool {
	if len(i.Checks) == 0 {
		v.lacks("nothing has been measured yet at the new machine %s", v.s.New)
		return false
	}
	pass := true
	for _, c := range i.Checks {
		passed, known := c.Passed.Get()
		switch {
		case !known:
			v.lacks("check %s of %s is not known: %s", c.Name, v.s.New, c.Passed.Reason())
		case !passed:
			v.lacks("check %s of %s fails: %s", c.Name, v.s.New, c.Why)
		case c.At.Before(from):
			v.lacks("check %s of %s was last made at %s, before the swap", c.Name, v.s.New, clock(c.At))
		default:
			continue
		}
		pass = false
	}
	return pass
}

// muted says why no install of a machine counts.
func muted(installs []Install) string {
	i := installs[len(installs)-1]
	switch {
	case i.Review != "":
		return "its identity is in doubt: " + i.Review
	case !i.RevokedAt.IsZero():
		return "its certificate was revoked at " + clock(i.RevokedAt)
	default:
		return "it was replaced by another install"
	}
}

// newWrong says why the half of the new machine no longer holds. Silence is no
// reason: a machine may be off.
func (v *verifier) newWrong() (string, time.Time) {
	for _, i := range v.seen.New.Installs {
		if i.Review != "" && i.RevokedAt.IsZero() && i.ReplacedBy == "" {
			return fmt.Sprintf("the identity of %s is in doubt: %s", v.s.New, i.Review), v.now
		}
	}
	i, ok := v.seen.New.newest()
	if !ok || i.Site == "" || i.Site == v.s.Site || !i.LifeAt(v.now).After(v.s.NewHalf.At) {
		return "", time.Time{}
	}
	dwell := v.rules.ElsewhereFor
	if v.seen.New.Asset.Kind == inventory.AssetLaptop {
		dwell = v.rules.LaptopElsewhereFor
	}
	since := i.SiteSince
	if since.IsZero() || v.now.Sub(since) < dwell {
		return "", time.Time{}
	}
	return fmt.Sprintf("the new machine %s has reported from %s since %s", v.s.New, i.Site, clock(since)), since
}
