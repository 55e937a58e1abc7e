package rehearsal

import (
	"slices"
	"time"

	"muster/inventory"
)

// Seen is what one run brought to light.
type Seen struct {
	Changes  []inventory.IncidentChange // of all incidents, in order
	Presence []PresenceSeen             // how machines stood, where it changed
	Names    map[string]string          // workstation id → its name in the estate
	Members  []MemberSeen               // what Serf says of members, for the baseline
	Scrapes  []Scrape                   // what probes say, for the other one
	Ended    time.Time                  // fleet time
	Took     time.Duration              // of the clock on the wall
	Broken   []string                   // why the run itself cannot be judged
}

// PresenceSeen is a workstation that is seen to stand otherwise than before.
type PresenceSeen struct {
	At          time.Time
	Workstation string // name
	Cause       inventory.Cause
}

// story is one incident as its changes tell it.
type story struct {
	last       inventory.Incident
	opened     []time.Time
	closed     int
	updated    int
	detectedAt time.Time
	resolvedAt time.Time // when it was said, last
	over       end       // its end before it came back
	presence   bool      // it never was more than presence
	matched    bool
	steps      []inventory.IncidentChange
}

// end is when something ended, and when that was said.
type end struct{ at, saidAt time.Time }

// stories gathers changes by incident, in order of detection.
func (s Seen) stories() []*story {
	byID := map[string]*story{}
	var order []*story
	for _, c := range s.Changes {
		one := byID[c.Incident.ID]
		if one == nil {
			one = &story{detectedAt: c.At}
			byID[c.Incident.ID] = one
			order = append(order, one)
		}
		one.add(c)
	}
	for _, p := range s.Presence {
		order = append(order, presenceStory(p))
	}
	for _, one := range order {
		one.presence = !slices.ContainsFunc(one.last.Verdicts, func(v inventory.Verdict) bool { return !v.Cause.Presence() }) &&
			one.last.Cause.Presence()
		if name, known := s.Names[one.last.Scope.Workstation]; known {
			one.last.Scope.Workstation = name
		}
	}
	return order
}

func (o *story) add(c inventory.IncidentChange) {
	if c.Step == inventory.IncidentReopened {
		o.over = end{o.last.ResolvedAt, o.resolvedAt}
	}
	o.last = c.Incident
	o.steps = append(o.steps, c)
	switch c.Step { //nolint:exhaustive // the others notify nobody
	case inventory.IncidentOpened:
		o.opened = append(o.opened, c.At)
	case inventory.IncidentEnded, inventory.IncidentCleared:
		if o.resolvedAt = c.At; c.Incident.ResolvedAt.Equal(o.over.at) { // its return was a wider cause's
			o.resolvedAt = o.over.saidAt
			return
		}
		if c.Step == inventory.IncidentEnded {
			o.closed++
		}
	case inventory.IncidentReopened:
		o.resolvedAt = time.Time{}
	case inventory.IncidentRevised:
		if c.Recall && len(o.opened) > 0 {
			o.updated++
		}
	}
}

// presenceStory is how a machine stands, told as an incident that nobody is
// called for.
func presenceStory(p PresenceSeen) *story {
	v := inventory.Verdict{At: p.At, Cause: p.Cause, Grade: inventory.GradeInferred, Confidence: 0.5}
	return &story{detectedAt: p.At, resolvedAt: p.At, last: inventory.Incident{
		Cause: p.Cause, Grade: v.Grade, Confidence: v.Confidence, State: inventory.IncidentResolved,
		Scope: inventory.Scope{Site: SiteOf(p.Workstation), Workstation: p.Workstation}, DetectedAt: p.At, StartedAt: p.At,
		Verdicts: []inventory.Verdict{v},
	}}
}

// detected is the first moment at which it was known.
func (o *story) detected() time.Time {
	if !o.last.DetectedAt.IsZero() && o.last.DetectedAt.After(o.detectedAt) {
		return o.last.DetectedAt
	}
	return o.detectedAt
}

// event reports whether it healed before anyone was called.
func (o *story) event() bool { return o.last.State == inventory.IncidentBlip }

// folded reports whether a wider one took it up.
func (o *story) folded() bool { return o.last.State == inventory.IncidentFolded }

// about reports whether the incident is about a subject.
func (o *story) about(s Subject) bool {
	scope := o.last.Scope
	if s.Site != "" && scope.Site != s.Site && !slices.Contains(scope.Sites, s.Site) {
		return false
	}
	return (s.Carrier == "" || scope.Carrier == s.Carrier) && (s.Exchange == "" || scope.Exchange == s.Exchange) &&
		(s.Service == "" || scope.Service == s.Service) && (s.Workstation == "" || scope.Workstation == s.Workstation)
}
