package refresh

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"muster/inventory"
)

func (a Do) refuse(s inventory.Swap, o Order, _ time.Time) *Refusal {
	d := a.filled(s, o)
	switch {
	case d.New == "":
		return &Refusal{Why: "nobody knows which machine stands there now", Help: "scan the new machine's serial or tag"}
	case d.Old == "" && !d.NoOld:
		return &Refusal{Why: "nobody knows which machine stood there", Help: "scan the old machine, or say that nothing stood there"}
	case d.NoOld && a.Old != "":
		return &Refusal{Why: fmt.Sprintf("an old machine, %s, is named and said not to be there", a.Old)}
	case d.New == d.Old && !d.InPlace:
		return &Refusal{Why: d.New + " is both the old and the new machine", Help: "say that it was installed anew in place, or scan the other one"}
	case d.InPlace && d.New != d.Old:
		return &Refusal{Why: fmt.Sprintf("in place is one machine, not %s and %s", d.Old, d.New)}
	}
	if r := fit(d.New, o.Assets); r != nil {
		return r
	}
	if _, known := o.Assets[d.Old]; d.Old != "" && !known {
		return &Refusal{Why: fmt.Sprintf("the old machine %.64q is not in the register", d.Old), Help: "import it, scan another number of it, or say that nothing stood there"}
	}
	for _, other := range o.Others {
		if other.ID == s.ID || !done(other.State) {
			continue
		}
		switch {
		case other.New == d.New:
			return &Refusal{
				Why:  fmt.Sprintf("%s is the new machine at %s: swap %s is %s", d.New, other.Position, other.ID, other.State),
				Help: "undo that swap if it was a mistake, or roll it back if the machine was moved from there",
			}
		case d.Old != "" && other.Old == d.Old && !other.InPlace:
			return &Refusal{
				Why:  fmt.Sprintf("%s was already taken away from %s by swap %s", d.Old, other.Position, other.ID),
				Help: "scan what stood here, or say that nothing did",
			}
		case other.Position == s.Position && other.DoneAt.After(s.PlannedAt):
			return &Refusal{
				Why:  fmt.Sprintf("position %s was swapped already: %s is %s", s.Position, other.ID, other.State),
				Help: "cancel this swap, or undo that one",
			}
		}
	}
	return checks(d.Checks, false)
}

// fit reports whether a machine can be the new one at a desk.
func fit(tag string, assets map[string]inventory.Asset) *Refusal {
	a, known := assets[tag]
	if !known {
		return &Refusal{Why: fmt.Sprintf("%.64q is not in the register", tag), Help: "import it, or scan another number of it"}
	}
	switch a.State {
	case inventory.AssetRetired, inventory.AssetWiped, inventory.AssetDisposed, inventory.AssetDead, inventory.AssetLost, inventory.AssetReturned:
		return &Refusal{Why: fmt.Sprintf("%s is %s in the register", tag, a.State), Help: "scan the machine that stands there, or correct the register"}
	default:
		return nil
	}
}

// filled is what was done, with what was planned where nothing else was said.
func (a Do) filled(s inventory.Swap, o Order) Do {
	switch {
	case a.InPlace && a.New == "" && a.Old == "":
		a.Old = s.PlannedOld
		a.New = a.Old
	case a.InPlace && a.New == "":
		a.New = a.Old
	case a.InPlace && a.Old == "":
		a.Old = a.New
	default:
		if a.New == "" {
			a.New = s.PlannedNew
		}
		if a.Old == "" && !a.NoOld {
			a.Old = s.PlannedOld
		}
	}
	if a.Crew == "" {
		a.Crew = s.Crew
	}
	if a.Crew == "" && o.Visit != nil {
		a.Crew = o.Visit.Crew
	}
	return a
}

func (a Do) settle(s inventory.Swap, o Order) Action { return a.filled(s, o) }

func (a Undo) refuse(inventory.Swap, Order, time.Time) *Refusal { return reason(a.Reason) }

func (a Undo) settle(inventory.Swap, Order) Action { return a }

