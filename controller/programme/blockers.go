package programme

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"muster/controller/readiness"
	"muster/inventory"
)

// BlockerFilter selects blockers; empty fields select all.
type BlockerFilter struct {
	Site, Gate, Criterion, Owner, Wave string
	Overdue                            bool
}

// Blockers lists what keeps gates from being ready, the oldest first.
func (d *Desk) Blockers(f BlockerFilter) []inventory.Blocker {
	d.mu.RLock()
	defer d.mu.RUnlock()
	found := []inventory.Blocker{}
	now := d.o.Now()
	for _, e := range d.now {
		if f.Site != "" && e.Site != f.Site || f.Gate != "" && e.Gate != f.Gate || f.Wave != "" && d.estate.waveOf[e.Site] != f.Wave {
			continue
		}
		for _, b := range e.Blockers {
			if f.Criterion != "" && b.Criterion != f.Criterion || f.Owner != "" && !strings.EqualFold(b.Owner, f.Owner) ||
				f.Overdue && (!b.Due.Set() || b.Due >= d.day(b.Site, now)) {
				continue
			}
			found = append(found, b)
		}
	}
	slices.SortFunc(found, func(a, b inventory.Blocker) int {
		return cmp.Or(a.Since.Compare(b.Since), strings.Compare(a.ID, b.ID))
	})
	return found
}

func (d *Desk) blocker(id string) (inventory.Blocker, bool) {
	for _, e := range d.now {
		if !strings.HasPrefix(id, gateKey(e.Site, e.Gate)+"/") {
			continue
		}
		for _, b := range e.Blockers {
			if b.ID == id {
				return b, true
			}
		}
	}
	return inventory.Blocker{}, false
}

// CareBlocker settles something about a blocker: another owner, a due date, a note.
func (d *Desk) CareBlocker(ctx context.Context, id string, change readiness.CareChange) (inventory.BlockerCare, error) {
	if err := d.begin(); err != nil {
		return inventory.BlockerCare{}, err
	}
	defer d.work.Unlock()
	b, ok := d.blocker(id)
	if !ok {
		return inventory.BlockerCare{}, fmt.Errorf("there is no blocker %q now: %w", id, inventory.ErrNotFound)
	}
	next, events, err := readiness.Care(d.cares[id], b, change, d.o.Now().UTC())
	if err != nil {
		return next, decided(err)
	}
	if err := d.keepCare(ctx, b, next, events); err != nil {
		return next, err
	}
	d.judgeAgain(ctx, []string{b.Site})
	return next, nil
}

func (d *Desk) keepCare(ctx context.Context, b inventory.Blocker, care inventory.BlockerCare, events []inventory.Event) error {
	state, err := stateOf(inventory.NounBlocker, care.ID, b.Site, care.Version, "", d.o.Now(), care)
	if err != nil {
		return err
	}
	if err := d.o.Store.Record(ctx, events, []inventory.State{state}); err != nil {
		return err
	}
	d.mu.Lock()
	d.cares[care.ID] = care
	d.mu.Unlock()
	return nil
}

// Times of reminders.
const (
	// remindFrom and remindTo bound when people are told of what is not urgent, by
	// the programme's clock.
	remindFrom, remindTo = 8, 18
	// expiringDays is how many days before its end a waiver's owner is told.
	expiringDays = 7
)

// remind tells people what is due: blockers, waivers that are about to end, and
// tomorrow's visits. Each is told once, and only in working hours.
func (d *Desk) remind(ctx context.Context, now time.Time) {
	local := now.In(d.estate.programmeZone())
	if h := local.Hour(); h < remindFrom || h >= remindTo || local.Weekday() == time.Saturday || local.Weekday() == time.Sunday {
		return
	}
	d.remindVisits(local)
	d.remindWaivers(local, now)
	d.nudge(ctx, now)
}

func (d *Desk) remindVisits(local time.Time) {
	tomorrow := inventory.DateOf(local.AddDate(0, 0, 1))
	if local.Weekday() == time.Friday { // nobody reads it on Sunday
		tomorrow = inventory.DateOf(local.AddDate(0, 0, 3))
	}
	today := inventory.DateOf(local)
	for _, code := range sortedKeys(d.estate.visits) {
		v := d.estate.visits[code]
		if v.Date <= today || v.Date > tomorrow || v.State == inventory.VisitDone || v.State == inventory.VisitCancelled {
			continue
		}
		site := d.estate.sites[v.Site]
		d.tellOnce(Message{
			ID: "visit-" + code + "-" + string(v.Date), Kind: MessageVisit, Site: v.Site, To: v.Crew,
			Title: fmt.Sprintf("%s: visit on %s, %d desks", d.siteName(v.Site), v.Date, len(d.swapsOn(code))),
			Lines: nonEmpty(
				"Visit "+code+" by crew "+v.Crew+", "+strings.TrimSpace(v.From+" to "+v.To)+".",
				labelled("Contact", strings.TrimSpace(site.Contact+" "+site.Phone)), labelled("Hours", string(site.Hours)), labelled("Access", site.Access),
			),
		})
	}
}

