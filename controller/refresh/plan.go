package refresh

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"muster/inventory"
)

func printable(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) < 0
}

func (a Plan) refuse(s inventory.Swap, o Order, _ time.Time) *Refusal {
	id := a.ID
	if id == "" {
		id = s.ID
	}
	switch p := o.Position; {
	case !inventory.ValidSwapID(id):
		return &Refusal{Why: fmt.Sprintf("%.20q is no id of a swap", id)}
	case s.ID != "" && id != s.ID:
		return &Refusal{Why: fmt.Sprintf("%s is the id of another swap", id)}
	case p.Code == "" || a.Position != "" && a.Position != p.Code:
		return &Refusal{Why: fmt.Sprintf("position %.64q is not in the register", a.Position), Help: "import the position first"}
	case s.Position != "" && s.Position != p.Code:
		return &Refusal{Why: fmt.Sprintf("it is of position %s", s.Position), Help: "cancel it, and plan another one for " + p.Code}
	case !p.InScope():
		return &Refusal{Why: fmt.Sprintf("position %s is out of scope: %s", p.Code, p.OutScope), Help: "bring it into scope first"}
	case len(a.Old) > 64 || len(a.New) > 64 || !printable(a.Old+a.New):
		return &Refusal{Why: "an asset's tag has at most 64 characters that can be printed"}
	case a.New != "" && a.New == a.Old:
		return &Refusal{Why: a.New + " is both the old and the new machine", Help: "leave the new one out; say in place when it is done"}
	}
	if _, err := inventory.ParseDate(string(a.PlannedFor)); err != nil {
		return &Refusal{Why: err.Error()}
	}
	for _, other := range o.Others {
		if other.ID == id || other.Position != o.Position.Code {
			continue
		}
		switch {
		case other.State == inventory.SwapCancelled:
		case done(other.State) && o.Why != "":
		case done(other.State):
			return &Refusal{
				Why:  fmt.Sprintf("position %s was swapped already: %s is %s", o.Position.Code, other.ID, other.State),
				Help: "undo that one; or say why this position is swapped again",
			}
		default:
			return &Refusal{
				Why:  fmt.Sprintf("position %s has swap %s, which is %s", o.Position.Code, other.ID, other.State),
				Help: "use that one, or cancel it",
			}
		}
	}
	return nil
}

// done reports whether somebody said that the new machine stands there.
func done(state inventory.SwapState) bool {
	return state == inventory.SwapSwapped || state == inventory.SwapVerified || state == inventory.SwapClosed
}

func (a Plan) settle(s inventory.Swap, o Order) Action {
	a.Position, a.Site = o.Position.Code, o.Position.Site
	if a.ID == "" {
		a.ID = s.ID
	}
	if a.Old == "" {
		a.Old = s.PlannedOld
	}
	if a.Old == "" {
		a.Old = o.Position.Asset // as declared; the desk may show another
	}
	if a.New == "" {
		a.New = s.PlannedNew
	}
	return a
}

func (a Schedule) refuse(s inventory.Swap, o Order, at time.Time) *Refusal {
	v := o.Visit
	switch {
	case v == nil || a.Visit != "" && v.Code != a.Visit:
		return &Refusal{Why: fmt.Sprintf("visit %.64q is not in the register", a.Visit), Help: "make the visit first"}
	case v.Site != s.Site:
		return &Refusal{Why: fmt.Sprintf("visit %s goes to %s, the position is at %s", v.Code, v.Site, s.Site)}
	case v.State == inventory.VisitCancelled:
		return &Refusal{Why: fmt.Sprintf("visit %s is cancelled", v.Code), Help: "choose another visit"}
	case (v.State == inventory.VisitDone || v.Date < o.day(at)) && o.Why == "":
		return &Refusal{Why: fmt.Sprintf("visit %s was on %s", v.Code, v.Date), Help: "choose another visit, or say why it is put on one that is over"}
	default:
		return nil
	}
}

func (a Schedule) settle(_ inventory.Swap, o Order) Action {
	a.Visit, a.On = o.Visit.Code, o.Visit.Date
	if a.Crew == "" {
		a.Crew = o.Visit.Crew
	}
	return a
}

func (a Fail) refuse(_ inventory.Swap, o Order, at time.Time) *Refusal {
	if r := reason(a.Reason); r != nil {
		return r
	}
	return next(a.Next, o.day(at), true)
}

func (a Fail) settle(inventory.Swap, Order) Action { return a }

// next checks the date on which a swap is tried again.
func next(next, day inventory.Date, needed bool) *Refusal {
	_, err := inventory.ParseDate(string(next))
	switch {
	case err != nil:
		return &Refusal{Why: err.Error()}
	case !next.Set() && needed:
		return &Refusal{Why: "the next date is missing", Help: "say when it is tried again; cancel the swap if it is not"}
	case next.Set() && next < day:
		return &Refusal{Why: fmt.Sprintf("the next date, %s, lies before %s", next, day)}
	case next.Set() && next.Time().Sub(day.Time()) > 3*366*24*time.Hour:
		return &Refusal{Why: fmt.Sprintf("the next date, %s, is more than three years away", next), Help: "check the year"}
	default:
		return nil
	}
}

func (a Cancel) refuse(inventory.Swap, Order, time.Time) *Refusal { return reason(a.Reason) }

func (a Cancel) settle(inventory.Swap, Order) Action { return a }
