package notify

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"muster/inventory"
)

// MaxTitle bounds a title in characters: what a telephone shows of a message.
const MaxTitle = 120

// Facts is what a message says beside the incident itself.
type Facts struct {
	Incident inventory.Incident
	SiteName string           // of the scope's site
	Links    []inventory.Link // of the scope
	Zone     *time.Location   // that times are written in
	PageURL  string           // the incident's page; empty: none is configured
}

// Message is what a person reads.
type Message struct {
	Title string   // at most MaxTitle characters
	Lines []string // the rest
}

// Body is the message below its title.
func (m Message) Body() string { return strings.Join(m.Lines, "\n") }

// Compose writes a message about one incident.
func Compose(kind inventory.DeliveryKind, f Facts) Message {
	m := Message{Title: title(kind, f)}
	i := f.Incident
	add := func(format string, args ...any) { m.Lines = append(m.Lines, fmt.Sprintf(format, args...)) }
	if n := len(i.Verdicts); n > 0 && i.Verdicts[n-1].Reason != "" {
		add("%s", i.Verdicts[n-1].Reason)
	}
	switch kind {
	case inventory.DeliverUpdate:
		if was := formerCause(i); was != "" {
			add("Until now this was called %s: whom to call has changed.", Words(was))
		}
	case inventory.DeliverEscalation:
		add("Nobody has acknowledged this since %s.", clock(i.OpenedAt, f.Zone))
	case inventory.DeliverEnd:
		if i.Into != "" {
			add("It is part of a wider incident now: %s.", i.Into)
		} else if !i.ResolvedAt.IsZero() {
			add("It ended at %s and lasted %s.", clock(i.ResolvedAt, f.Zone), lasted(i.ResolvedAt.Sub(i.StartedAt)))
		}
	case inventory.DeliverOpening, inventory.DeliverDigest, inventory.DeliverNotice:
	}
	for _, l := range f.Links {
		add("Circuit %s, carrier %s, fault desk %s, contract %s.", l.Circuit, l.Carrier, cmp.Or(l.FaultDesk, "not recorded"), cmp.Or(l.Contract, "not recorded"))
	}
	if i.Ticket != "" {
		add("Ticket %s.", i.Ticket)
	}
	if i.AcknowledgedBy != "" {
		add("Acknowledged by %s.", i.AcknowledgedBy)
	}
	if len(i.Scope.Sites) > 1 {
		add("Sites: %s.", listed(i.Scope.Sites, 40))
	}
	if f.PageURL != "" {
		add("%s", f.PageURL)
	}
	return m
}

// title says site, cause, grade, since when, people, open or shut; where it would
// be too long, the site's name gives way first.
func title(kind inventory.DeliveryKind, f Facts) string {
	i := f.Incident
	rest := []string{Words(i.Cause), string(i.Grade), "since " + clock(i.StartedAt, f.Zone), people(i.People), openOrShut(i.Hours)}
	if len(i.Verdicts) > 0 {
		if v := i.Verdicts[len(i.Verdicts)-1]; v.JournalsOf > 0 && i.Grade != inventory.GradeProven && !i.ResolvedAt.IsZero() {
			rest[1] = fmt.Sprintf("not proven, %d of %d journals", v.Journals, v.JournalsOf)
		}
	}
	prefix := map[inventory.DeliveryKind]string{inventory.DeliverEnd: "ENDED ", inventory.DeliverUpdate: "UPDATE ", inventory.DeliverEscalation: "UNANSWERED "}[kind]
	tail := ": " + strings.Join(rest, ", ")
	room := MaxTitle - utf8.RuneCountInString(prefix) - utf8.RuneCountInString(tail)
	return shorten(prefix+shorten(subject(f), room)+tail, MaxTitle)
}

// subject names the scope.
func subject(f Facts) string {
	s := f.Incident.Scope
	switch {
	case s.Workstation != "":
		return strings.TrimSpace(s.Workstation + " at " + s.Site)
	case s.Service != "" && s.Site != "":
		return s.Service + " at " + strings.TrimSpace(s.Site+" "+f.SiteName)
	case s.Site != "":
		return strings.TrimSpace(s.Site + " " + f.SiteName)
	case s.Service != "":
		return "service " + s.Service
	case s.Exchange != "":
		return fmt.Sprintf("exchange %s (%s)", s.Exchange, sites(len(s.Sites)))
	case s.Carrier != "":
		return fmt.Sprintf("%s (%s)", s.Carrier, sites(len(s.Sites)))
	case s.Circuit != "":
		return "circuit " + s.Circuit
	case s.Controller:
		return "Muster's controller"
	case len(s.Sites) > 0:
		return sites(len(s.Sites))
	}
	return "somewhere"
}

func sites(n int) string {
	if n == 1 {
		return "1 site"
	}
	return fmt.Sprintf("%d sites", n)
}

func people(n int) string {
	if n == 1 {
		return "1 person"
	}
	return fmt.Sprintf("%d people", n)
}

func openOrShut(open bool) string {
	if open {
		return "open"
	}
	return "shut"
}

// Words is a cause as people say it.
func Words(c inventory.Cause) string {
	if said, ok := words()[c]; ok {
		return said
	}
	return strings.ReplaceAll(string(c), "-", " ")
}

func words() map[inventory.Cause]string {
	return map[inventory.Cause]string{
		inventory.CauseControllerNetwork:    "the controller's own network is down",
		inventory.CauseControllerOverloaded: "the controller is overloaded",
		inventory.CauseSharedCarrier:        "carrier outage",
		inventory.CauseSharedExchange:       "exchange outage",
		inventory.CauseSharedUnnamed:        "outage of several sites",
		inventory.CauseServiceOutage:        "service outage",
		inventory.CauseSiteLinkDown:         "link down",
		inventory.CauseSiteRouterDown:       "router down",
		inventory.CauseSitePowerCut:         "power cut",
		inventory.CauseAsymmetricPartition:  "link passes one way only",
		inventory.CauseLinkOrPower:          "link or power down",
		inventory.CausePowerOrLAN:           "power or LAN down",
		inventory.CauseMachineOrLink:        "machine or link down",
		inventory.CauseLANSegment:           "part of the LAN down",
		inventory.CauseLinkDegraded:         "link degraded",
		inventory.CauseSiteDNS:              "DNS fails",
		inventory.CauseSiteProxy:            "proxy fails",
		inventory.CauseSiteFirewall:         "firewall blocks",
		inventory.CauseSiteMTU:              "large packets lost",
	}
}

// formerCause is the last verdict's cause that differs from the present one.
func formerCause(i inventory.Incident) inventory.Cause {
	for _, v := range slices.Backward(i.Verdicts) {
		if v.Cause != i.Cause {
			return v.Cause
		}
	}
	return ""
}

func clock(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return "an unknown time"
	}
	return t.In(zone).Format("Mon 2 Jan 15:04 MST")
}

func lasted(d time.Duration) string {
	if d < 0 {
		d = 0
	}
	return d.Round(time.Second).String()
}

func listed(names []string, most int) string {
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// shorten cuts text to at most n characters and says so with an ellipsis.
func shorten(text string, n int) string {
	if n <= 0 {
		return ""
	}
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	runes := []rune(text)
	return strings.TrimRight(string(runes[:n-1]), " ") + "…"
}