func labelled(label, text string) string {
	if text == "" {
		return ""
	}
	return label + ": " + text + "."
}

func nonEmpty(lines ...string) []string {
	return slices.DeleteFunc(lines, func(l string) bool { return l == "" })
}

func (d *Desk) remindWaivers(local, now time.Time) {
	var waivers []inventory.Waiver
	for _, id := range sortedKeys(d.waivers) {
		waivers = append(waivers, d.waivers[id])
	}
	for _, w := range readiness.AboutToExpire(waivers, inventory.DateOf(local), expiringDays, now) {
		d.tellOnce(Message{
			ID: "waiver-" + w.ID + "-" + string(w.Until), Kind: MessageWaiver, Site: w.Site, To: w.Owner,
			Title: fmt.Sprintf("%s: the waiver of %s ends after %s", d.siteName(w.Site), w.Criterion, w.Until),
			Lines: []string{fmt.Sprintf("Gate %s, waived by %s: %s", w.Gate, w.By, w.Reason), "After that day what it covered counts again."},
		})
	}
}

// nudge reminds the owners of blockers, and tells others of those that lie: in one
// message for each owner.
func (d *Desk) nudge(ctx context.Context, now time.Time) {
	patience := readiness.DefaultPatience()
	due := map[[2]string][]inventory.Blocker{}
	for _, key := range sortedKeys(d.now) {
		for _, b := range d.now[key].Blockers {
			care := d.cares[b.ID]
			nudge, _ := readiness.NudgeFor(b, care, patience, now)
			if nudge == readiness.NudgeNone {
				continue
			}
			next, events := readiness.Nudged(care, b, nudge, now)
			if err := d.keepCare(ctx, b, next, events); err != nil {
				d.o.Log.Error("a reminder cannot be kept, nobody is told yet", "blocker", b.ID, "error", err)
				continue
			}
			kind := MessageBlocker
			if nudge == readiness.NudgeEscalate {
				kind = MessageEscalated
			}
			due[[2]string{kind, b.Owner}] = append(due[[2]string{kind, b.Owner}], b)
		}
	}
	for key, blockers := range due {
		d.tellBlockers(key[0], key[1], blockers, now)
	}
}

// maxTold bounds the blockers that one message lists.
const maxTold = 40

func (d *Desk) tellBlockers(kind, owner string, blockers []inventory.Blocker, now time.Time) {
	m := Message{
		ID: strings.Join([]string{kind, owner, now.Format("20060102T1504")}, "-"), Kind: kind, To: owner,
		Title: fmt.Sprintf("%d blockers of %s are due", len(blockers), cmp.Or(owner, "nobody")),
	}
	if kind == MessageEscalated {
		m.Title = fmt.Sprintf("%d blockers of %s lie too long", len(blockers), cmp.Or(owner, "nobody"))
	}
	if len(blockers) == 1 {
		m.Site = blockers[0].Site
	}
	for i, b := range blockers {
		if i == maxTold {
			m.Lines = append(m.Lines, fmt.Sprintf("and %d more", len(blockers)-maxTold))
			break
		}
		line := fmt.Sprintf("%s, %s, %s %s: %s", d.siteName(b.Site), b.Criterion, b.Subject.Noun, b.Subject.Key, b.Reason)
		if b.Due.Set() {
			line += ", due " + string(b.Due)
		}
		m.Lines = append(m.Lines, line)
	}
	d.o.Tell(m)
}

// tellOnce tells what was not told yet since the start; the id keeps it from being
// told twice over a restart.
func (d *Desk) tellOnce(m Message) {
	if d.told[m.ID] {
		return
	}
	d.told[m.ID] = true
	d.o.Tell(m)
}

// expireWaivers ends waivers whose last day is over.
func (d *Desk) expireWaivers(ctx context.Context, now time.Time) {
	for _, id := range sortedKeys(d.waivers) {
		w := d.waivers[id]
		next, events, expired := readiness.ExpireWaiver(w, d.day(w.Site, now), now)
		if !expired {
			continue
		}
		if err := d.keepWaiver(ctx, next, events); err != nil {
			d.o.Log.Error("the end of a waiver cannot be kept, will try again", "waiver", id, "error", err)
		}
	}
}
