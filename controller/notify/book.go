package notify

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"muster/inventory"
)

// Book remembers who heard what, and decides who hears next. It is pure and not
// safe for concurrent use. Its exported fields are its state, as JSON.
type Book struct {
	Entries map[string]*Entry `json:"entries"` // by incident
	Digests []DigestLine      `json:"digests,omitempty"`
	// DigestAt is when the last digest was written.
	DigestAt time.Time `json:"digest_at,omitzero"`
	// Programme are the lines of the next digest of the programme.
	Programme   []DigestLine `json:"programme,omitempty"`
	ProgrammeAt time.Time    `json:"programme_at,omitzero"`
}

// Entry is what was told of one incident.
type Entry struct {
	OpenedAt time.Time `json:"opened_at"`
	Told     []Target  `json:"told"` // who got the opening or an escalation
	Due      []Call    `json:"due,omitempty"`
	Answered bool      `json:"answered,omitempty"`
	Updated  bool      `json:"updated,omitempty"`
	EndedAt  time.Time `json:"ended_at,omitzero"`
}

// Call is an escalation that waits.
type Call struct {
	At time.Time `json:"at"`
	To []Target  `json:"to"`
}

// DigestLine is one line of the next digest.
type DigestLine struct {
	At   time.Time `json:"at"`
	To   Target    `json:"to"`
	Text string    `json:"text"`
}

// Bounds of the book: what ended is forgotten once no revision can come, and a
// digest that nobody collects keeps its newest lines.
const (
	forgetAfter = 7 * 24 * time.Hour
	maxDigest   = 2000
)

// NewBook returns an empty book.
func NewBook() *Book { return &Book{Entries: map[string]*Entry{}} }

// Heard takes one step of an incident and returns whom to tell.
func (b *Book) Heard(c inventory.IncidentChange, f Facts, plan Plan, now time.Time) []inventory.Delivery {
	i := c.Incident
	e := b.Entries[i.ID]
	switch c.Step {
	case inventory.IncidentOpened:
		if e == nil {
			return b.open(f, plan, now)
		}
	case inventory.IncidentRevised:
		if e != nil && c.Recall && !e.Updated {
			e.Updated = true
			return b.tell(inventory.DeliverUpdate, e.Told, f, 0, now)
		}
	case inventory.IncidentEnded, inventory.IncidentWidened:
		if e != nil && e.EndedAt.IsZero() {
			e.EndedAt, e.Due = now, nil
			return b.tell(inventory.DeliverEnd, e.Told, f, 0, now)
		}
	case inventory.IncidentTouched:
		if e != nil && !i.AcknowledgedAt.IsZero() {
			e.Answered, e.Due = true, nil
		}
	case inventory.IncidentReopened:
		if e != nil {
			e.EndedAt = time.Time{} // the same cause came back: the same notification stands
		}
	case inventory.IncidentDetected, inventory.IncidentCleared:
	}
	return nil
}

// open tells the routes of a new incident, and notes who hears next.
func (b *Book) open(f Facts, plan Plan, now time.Time) []inventory.Delivery {
	e := &Entry{OpenedAt: now}
	b.Entries[f.Incident.ID] = e
	for _, r := range pick(plan.Routes, f.Incident, carriers(f.Links), now.In(plan.Zone)) {
		if r.Digest {
			b.digest(r.To, f, now)
			continue
		}
		e.Told = merge(e.Told, r.To)
		for _, rung := range r.Escalate {
			e.Due = append(e.Due, Call{At: now.Add(rung.After.Duration()), To: rung.To})
		}
	}
	slices.SortStableFunc(e.Due, func(a, b Call) int { return a.At.Compare(b.At) })
	if !f.Incident.AcknowledgedAt.IsZero() {
		e.Answered, e.Due = true, nil
	}
	return b.tell(inventory.DeliverOpening, e.Told, f, 0, now)
}

func (b *Book) digest(to []Target, f Facts, now time.Time) {
	for _, t := range to {
		b.Digests = append(b.Digests, DigestLine{At: now, To: t, Text: title(inventory.DeliverDigest, f)})
	}
	if extra := len(b.Digests) - maxDigest; extra > 0 {
		b.Digests = slices.Delete(b.Digests, 0, extra)
	}
}

