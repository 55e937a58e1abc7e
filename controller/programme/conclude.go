package programme

import (
	"context"
	"fmt"
	"slices"
	"time"

	"muster/controller/readiness"
	"muster/inventory"
)

// conclude keeps evaluations that say something new, and what follows from them.
func (d *Desk) conclude(ctx context.Context, found []inventory.Evaluation, now time.Time) {
	var due []inventory.Evaluation
	for _, e := range found {
		key := gateKey(e.Site, e.Gate)
		last, was := d.kept[key]
		switch {
		case was && sameButAges(last, e):
		case was && last.Verdict == e.Verdict && last.GateVersion == e.GateVersion && now.Sub(d.keptAt[key]) < countsEvery:
		default:
			due = append(due, e)
		}
		d.mu.Lock()
		d.failing[key] = readiness.FailingSince(d.failing[key], e)
		d.mu.Unlock()
	}
	d.append(ctx, due, now)
	for _, e := range found {
		d.weaken(ctx, e, now)
	}
}

// append keeps evaluations and records which verdicts changed. It reports whether
// they are on disk; what cannot be kept is tried again with the next round.
func (d *Desk) append(ctx context.Context, due []inventory.Evaluation, now time.Time) bool {
	if len(due) == 0 {
		return true
	}
	due = slices.Clone(due)
	if err := d.o.Store.AppendEvaluations(ctx, due); err != nil {
		d.metrics.unkept.Inc()
		d.o.Log.Error("evaluations cannot be kept, will try again", "evaluations", len(due), "error", err)
		return false
	}
	var events []inventory.Event
	for _, e := range due {
		key := gateKey(e.Site, e.Gate)
		last, was := d.kept[key]
		if !was || last.Verdict != e.Verdict {
			if said, err := readinessEvent(last, e, now); err == nil {
				events = append(events, said)
			}
		}
	}
	d.mu.Lock()
	if len(events) > 0 {
		d.version++ // forecasts count the sites that are ready
	}
	for _, e := range due {
		key := gateKey(e.Site, e.Gate)
		d.kept[key], d.keptAt[key] = e, now
		if held := d.now[key]; held.At.Equal(e.At) {
			d.now[key] = e // with its id
		}
	}
	d.mu.Unlock()
	d.metrics.appended.Add(float64(len(due)))
	if len(events) > 0 {
		if err := d.o.Store.Record(ctx, events, nil); err != nil {
			d.o.Log.Error("changes of readiness cannot be recorded", "events", len(events), "error", err)
		}
	}
	return true
}

// change is the body of a readiness.changed event.
type change struct {
	Gate       string                 `json:"gate"`
	From       inventory.ReadyVerdict `json:"from,omitempty"` // empty: judged for the first time
	To         inventory.ReadyVerdict `json:"to"`
	Evaluation string                 `json:"evaluation"`
	Why        []string               `json:"why,omitempty"`
}

// maxWhy bounds the reasons that an event carries.
const maxWhy = 10

func readinessEvent(last, e inventory.Evaluation, now time.Time) (inventory.Event, error) {
	c := change{Gate: e.Gate, From: last.Verdict, To: e.Verdict, Evaluation: e.ID}
	if last.Verdict != "" {
		c.Why = readiness.DiffEvaluations(last, e)
		if extra := len(c.Why) - maxWhy; extra > 0 {
			c.Why = append(c.Why[:maxWhy], fmt.Sprintf("and %d more changes", extra))
		}
	}
	return event(inventory.EventReadinessChanged, inventory.NounReadiness, e.Site, readiness.AuthorMuster, e.At, now, c)
}

// sameButAges reports whether two evaluations say the same, ages and the wording
// of measured values apart.
func sameButAges(a, b inventory.Evaluation) bool {
	if a.Verdict != b.Verdict || a.GateVersion != b.GateVersion || a.MoreBlockers != b.MoreBlockers ||
		len(a.Criteria) != len(b.Criteria) || len(a.Blockers) != len(b.Blockers) {
		return false
	}
	for i := range a.Criteria {
		x, y := a.Criteria[i], b.Criteria[i]
		if x.ID != y.ID || x.Verdict != y.Verdict || x.InScope != y.InScope || x.Pass != y.Pass || x.Fail != y.Fail ||
			x.Unknown != y.Unknown || x.Stale != y.Stale || x.Waived != y.Waived {
			return false
		}
	}
	for i := range a.Blockers {
		x, y := a.Blockers[i], b.Blockers[i]
		if x.ID != y.ID || x.Standing != y.Standing || x.Owner != y.Owner || x.Due != y.Due || x.Note != y.Note {
			return false
		}
	}
	return true
}

// weaken weakens a sign-off whose criteria have failed for too long.
func (d *Desk) weaken(ctx context.Context, e inventory.Evaluation, now time.Time) {
	key := gateKey(e.Site, e.Gate)
	s, g := d.signoffs[key], d.named[e.Gate]
	if !s.Holds() || g == nil || g.SignOff == nil || len(d.failing[key]) == 0 {
		return
	}
	var signed *inventory.Evaluation
	if pinned, err := d.o.Store.Evaluation(ctx, s.Evaluation); err == nil {
		signed = &pinned
	}
	opening := readiness.NewOpening(d.hoursOf(e.Site), d.estate.zone(e.Site))
	next, events, weakened := readiness.WeakenSignOff(s, signed, e, *g.SignOff, d.failing[key], opening, now)
	if !weakened {
		return
	}
	if err := d.keepSignOff(ctx, next, events); err != nil {
		d.metrics.unkept.Inc()
		d.o.Log.Error("a weakened sign-off cannot be kept, will try again", "site", e.Site, "gate", e.Gate, "error", err)
		return
	}
	d.inbox.touch(e.Site)
	d.o.Tell(Message{
		ID: "weakened-" + e.Site + "-" + e.Gate + "-" + now.Format("20060102T150405"), Kind: MessageWeakened, Site: e.Site, To: s.By,
		Title: fmt.Sprintf("%s: the sign-off of %s no longer holds", d.siteName(e.Site), e.Gate), Lines: next.Changed,
	})
}

func (d *Desk) hoursOf(key string) inventory.Hours {
	if s, ok := d.estate.sites[key]; ok {
		return s.Hours
	}
	return workingHours
}

// siteName is a site's code and name; of another key the key.
func (d *Desk) siteName(key string) string {
	if s, ok := d.estate.sites[key]; ok && s.Name != "" {
		return key + " " + s.Name
	}
	return key
}
