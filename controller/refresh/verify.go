package refresh

import (
	"fmt"
	"slices"
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

// oldGone is what proves the half of the old machine, and since when.
func (v *verifier) oldGone() (OldGone, time.Time) {
	tag, m := v.s.Old, v.seen.Old
	switch {
	case tag == "":
		return OldGone{Grade: inventory.HalfDeclared, Reason: "nothing stood there before"}, v.s.DoneAt
	case v.s.InPlace:
		return v.reinstalled()
	case !m.Reported() && !v.s.HandedInAt.IsZero():
		return OldGone{Grade: inventory.HalfDeclared, Reason: "handed in by scan; no agent ever reported from it"}, v.s.HandedInAt
	case !m.Reported():
		v.lacks("no agent ever reported from the old machine %s: hand it in by scan", tag)
		return OldGone{}, time.Time{}
	}
	i, ok := speaking(m.Installs)
	if !ok {
		return v.mutedGone(m.Installs)
	}
	life := i.LifeAt(v.now)
	alive := i.Alive()
	switch {
	case alive && i.Site == v.s.Site:
		v.lacks("the old machine %s is still at work at %s", tag, i.Site)
	case alive && i.Site != "" && i.Site == m.Asset.Site && m.Asset.Position != v.s.Position:
		return OldGone{Grade: inventory.HalfObserved, Reason: fmt.Sprintf("%s reports from %s, its new site in the register", tag, i.Site)}, i.SiteSince
	case alive:
		v.lacks("the old machine %s still reports, from %s: hand it in, or register its new site", tag, elsewhere(i.Site))
	case i.Presence == inventory.PresenceUnknown:
		v.lacks("it is not known whether the old machine %s is silent: the controller cannot tell at the moment", tag)
	case i.Presence == inventory.Asleep && v.s.HandedInAt.After(life):
		return OldGone{Grade: inventory.HalfDeclared, Reason: fmt.Sprintf("handed in by scan, asleep since %s", clock(life))}, v.s.HandedInAt
	case i.Presence == inventory.Asleep:
		v.lacks("the old machine %s said that it sleeps: it is still in use", tag)
	default:
		return v.silent(i, life)
	}
	return OldGone{}, time.Time{}
}

// silent judges silence: only as long as the site was heard meanwhile.
func (v *verifier) silent(i Install, life time.Time) (OldGone, time.Time) {
	need, how := v.rules.SilentFor, "silent"
	if i.Presence == inventory.Off && i.Left == inventory.LeaveShutdown {
		need, how = v.rules.OffFor, "off"
	}
	heard := v.seen.SiteHeardAt
	if n, ok := v.seen.New.newest(); ok && n.Site == v.s.Site && n.LastReportAt.After(heard) {
		heard = n.LastReportAt
	}
	if heard.After(v.now) {
		heard = v.now
	}
	if quiet := heard.Sub(life); quiet < need {
		v.lacks("the old machine %s was last heard at %s: it must be %s for %s while %s is heard", v.s.Old, clock(life), how, need, v.s.Site)
		return OldGone{}, time.Time{}
	}
	// It may have been silent long before the swap, switched off in a cupboard;
	// that half is known from the moment at which the swap was done.
	at := life.Add(need)
	if at.Before(v.s.DoneAt) {
		at = v.s.DoneAt
	}
	return OldGone{Grade: inventory.HalfObserved, Reason: fmt.Sprintf("%s has been %s since %s while %s was heard", v.s.Old, how, clock(life), v.s.Site)}, at
}

// mutedGone judges a machine whose agents may no longer speak: their silence
// proves nothing, a scan does.
func (v *verifier) mutedGone(installs []Install) (OldGone, time.Time) {
	if !v.s.HandedInAt.IsZero() {
		return OldGone{Grade: inventory.HalfDeclared, Reason: "handed in by scan; " + muted(installs)}, v.s.HandedInAt
	}
	v.lacks("the silence of the old machine %s proves nothing, %s: hand it in by scan", v.s.Old, muted(installs))
	return OldGone{}, time.Time{}
}

// reinstalled proves that the machine in place runs another install.
func (v *verifier) reinstalled() (OldGone, time.Time) {
	i, ok := v.seen.Old.newest()
	if !ok || i.EnrolledAt.Before(v.begun()) {
		v.lacks("no new install of %s has enrolled", v.s.Old)
		return OldGone{}, time.Time{}
	}
	return OldGone{Grade: inventory.HalfObserved, Reason: fmt.Sprintf("install %s enrolled at %s", i.ID, clock(i.EnrolledAt))}, i.EnrolledAt
}

// oldBack says why the half of the old machine no longer holds: it is heard at
// the site after that.
func (v *verifier) oldBack() (string, time.Time) {
	closed := v.s.OldHalf.At
	for _, i := range v.seen.Old.Installs {
		if !i.Active() || i.Site != v.s.Site {
			continue
		}
		since := i.LastReportAt
		if i.HeardAt.After(since) {
			since = i.HeardAt
		}
		if !since.After(closed) {
			continue
		}
		return fmt.Sprintf("the old machine %s is back at %s: %s was heard at %s", v.s.Old, i.Site, i.ID, clock(since)), since
	}
	return "", time.Time{}
}

// speaking is the install that was heard last of those that may speak.
func speaking(installs []Install) (Install, bool) {
	return Machine{Installs: slices.DeleteFunc(slices.Clone(installs), func(i Install) bool { return !i.Active() })}.newest()
}

func elsewhere(site string) string {
	if site == "" {
		return "outside the sites"
	}
	return site
}