// tell writes one message to each target.
func (b *Book) tell(kind inventory.DeliveryKind, to []Target, f Facts, n int, now time.Time) []inventory.Delivery {
	m := Compose(kind, f)
	out := make([]inventory.Delivery, 0, len(to))
	for _, t := range to {
		d := inventory.Delivery{
			ID: name(kind, f.Incident.ID, t, n), Kind: kind, Incident: f.Incident.ID, Sink: t.Sink, Address: t.Address,
			Title: m.Title, Body: m.Body(), CreatedAt: now, NextAt: now,
		}
		if first := name(inventory.DeliverOpening, f.Incident.ID, t, 0); first != d.ID {
			d.Thread = first
		}
		out = append(out, d)
	}
	return out
}

// Tick returns what is due at now: escalations and digests. facts gives an
// incident as it is now; ok is false where there is none any more.
func (b *Book) Tick(now time.Time, plan Plan, facts func(id string) (f Facts, ok bool)) []inventory.Delivery {
	var out []inventory.Delivery
	for _, id := range sortedKeys(b.Entries) {
		e := b.Entries[id]
		if !e.EndedAt.IsZero() && now.Sub(e.EndedAt) > forgetAfter {
			delete(b.Entries, id)
			continue
		}
		for len(e.Due) > 0 && !e.Due[0].At.After(now) {
			call := e.Due[0]
			e.Due = e.Due[1:]
			f, ok := facts(id)
			fresh := slices.DeleteFunc(slices.Clone(call.To), func(t Target) bool { return slices.Contains(e.Told, t) })
			if !ok || len(fresh) == 0 {
				continue
			}
			e.Told = append(e.Told, fresh...)
			out = append(out, b.tell(inventory.DeliverEscalation, fresh, f, len(e.Told), now)...)
		}
	}
	return append(append(out, b.writeDigests(now, plan)...), b.writeProgramme(now, plan)...)
}

// writeDigests writes what has gathered once the hour of the digest has come.
func (b *Book) writeDigests(now time.Time, plan Plan) []inventory.Delivery {
	at, ok := plan.lastDigest(now)
	if !ok || !at.After(b.DigestAt) {
		return nil
	}
	b.DigestAt = at
	lines := b.Digests
	b.Digests = nil
	return gathered(at.UTC().Format("20060102T1504"), lines, digestTitle, now)
}

// gathered writes one digest to each target of the lines.
func gathered(id string, gathered []DigestLine, title func(n int) string, now time.Time) []inventory.Delivery {
	var order []Target
	lines := map[Target][]string{}
	for _, l := range gathered {
		if lines[l.To] == nil {
			order = append(order, l.To)
		}
		lines[l.To] = append(lines[l.To], l.Text)
	}
	var out []inventory.Delivery
	for _, t := range order {
		out = append(out, inventory.Delivery{
			ID: name(inventory.DeliverDigest, id, t, 0), Kind: inventory.DeliverDigest, Sink: t.Sink, Address: t.Address,
			Title: title(len(lines[t])), Body: strings.Join(lines[t], "\n"), CreatedAt: now, NextAt: now,
		})
	}
	return out
}

func digestTitle(n int) string {
	if n == 1 {
		return "Muster: 1 incident since the last digest"
	}
	return "Muster: " + strconv.Itoa(n) + " incidents since the last digest"
}

// Missing lists the steps that the book has not heard of incidents as they stand:
// a controller may stop between an incident's step and its notification.
func (b *Book) Missing(incidents []inventory.Incident) []inventory.IncidentChange {
	var missed []inventory.IncidentChange
	for _, i := range incidents {
		e := b.Entries[i.ID]
		switch {
		case e == nil && i.State == inventory.IncidentOpen:
			missed = append(missed, inventory.IncidentChange{Step: inventory.IncidentOpened, At: i.OpenedAt, Incident: i})
		case e != nil && e.EndedAt.IsZero() && i.State == inventory.IncidentResolved:
			missed = append(missed, inventory.IncidentChange{Step: inventory.IncidentEnded, At: i.ResolvedAt, Incident: i})
		case e != nil && e.EndedAt.IsZero() && i.State == inventory.IncidentFolded:
			missed = append(missed, inventory.IncidentChange{Step: inventory.IncidentWidened, Incident: i})
		case e != nil && !e.Answered && !i.AcknowledgedAt.IsZero():
			missed = append(missed, inventory.IncidentChange{Step: inventory.IncidentTouched, At: i.AcknowledgedAt, Incident: i})
		}
	}
	return missed
}
