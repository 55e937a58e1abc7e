package refresh

import (
	"fmt"
	"slices"
	"time"

	"muster/inventory"
)

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