func (a RollBack) refuse(s inventory.Swap, o Order, at time.Time) *Refusal {
	if old, ok := o.Assets[s.Old]; ok && !s.InPlace {
		switch old.State {
		case inventory.AssetWiped, inventory.AssetDisposed, inventory.AssetLost, inventory.AssetReturned:
			return &Refusal{
				Why:  fmt.Sprintf("the old machine %s is %s: it cannot stand there again", s.Old, old.State),
				Help: "undo the swap and record what stands there now",
			}
		default:
		}
	}
	if at.Before(s.DoneAt) {
		return &Refusal{Why: fmt.Sprintf("it was swapped only at %s", s.DoneAt.UTC().Format(time.RFC3339)), Help: "undo it if it never was"}
	}
	if r := reason(a.Reason); r != nil {
		return r
	}
	return next(a.Next, o.day(at), false)
}

func (a RollBack) settle(inventory.Swap, Order) Action { return a }

func (a Check) refuse(_ inventory.Swap, _ Order, _ time.Time) *Refusal { return checks(a.Checks, true) }

func (a Check) settle(inventory.Swap, Order) Action { return a }

var checkName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

func checks(list []Checking, needed bool) *Refusal {
	if needed && len(list) == 0 {
		return &Refusal{Why: "no check is named", Help: fmt.Sprintf("name what was tried: %v", CheckNames())}
	}
	if len(list) > MaxChecks {
		return &Refusal{Why: fmt.Sprintf("%d checks, the limit is %d", len(list), MaxChecks)}
	}
	for i, c := range list {
		switch {
		case !checkName.MatchString(c.Name):
			return &Refusal{Why: fmt.Sprintf("%.40q is not a check's name: want 1 to 32 of a-z, 0-9 and -", c.Name), Help: fmt.Sprintf("for example %v", CheckNames())}
		case slices.ContainsFunc(list[:i], func(d Checking) bool { return d.Name == c.Name }):
			return &Refusal{Why: fmt.Sprintf("%s is checked twice", c.Name)}
		case len(c.Note) > MaxReason || !printable(c.Note):
			return &Refusal{Why: fmt.Sprintf("the note of %s cannot be kept: too long, or not printable", c.Name)}
		}
	}
	return nil
}

func (a HandIn) refuse(s inventory.Swap, _ Order, at time.Time) *Refusal {
	switch {
	case s.InPlace:
		return &Refusal{Why: "the machine was installed anew in place: nothing comes back"}
	case s.Old == "":
		return &Refusal{Why: "nothing stood there before"}
	case a.Asset != "" && a.Asset != s.Old:
		return &Refusal{Why: fmt.Sprintf("%.64s was scanned, the old machine is %s", a.Asset, s.Old), Help: "scan the old one; or undo the swap and record what stood there"}
	case !s.HandedInAt.IsZero():
		return &Refusal{Why: fmt.Sprintf("%s was handed in at %s by %s", s.Old, s.HandedInAt.UTC().Format(time.RFC3339), s.HandedInBy)}
	case at.Before(s.DoneAt):
		return &Refusal{Why: fmt.Sprintf("it was swapped only at %s", s.DoneAt.UTC().Format(time.RFC3339)), Help: "say when it was handed in"}
	case len(a.Where) > 200 || !printable(a.Where):
		return &Refusal{Why: "where it was handed in is too long, or cannot be printed"}
	default:
		return nil
	}
}

func (a HandIn) settle(s inventory.Swap, _ Order) Action {
	a.Asset = s.Old
	return a
}

func (a Close) refuse(s inventory.Swap, o Order, _ time.Time) *Refusal {
	if s.Old == "" || s.InPlace || !s.HandedInAt.IsZero() {
		return nil
	}
	switch o.Assets[s.Old].State {
	case inventory.AssetWiped, inventory.AssetDisposed, inventory.AssetReturned, inventory.AssetLost:
		return nil
	default:
		return &Refusal{Why: fmt.Sprintf("the old machine %s was not handed in", s.Old), Help: "scan it in, or record that it is lost or wiped"}
	}
}

func (a Close) settle(inventory.Swap, Order) Action { return a }
