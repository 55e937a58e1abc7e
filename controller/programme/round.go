package programme

import (
	"context"
	"time"

	"muster/inventory"
)

// wholeEvery is how often every site's facts are gathered anew though nobody said
// that they changed: ages, loss and round trips drift.
const wholeEvery = 15 * time.Minute

// roundParts is in how many rounds all sites are judged by time alone; a small
// estate is judged in each.
const (
	roundParts = 5
	roundLeast = 500
)

// round does what time brings: judges what grew stale, ends waivers, reminds
// people, and keeps the newest probes.
func (d *Desk) round(ctx context.Context) {
	d.work.Lock()
	defer d.work.Unlock()
	now := d.o.Now().UTC()
	d.expireWaivers(ctx, now)
	whole := d.roundAt.IsZero() || now.Sub(d.roundAt) >= wholeEvery || d.newDay(now)
	if whole {
		d.roundAt = now
		d.inbox.touchAll()
	} else {
		d.judgeAgain(ctx, d.part(now))
	}
	d.remind(ctx, now)
	d.keepAccess(ctx, now)
	d.tellRegister(ctx)
}

// newDay reports whether a day began somewhere since the last whole round: ages,
// leavers and late milestones count by days.
func (d *Desk) newDay(now time.Time) bool {
	zone := d.estate.programmeZone()
	return inventory.DateOf(now.In(zone)) != inventory.DateOf(d.roundAt.In(zone))
}

// part is the sites whose turn it is.
func (d *Desk) part(now time.Time) []string {
	codes := d.estate.codes
	size := max(roundLeast, (len(codes)+roundParts-1)/roundParts)
	if len(codes) <= size {
		return codes
	}
	parts := (len(codes) + size - 1) / size
	from := int(now.Unix()/60) % parts * size
	return codes[from:min(from+size, len(codes))]
}

// closeBooks puts everything on disk at the end.
func (d *Desk) closeBooks(ctx context.Context) {
	d.work.Lock()
	defer d.work.Unlock()
	now := d.o.Now().UTC()
	d.append(ctx, d.unkept(), now)
	d.keepAccess(ctx, now)
}

// unkept lists evaluations that differ from what was appended last.
func (d *Desk) unkept() []inventory.Evaluation {
	var due []inventory.Evaluation
	for _, key := range sortedKeys(d.now) {
		if last, was := d.kept[key]; !was || !sameButAges(last, d.now[key]) {
			due = append(due, d.now[key])
		}
	}
	return due
}

// keepAccess keeps the newest probes of the sites that have fresh ones.
func (d *Desk) keepAccess(ctx context.Context, now time.Time) {
	var states []inventory.State
	for _, code := range sortedKeys(d.probed) {
		body := map[string]map[string]*reach{}
		for _, m := range d.home[code] {
			if m.w.Active() && len(m.access) > 0 {
				body[m.w.ID] = m.access
			}
		}
		state, err := stateOf(nounAccess, code, code, d.accesses[code]+1, "muster", now, body)
		if err != nil {
			d.o.Log.Error("the newest probes cannot be kept", "site", code, "error", err)
			continue
		}
		states = append(states, state)
	}
	if len(states) == 0 {
		return
	}
	if err := d.o.Store.Record(ctx, nil, states); err != nil {
		d.metrics.unkept.Inc()
		d.o.Log.Error("the newest probes cannot be kept, will try again", "sites", len(states), "error", err)
		return
	}
	for _, state := range states {
		d.accesses[state.Key] = state.Version
	}
	clear(d.probed)
}

// tellRegister lets the rest of the controller know that the register moved. It
// runs outside of mu, and within work: what it calls must not ask this desk.
func (d *Desk) tellRegister(ctx context.Context) {
	if d.moved {
		d.moved = false
		d.o.RegisterMoved(ctx)
	}
}
