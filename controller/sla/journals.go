package sla

import (
	"fmt"
	"slices"
	"time"

	"muster/inventory"
)

// Contact is one word of a workstation's journal about the way beyond its site,
// of a time in which the controller was not there to see it.
type Contact struct {
	At      time.Time
	Site    string
	Witness string // tells machines apart
	OK      bool   // something outside answered
}

// contactFor is how far apart two words of journals may lie to speak for the time
// between them: a record is written every ten seconds, and one may be missing.
const contactFor = 25 * time.Second

// ProvenUp is the time that journals prove the way outside open: between two
// answers at most contactFor apart. The order of contacts is of no matter.
func ProvenUp(contacts []Contact) []inventory.Span {
	answers := slices.DeleteFunc(slices.Clone(contacts), func(c Contact) bool { return !c.OK })
	slices.SortFunc(answers, func(a, b Contact) int { return a.At.Compare(b.At) })
	var spans []inventory.Span
	for i := 1; i < len(answers); i++ {
		if span := (inventory.Span{From: answers[i-1].At, To: answers[i].At}); span.For() <= contactFor {
			spans = append(spans, span)
		}
	}
	return inventory.JoinSpans(spans)
}

// silence is a time in which journals had no answer from outside.
type silence struct {
	inventory.Span
	witnesses []string
}

// silences are the times between two words at most contactFor apart that both say
// that nothing answered, with no answer between them.
func silences(contacts []Contact) []silence {
	sorted := slices.SortedFunc(slices.Values(contacts), func(a, b Contact) int { return a.At.Compare(b.At) })
	var all []silence
	var now silence
	end := func() {
		if now.For() > 0 {
			all = append(all, now)
		}
		now = silence{}
	}
	for _, c := range sorted {
		switch {
		case c.OK:
			end()
			continue
		case now.From.IsZero() || c.At.Sub(now.To) > contactFor:
			end()
			now = silence{Span: inventory.Span{From: c.At, To: c.At}}
		}
		now.To = c.At
		if !slices.Contains(now.witnesses, c.Witness) {
			now.witnesses = append(now.witnesses, c.Witness)
		}
	}
	end()
	return all
}

// SilentIn is when the journals of a site had no answer from outside; whether its
// link was down then, others say: see ProvenDown.
func SilentIn(contacts []Contact) []inventory.Span {
	var spans []inventory.Span
	for _, s := range silences(contacts) {
		spans = append(spans, s.Span)
	}
	return spans
}

// ProvenDown lists the outages that journals prove though no incident tells of
// them: the site's machines had their gateway and their neighbours and no answer
// from outside, while other sites had (elsewhere). Where no site had, it may have
// been what they asked, and nothing is said. What was seen already, up or down, is
// left out of them. By two machines an outage is proven; one alone may be wrong
// about itself.
func ProvenDown(site string, contacts []Contact, elsewhere, seen []inventory.Span) []Outage {
	var outages []Outage
	up := ProvenUp(contacts)
	for _, s := range silences(contacts) {
		parts := common([]inventory.Span{s.Span}, elsewhere)
		for _, part := range without(without(parts, up), seen) {
			o := Outage{
				From: part.From, To: part.To, Cause: inventory.CauseMachineOrLink, Grade: inventory.GradeInferred, Attribution: Unattributed, ByJournals: true,
				Reason: fmt.Sprintf("The controller was not heard. One machine of %s had its gateway and no answer from outside, while other sites had: by one journal it is not proven.", site),
			}
			if n := len(s.witnesses); n > 1 {
				o.Cause, o.Grade, o.Attribution = inventory.CauseSiteLinkDown, inventory.GradeProven, Carrier
				o.Reason = fmt.Sprintf("The controller was not heard. %d machines of %s had their gateway and neighbours and no answer from outside, while other sites had: the link was down.", n, site)
			}
			outages = append(outages, o)
		}
	}
	return outages
}

// common is the time that lies in both. Both are apart and in order.
func common(a, b []inventory.Span) []inventory.Span {
	var out []inventory.Span
	for _, x := range a {
		for _, y := range b {
			if part, ok := x.Within(y); ok {
				out = append(out, part)
			}
		}
	}
	return out
}

// without is the time of a that does not lie in b.
func without(a, b []inventory.Span) []inventory.Span {
	b = inventory.JoinSpans(b)
	var out []inventory.Span
	for _, x := range a {
		for _, y := range b {
			if cut, ok := x.Within(y); ok {
				if cut.From.After(x.From) {
					out = append(out, inventory.Span{From: x.From, To: cut.From})
				}
				x.From = cut.To
			}
		}
		if x.To.After(x.From) {
			out = append(out, x)
		}
	}
	return out
}
