package sla

import (
	"slices"
	"time"

	"muster/inventory"
)

// Attribution is whose a down time is.
type Attribution string

// The attributions. Only what was proven, or seen from several sites of one
// carrier, is the carrier's.
const (
	Carrier      Attribution = "carrier"
	Ours         Attribution = "ours" // power, router, the site's own network
	Unattributed Attribution = "unattributed"
)

// Outage is one time that a link did not carry its site.
type Outage struct {
	Incident    string          `json:"incident"` // empty: journals alone tell of it
	Spell       int             `json:"spell"`    // which one of the incident's, from 0
	From        time.Time       `json:"from"`
	To          time.Time       `json:"to,omitzero"` // zero: it goes on
	Cause       inventory.Cause `json:"cause"`
	Grade       inventory.Grade `json:"grade"`
	Attribution Attribution     `json:"attribution"`
	Reason      string          `json:"reason"` // the verdict in words
	Ticket      Ticket          `json:"ticket,omitzero"`
	Void        bool            `json:"void,omitempty"`        // struck out by a correction
	ByJournals  bool            `json:"by_journals,omitempty"` // nobody saw it while it lasted
	Corrections []Correction    `json:"corrections,omitempty"`
	Original    *Outage         `json:"original,omitempty"` // as it was before the first correction
}

// Ticket is the carrier's own account of an outage, beside ours.
type Ticket struct {
	Reference string    `json:"reference,omitempty"`
	OpenedAt  time.Time `json:"opened_at,omitzero"`
	ClosedAt  time.Time `json:"closed_at,omitzero"`
}

// Key names an outage for corrections and tickets.
func (o Outage) Key() OutageKey { return OutageKey{Incident: o.Incident, Spell: o.Spell} }

// OutageKey is an incident and the number of its spell.
type OutageKey struct {
	Incident string `json:"incident"`
	Spell    int    `json:"spell"`
}

// OutagesOf lists the outages of one link, oldest first: those incidents that
// took its site off the network. A site with several links is down only when the
// verdict is about the site, so its outages count for each of its links.
func OutagesOf(link inventory.Link, incidents []inventory.Incident) []Outage {
	var outages []Outage
	for _, i := range incidents {
		if !takes(i, link) {
			continue
		}
		spells := i.Spells
		if len(spells) == 0 {
			spells = []inventory.Span{{From: i.StartedAt, To: i.ResolvedAt}}
		}
		for n, s := range spells {
			o := Outage{
				Incident: i.ID, Spell: n, From: s.From, To: s.To, Cause: i.Cause, Grade: i.Grade,
				Attribution: attributed(i), Ticket: Ticket{Reference: i.Ticket},
			}
			if len(i.Verdicts) > 0 {
				o.Reason = i.Verdicts[len(i.Verdicts)-1].Reason
			}
			outages = append(outages, o)
		}
	}
	slices.SortStableFunc(outages, func(a, b Outage) int { return a.From.Compare(b.From) })
	return outages
}

// takes reports whether the incident took the link's site off the network.
func takes(i inventory.Incident, link inventory.Link) bool {
	switch i.State { // an event was an outage too, however short
	case inventory.IncidentFolded:
		return false // the wider incident stands for it
	default:
	}
	if !off(i.Cause) {
		return false
	}
	if i.Scope.Circuit != "" {
		return i.Scope.Circuit == link.Circuit
	}
	return link.Site != "" && (i.Scope.Site == link.Site || slices.Contains(i.Scope.Sites, link.Site))
}

// off reports whether the cause means that the site could not be reached.
func off(c inventory.Cause) bool {
	switch c { // those that cut a site off
	case inventory.CauseSiteLinkDown, inventory.CauseSiteRouterDown, inventory.CauseSitePowerCut, inventory.CauseAsymmetricPartition,
		inventory.CauseLinkOrPower, inventory.CausePowerOrLAN, inventory.CauseMachineOrLink,
		inventory.CauseSharedCarrier, inventory.CauseSharedExchange, inventory.CauseSharedUnnamed:
		return true
	default:
		return false
	}
}

// attributed says whose an outage is by its final verdict.
func attributed(i inventory.Incident) Attribution {
	switch i.Cause { // everything else is nobody's
	case inventory.CauseSiteLinkDown, inventory.CauseAsymmetricPartition:
		if i.Grade == inventory.GradeProven {
			return Carrier
		}
	case inventory.CauseSharedCarrier, inventory.CauseSharedExchange:
		if i.Grade == inventory.GradeProven || i.Grade == inventory.GradeCorroborated {
			return Carrier
		}
	case inventory.CauseSiteRouterDown, inventory.CauseSitePowerCut:
		if i.Grade == inventory.GradeProven {
			return Ours
		}
	default:
	}
	return Unattributed
}
