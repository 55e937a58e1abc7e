package programme

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"muster/controller/refresh"
	"muster/inventory"
)

// PlanRow is one swap to plan.
type PlanRow struct {
	Position string `json:"position"`
	Old      string `json:"old,omitempty"` // serial or tag; empty: what stands there
	New      string `json:"new,omitempty"`
}

// PlanOrder says which swaps to plan: those of a wave or site that have none, and
// rows of their own.
type PlanOrder struct {
	Wave       string
	Site       string
	Rows       []PlanRow
	PlannedFor inventory.Date
	Visit      string // put them on it at once
	refresh.Said
	DryRun bool
}

// PlanRefusal is one position for which no swap was planned, and why.
type PlanRefusal struct {
	Position string `json:"position"`
	Why      string `json:"why"`
	Help     string `json:"help,omitempty"`
}

// Planned is what was planned. Positions that already have a swap are left out
// of a wave's or site's.
type Planned struct {
	Swaps   []inventory.Swap `json:"swaps"`
	Refused []PlanRefusal    `json:"refused"`
	DryRun  bool             `json:"dry_run,omitempty"`
}

// MaxPlan bounds the swaps of one order.
const MaxPlan = 5000

// PlanSwaps plans swaps; all that can be are recorded together.
func (d *Desk) PlanSwaps(ctx context.Context, o PlanOrder) (Planned, error) {
	if err := d.begin(); err != nil {
		return Planned{}, err
	}
	defer d.work.Unlock()
	rows, err := d.planRows(o)
	if err != nil {
		return Planned{}, err
	}
	out := Planned{Swaps: []inventory.Swap{}, Refused: []PlanRefusal{}, DryRun: o.DryRun}
	var events []inventory.Event
	taken := map[string]bool{} // by this order
	for _, row := range rows {
		s, more, err := d.planOne(row, o, taken)
		if err != nil {
			refusal := PlanRefusal{Position: row.Position, Why: err.Error()}
			var hinted interface{ Hint() string }
			if errors.As(err, &hinted) {
				refusal.Help = hinted.Hint()
			}
			out.Refused = append(out.Refused, refusal)
			continue
		}
		taken[row.Position] = true
		taken[s.New] = s.New != ""
		out.Swaps = append(out.Swaps, s)
		events = append(events, more...)
	}
	if o.DryRun || len(out.Swaps) == 0 {
		return out, nil
	}
	return out, d.keepSwaps(ctx, o.By, out.Swaps, events, []refresh.Moves{{}})
}

func (d *Desk) planOne(row PlanRow, o PlanOrder, taken map[string]bool) (inventory.Swap, []inventory.Event, error) {
	action, err := d.withTags(refresh.Plan{ID: newID("x"), Position: row.Position, Old: row.Old, New: row.New, PlannedFor: o.PlannedFor})
	if err != nil {
		return inventory.Swap{}, nil, err
	}
	plan, _ := action.(refresh.Plan) // it went in as one
	switch {
	case taken[row.Position]:
		return inventory.Swap{}, nil, refused("position %s stands there twice", row.Position)
	case plan.New != "" && taken[plan.New]:
		return inventory.Swap{}, nil, refused("machine %s stands there twice", plan.New)
	}
	s, events, err := d.follow(inventory.Swap{}, plan, o.Said)
	if err != nil || o.Visit == "" {
		return s, events, err
	}
	said := o.Said
	said.Version = 0
	s, more, err := d.follow(s, refresh.Schedule{Visit: o.Visit}, said)
	if err != nil {
		return s, nil, err
	}
	return s, append(events, more...), nil
}

// planRows are the rows of an order, with those of its wave or site.
func (d *Desk) planRows(o PlanOrder) ([]PlanRow, error) {
	rows := slices.Clone(o.Rows)
	var sites []string
	switch {
	case o.Wave != "":
		w, ok := d.estate.wave(o.Wave)
		if !ok {
			return nil, fmt.Errorf("there is no wave %q: %w", o.Wave, inventory.ErrNotFound)
		}
		if w.OnHold != "" {
			return nil, &Refusal{Why: fmt.Sprintf("wave %s is on hold: %s", w.Code, w.OnHold), Help: "take the hold off in the register first"}
		}
		sites = w.Sites
	case o.Site != "":
		if _, ok := d.estate.sites[o.Site]; !ok {
			return nil, fmt.Errorf("there is no site %q: %w", o.Site, inventory.ErrNotFound)
		}
		sites = []string{o.Site}
	case len(rows) == 0:
		return nil, &Refusal{Why: "nothing is named to plan", Help: "name a wave, a site or positions"}
	}
	for _, code := range sites {
		for _, p := range d.estate.at[code] {
			_, planned := d.current(p)
			if planned || !d.estate.positions[p].InScope() || slices.ContainsFunc(rows, func(r PlanRow) bool { return r.Position == p }) {
				continue
			}
			rows = append(rows, PlanRow{Position: p})
		}
	}
	if len(rows) > MaxPlan {
		return nil, &Refusal{Why: fmt.Sprintf("%d swaps at once, the limit is %d", len(rows), MaxPlan), Help: "plan them site by site"}
	}
	return rows, nil
}

// Swaps is a page of swaps by id, as they stand, with what is missing.
func (d *Desk) Swaps(f inventory.SwapFilter) ([]inventory.Swap, string) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	var found []inventory.Swap
	limit := cmp.Or(min(f.Limit, inventory.MaxPage), inventory.MaxPage)
	for _, id := range sortedKeys(d.swaps.byID) {
		s := d.swaps.byID[id]
		if id <= f.After || f.Site != "" && s.Site != f.Site || f.Position != "" && s.Position != f.Position || f.Visit != "" && s.Visit != f.Visit ||
			f.State != "" && s.State != f.State || f.Wave != "" && d.estate.waveOf[s.Site] != f.Wave {
			continue
		}
		if len(found) == limit {
			return found, found[limit-1].ID
		}
		found = append(found, s)
	}
	return found, ""
}

// Swap is one swap by its id, or by the serial, tag or position that was typed.
func (d *Desk) Swap(typed string) (inventory.Swap, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.findSwap(typed, nil)
}

// Resolve says what a typed or scanned text may mean.
func (d *Desk) Resolve(typed string) refresh.Found {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.estate.index.Resolve(typed)
}

// Tally counts how positions stand, by site, wave or all of a programme; empty
// arguments select all.
func (d *Desk) Tally(site, wave string) refresh.Tally {
	d.mu.RLock()
	defer d.mu.RUnlock()
	var positions []inventory.Position
	var swaps []inventory.Swap
	for _, code := range d.estate.codes {
		if site != "" && code != site || wave != "" && d.estate.waveOf[code] != wave {
			continue
		}
		for _, p := range d.estate.at[code] {
			positions = append(positions, d.estate.positions[p])
			for _, id := range d.swaps.ofPosition[p] {
				swaps = append(swaps, d.swaps.byID[id])
			}
		}
	}
	slices.SortFunc(positions, func(a, b inventory.Position) int { return strings.Compare(a.Code, b.Code) })
	return refresh.Count(positions, swaps)
}
