package programme

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"muster/controller/readiness"
	"muster/controller/refresh"
	"muster/inventory"
)

// custody is what is known of an asset on its way out.
func (d *Desk) custody(tag string) refresh.Custody {
	c := refresh.Custody{
		Wipes: d.wipes[tag], Drives: inventory.Unknown[[]string]("no agent ever read its drives"),
		Swaps: d.swaps.related("", tag), Zone: d.estate.programmeZone(),
	}
	for _, m := range d.installsOf(tag) {
		if m.hardware != nil {
			c.Drives = m.driveSerials()
		}
	}
	return c
}

func (d *Desk) assetNamed(typed string) (inventory.Asset, error) {
	found := d.estate.index.Resolve(typed)
	if len(found.Candidates) == 0 && found.Review == "" {
		return inventory.Asset{}, fmt.Errorf("%s: %w", found.Why(), inventory.ErrNotFound)
	}
	tag, err := d.tagOf(typed)
	if err != nil {
		return inventory.Asset{}, err
	}
	return d.estate.assets[tag], nil
}

// Wipe records that a drive of an asset was erased. w.Asset is a serial or tag.
func (d *Desk) Wipe(ctx context.Context, w inventory.Wipe) (inventory.Asset, error) {
	if err := d.begin(); err != nil {
		return inventory.Asset{}, err
	}
	defer d.work.Unlock()
	a, err := d.assetNamed(w.Asset)
	if err != nil {
		return a, err
	}
	now := d.o.Now().UTC()
	after, said, err := refresh.RecordWipe(a, w, d.custody(a.Tag), now)
	if err != nil {
		return a, decided(err)
	}
	w.Asset, w.At = a.Tag, said.OccurredAt
	key := a.Tag + "/" + strings.ToUpper(strings.TrimSpace(w.DriveSerial))
	state, err := stateOf(inventory.NounWipe, key, a.Site, 1, w.By, now, w)
	if err != nil {
		return a, err
	}
	return after, d.keepCustody(ctx, a, after, said, state, func() { d.wipes[a.Tag] = append(d.wipes[a.Tag], w) })
}

// Dispose records that an asset left the organisation. g.Asset is a serial or tag.
func (d *Desk) Dispose(ctx context.Context, g inventory.Disposal) (inventory.Asset, error) {
	if err := d.begin(); err != nil {
		return inventory.Asset{}, err
	}
	defer d.work.Unlock()
	a, err := d.assetNamed(g.Asset)
	if err != nil {
		return a, err
	}
	now := d.o.Now().UTC()
	after, said, err := refresh.RecordDisposal(a, g, d.custody(a.Tag), now)
	if err != nil {
		return a, decided(err)
	}
	g.Asset, g.At = a.Tag, said.OccurredAt
	state, err := stateOf(inventory.NounDisposal, a.Tag, a.Site, 1, g.By, now, g)
	if err != nil {
		return a, err
	}
	return after, d.keepCustody(ctx, a, after, said, state, func() { d.disposals[a.Tag] = g })
}

func (d *Desk) keepCustody(ctx context.Context, before, after inventory.Asset, said inventory.Event, state inventory.State, also func()) error {
	batch := inventory.Batch{Source: said.Kind, Author: said.Author, MadeAt: d.o.Now().UTC()}
	moves := refresh.Moves{}
	if before.State != after.State || before.Site != after.Site || before.Position != after.Position {
		moves.Assets = []inventory.Asset{after}
	}
	var err error
	if batch.Changes, err = d.changesOf(moves); err != nil {
		return err
	}
	return d.keepAssets(ctx, []inventory.Event{said}, []inventory.State{state}, batch, moves, also)
}

// Advance moves an asset to another state of its life. Wiped and disposed are
// recorded, not said.
func (d *Desk) Advance(ctx context.Context, typed string, to inventory.AssetState, by string) (inventory.Asset, error) {
	if err := d.begin(); err != nil {
		return inventory.Asset{}, err
	}
	defer d.work.Unlock()
	a, err := d.assetNamed(typed)
	if err != nil {
		return a, err
	}
	after, err := refresh.Advance(a, to, d.swaps.related("", a.Tag))
	if err != nil {
		return a, decided(err)
	}
	moves := refresh.Moves{Assets: []inventory.Asset{after}}
	batch := inventory.Batch{Source: "asset " + string(to), Author: by, MadeAt: d.o.Now().UTC()}
	if batch.Changes, err = d.changesOf(moves); err != nil {
		return a, err
	}
	return after, d.keepAssets(ctx, nil, nil, batch, moves, nil)
}

// Wipes lists wipe records by asset and time; an empty tag lists all.
func (d *Desk) Wipes(tag string) []inventory.Wipe {
	d.mu.RLock()
	defer d.mu.RUnlock()
	var found []inventory.Wipe
	for _, t := range sortedKeys(d.wipes) {
		if tag == "" || t == tag {
			found = append(found, d.wipes[t]...)
		}
	}
	slices.SortStableFunc(found, func(a, b inventory.Wipe) int { return cmp.Or(strings.Compare(a.Asset, b.Asset), a.At.Compare(b.At)) })
	return found
}

