package programme

import (
	"context"
	"fmt"
	"time"

	"muster/controller/refresh"
	"muster/inventory"
)

// Visit is one visit of the register; it wraps inventory.ErrNotFound.
func (d *Desk) visit(code string) (inventory.Visit, error) {
	v, ok := d.estate.visits[code]
	if !ok {
		return v, fmt.Errorf("there is no visit %q: %w", code, inventory.ErrNotFound)
	}
	return v, nil
}

// swapsOn lists the swaps of a visit.
func (d *Desk) swapsOn(visit string) []inventory.Swap {
	var found []inventory.Swap
	for _, id := range sortedKeys(d.swaps.byID) {
		if s := d.swaps.byID[id]; s.Visit == visit {
			found = append(found, s)
		}
	}
	return found
}

// VisitReport says how far a visit came: n of m verified, and why the others are
// not.
func (d *Desk) VisitReport(code string) (refresh.VisitReport, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	v, err := d.visit(code)
	if err != nil {
		return refresh.VisitReport{}, err
	}
	return refresh.ReportVisit(v, d.swapsOn(code), d.o.Now().UTC(), d.estate.zone(v.Site)), nil
}

// WorkList is what a crew takes along.
func (d *Desk) WorkList(code string) (refresh.WorkList, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	v, err := d.visit(code)
	if err != nil {
		return refresh.WorkList{}, err
	}
	return refresh.MakeWorkList(v, d.estate.sites[v.Site], d.swapsOn(code), d.estate.positions, d.estate.assets), nil
}

// Filled is what a visit's sheet did, or would do.
type Filled struct {
	Swaps   []inventory.Swap `json:"swaps"` // that changed, as they now stand
	Skipped []int            `json:"skipped"`
	DryRun  bool             `json:"dry_run,omitempty"`
}

// FillVisit takes a visit's sheet that a crew filled in. All of it is recorded or,
// where a row cannot be, nothing: the Refusal then lists every bad row.
func (d *Desk) FillVisit(ctx context.Context, code string, sheet []byte, by string, dryRun bool) (Filled, error) {
	if err := d.begin(); err != nil {
		return Filled{}, err
	}
	defer d.work.Unlock()
	v, err := d.visit(code)
	if err != nil {
		return Filled{}, err
	}
	rows, err := refresh.ReadCSV(sheet)
	if err != nil {
		return Filled{}, decided(err)
	}
	swaps := make([]inventory.Swap, 0, len(d.swaps.byID))
	for _, id := range sortedKeys(d.swaps.byID) {
		swaps = append(swaps, d.swaps.byID[id])
	}
	filled, err := refresh.Fill(rows, refresh.Desk{
		Visit: v, Zone: d.estate.zone(v.Site), Swaps: swaps, Positions: d.estate.positions, Assets: d.estate.assets,
		Index: d.estate.index, Reported: d.reported(sortedKeys(d.byAsset)...),
	}, by, d.o.Now().UTC())
	if err != nil {
		return Filled{}, decided(err)
	}
	out := Filled{Swaps: filled.After, Skipped: filled.Skipped, DryRun: dryRun}
	if dryRun || len(filled.After) == 0 {
		return out, nil
	}
	moves := make([]refresh.Moves, len(filled.After))
	for i, after := range filled.After {
		moves[i] = refresh.Register(filled.Before[i], after, d.estate.positions[after.Position], d.estate.assets)
	}
	return out, d.keepSwaps(ctx, by, filled.After, filled.Events, moves)
}

// Arrive books what was scanned of a consignment on a day.
func (d *Desk) Arrive(ctx context.Context, code string, scanned []string, day inventory.Date, by string, dryRun bool) (refresh.Arrival, error) {
	if err := d.begin(); err != nil {
		return refresh.Arrival{}, err
	}
	defer d.work.Unlock()
	c, ok := d.estate.arrivals[code]
	if !ok {
		return refresh.Arrival{}, fmt.Errorf("there is no consignment %q: %w", code, inventory.ErrNotFound)
	}
	if day == "" {
		day = d.today(d.estate.zone(c.Site), d.o.Now())
	}
	a, err := refresh.Arrive(c, scanned, d.estate.index, day)
	if err != nil {
		return a, decided(err)
	}
	if dryRun {
		return a, nil
	}
	batch := inventory.Batch{Source: "arrival of " + code, Author: by, MadeAt: d.o.Now().UTC()}
	if a.Consignment.Arrived != c.Arrived {
		change, err := changeOf(inventory.NounConsignment, code, c, a.Consignment)
		if err != nil {
			return a, err
		}
		batch.Changes = append(batch.Changes, change)
	}
	moves := refresh.Moves{Assets: a.Assets}
	changes, err := d.changesOf(moves)
	if err != nil {
		return a, err
	}
	batch.Changes = append(batch.Changes, changes...)
	if len(batch.Changes) == 0 {
		return a, nil
	}
	return a, d.keepAssets(ctx, nil, nil, batch, moves, func() { d.estate.arrivals[code] = a.Consignment })
}

// keepAssets records a batch of assets and takes it over.
func (d *Desk) keepAssets(ctx context.Context, events []inventory.Event, states []inventory.State, batch inventory.Batch, moves refresh.Moves, also func()) error {
	if err := d.keepRegister(ctx, events, states, batch); err != nil {
		return err
	}
	d.mu.Lock()
	for _, a := range moves.Assets {
		d.inbox.touch(d.estate.assets[a.Tag].Site, a.Site)
	}
	d.estate.put(moves)
	d.version++
	if also != nil {
		also()
	}
	d.mu.Unlock()
	d.rehomed(ctx, moves)
	d.inbox.poke()
	return nil
}

// day is the day of an instant at a site.
func (d *Desk) day(site string, t time.Time) inventory.Date { return d.today(d.estate.zone(site), t) }