// Disposals lists disposal records by asset.
func (d *Desk) Disposals() []inventory.Disposal {
	d.mu.RLock()
	defer d.mu.RUnlock()
	var found []inventory.Disposal
	for _, tag := range sortedKeys(d.disposals) {
		found = append(found, d.disposals[tag])
	}
	return found
}

// ReviewItem is one identity that a person must look at.
type ReviewItem struct {
	ID          string   `json:"id"` // of the doubt, or of the workstation
	Kind        string   `json:"kind"`
	Value       string   `json:"value,omitempty"`
	Tags        []string `json:"tags"`
	Workstation string   `json:"workstation,omitempty"` // of an enrolment that waits
	Why         string   `json:"why"`
}

// Review lists identities in doubt: of the register, and enrolments that wait.
func (d *Desk) Review() []ReviewItem {
	d.mu.RLock()
	defer d.mu.RUnlock()
	items := []ReviewItem{}
	for _, doubt := range refresh.Doubts(d.allAssets(), d.decided) {
		items = append(items, ReviewItem{ID: doubt.ID, Kind: doubt.Kind, Value: doubt.Value, Tags: doubt.Tags, Why: doubt.Why})
	}
	for _, id := range sortedKeys(d.machines) {
		w := d.machines[id].w
		if w.Review != "" && w.RevokedAt.IsZero() && w.ReplacedBy == "" {
			items = append(items, ReviewItem{ID: id, Kind: "enrolment", Tags: []string{}, Workstation: id, Why: w.Review})
		}
	}
	return items
}

func (d *Desk) allAssets() []inventory.Asset {
	assets := make([]inventory.Asset, 0, len(d.estate.assets))
	for _, tag := range sortedKeys(d.estate.assets) {
		assets = append(assets, d.estate.assets[tag])
	}
	return assets
}

// Decide settles a doubt of the register: two machines, or one.
func (d *Desk) Decide(ctx context.Context, id string, on refresh.Decision) (inventory.Asset, error) {
	if err := d.begin(); err != nil {
		return inventory.Asset{}, err
	}
	defer d.work.Unlock()
	doubts := refresh.Doubts(d.allAssets(), d.decided)
	i := slices.IndexFunc(doubts, func(doubt refresh.Doubt) bool { return doubt.ID == id })
	if i < 0 {
		return inventory.Asset{}, fmt.Errorf("there is no doubt %q: %w", id, inventory.ErrNotFound)
	}
	now := d.o.Now().UTC()
	kept, said, err := refresh.Decide(doubts[i], on, d.estate.assets, now)
	if err != nil {
		return kept, decided(err)
	}
	on.Doubt, on.At = id, now
	state, err := stateOf(nounDoubt, id, "", 1, on.By, now, on)
	if err != nil {
		return kept, err
	}
	batch := inventory.Batch{Source: "identities merged", Author: on.By, MadeAt: now}
	moves := refresh.Moves{}
	if on.Kind == refresh.MergeInto {
		moves.Assets = []inventory.Asset{kept}
		if batch.Changes, err = d.changesOf(moves); err != nil {
			return kept, err
		}
		for _, tag := range doubts[i].Tags {
			if tag == kept.Tag {
				continue
			}
			gone, err := changeOf(inventory.NounAsset, tag, d.estate.assets[tag], nil)
			if err != nil {
				return kept, err
			}
			gone.After = nil
			batch.Changes = append(batch.Changes, gone)
		}
	}
	return kept, d.keepAssets(ctx, []inventory.Event{said}, []inventory.State{state}, batch, moves, func() { d.decided = append(d.decided, on) })
}

// DueOrder says what makes a machine due.
type DueOrder struct {
	Site            string
	OlderThanMonths int
	WarrantyBy      inventory.Date
	EndOfLifeBy     inventory.Date
	Windows11       bool // it must be able to run Windows 11
}

// DueList lists the machines that are due to be replaced, and apart those of which
// something is not known.
func (d *Desk) DueList(o DueOrder) (due, undetermined []refresh.Due) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	rules := refresh.DueRules{OlderThanMonths: o.OlderThanMonths, WarrantyBy: o.WarrantyBy, EndOfLifeBy: o.EndOfLifeBy}
	if o.Windows11 {
		rules.Hardware = d.meetsWindows11
	}
	assets := d.allAssets()
	if o.Site != "" {
		assets = slices.DeleteFunc(assets, func(a inventory.Asset) bool { return a.Site != o.Site })
	}
	return refresh.DueList(assets, rules, d.today(d.estate.programmeZone(), d.o.Now()))
}

func (d *Desk) meetsWindows11(a inventory.Asset) (inventory.Fact[bool], string) {
	part := readiness.Hardware(inventory.Hardware{}, inventory.Firmware{}, inventory.OS{})
	for _, m := range d.installsOf(a.Tag) {
		if m.w.Active() {
			part = m.part
		}
	}
	switch part.Windows11.Result {
	case readiness.Capable:
		return inventory.Known(true), ""
	case readiness.NotCapable:
		return inventory.Known(false), part.Windows11.Why()
	case readiness.Undetermined:
		return inventory.Unknown[bool](part.Windows11.Why()), ""
	default:
		return inventory.Unknown[bool](part.Windows11.Why()), ""
	}
}
