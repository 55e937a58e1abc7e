package programme

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"muster/controller/refresh"
	"muster/inventory"
)

// SwapDone is what an action did, or, where it was a dry run, would do.
type SwapDone struct {
	Swap   inventory.Swap    `json:"swap"`
	Events []inventory.Event `json:"events"`
	// Assets is how the register holds the machines after it.
	Assets []inventory.Asset `json:"assets,omitempty"`
	DryRun bool              `json:"dry_run,omitempty"`
}

// Order is an action on a swap, with who says so.
type Order struct {
	Swap   string // its id, or the serial, tag or position that was typed or scanned
	Action refresh.Action
	refresh.Said
	DryRun bool
}

// Act does something to a swap: Schedule, Do, Fail, Undo, RollBack, Cancel, Check,
// HandIn or Close. Machines in it may be named by serial or tag.
func (d *Desk) Act(ctx context.Context, o Order) (SwapDone, error) {
	if err := d.begin(); err != nil {
		return SwapDone{}, err
	}
	defer d.work.Unlock()
	action, err := d.withTags(o.Action)
	if err != nil {
		return SwapDone{}, err
	}
	s, err := d.findSwap(o.Swap, action)
	if err != nil {
		return SwapDone{}, err
	}
	after, events, err := d.follow(s, action, o.Said)
	if err != nil {
		return SwapDone{}, decided(err)
	}
	moves := refresh.Register(s, after, d.estate.positions[after.Position], d.estate.assets)
	done := SwapDone{Swap: after, Events: events, Assets: moves.Assets, DryRun: o.DryRun}
	if o.DryRun {
		return done, nil
	}
	return done, d.keepSwaps(ctx, o.By, []inventory.Swap{after}, events, []refresh.Moves{moves})
}

// follow has package refresh follow an order. work is held.
func (d *Desk) follow(s inventory.Swap, action refresh.Action, said refresh.Said) (inventory.Swap, []inventory.Event, error) {
	return refresh.Act(s, refresh.Order{Action: action, Said: said, Scene: d.scene(s, action)}, d.o.Now().UTC())
}

// scene is what the register and the other swaps say of what an action names.
func (d *Desk) scene(s inventory.Swap, action refresh.Action) refresh.Scene {
	e := d.estate
	position := s.Position
	tags := tagsOf(s)
	var scene refresh.Scene
	switch a := action.(type) {
	case refresh.Plan:
		position = cmp.Or(position, a.Position)
		tags = append(tags, a.Old, a.New, e.positions[position].Asset)
	case refresh.Schedule:
		if v, ok := e.visits[a.Visit]; ok {
			scene.Visit = &v
		}
	case refresh.Do:
		tags = append(tags, a.Old, a.New)
	case refresh.HandIn:
		tags = append(tags, a.Asset)
	}
	if v, ok := e.visits[s.Visit]; ok && scene.Visit == nil {
		if _, scheduling := action.(refresh.Schedule); !scheduling {
			scene.Visit = &v
		}
	}
	tags = slices.DeleteFunc(tags, func(tag string) bool { return tag == "" })
	scene.Position = e.positions[position]
	scene.Zone = e.zone(scene.Position.Site)
	scene.Assets = map[string]inventory.Asset{}
	for _, tag := range tags {
		if a, ok := e.assets[tag]; ok {
			scene.Assets[tag] = a
		}
	}
	for _, other := range d.swaps.related(position, tags...) {
		if other.ID != s.ID {
			scene.Others = append(scene.Others, other)
		}
	}
	scene.Reported = d.reported(tags...)
	return scene
}

// withTags is the action with the tags of the machines that were scanned.
func (d *Desk) withTags(action refresh.Action) (refresh.Action, error) {
	var err error
	tag := func(typed string) string {
		if typed == "" || err != nil {
			return typed
		}
		typed, err = d.tagOf(typed)
		return typed
	}
	switch a := action.(type) {
	case refresh.Plan:
		a.Old, a.New = tag(a.Old), tag(a.New)
		return a, err
	case refresh.Do:
		a.Old, a.New = tag(a.Old), tag(a.New)
		return a, err
	case refresh.HandIn:
		a.Asset = tag(a.Asset)
		return a, err
	default:
		return action, nil
	}
}

// tagOf is the tag of the one asset that a typed or scanned text means.
func (d *Desk) tagOf(typed string) (string, error) {
	found := d.estate.index.Resolve(typed)
	c, ok := found.One()
	switch {
	case !ok:
		return "", &Refusal{Why: "cannot tell which machine is meant: " + found.Why(), Help: "scan the asset tag, or import the machine first"}
	case c.Asset == nil:
		return "", &Refusal{Why: fmt.Sprintf("%.60q is a position, a machine is wanted", typed), Help: "scan the machine's serial or tag"}
	}
	return c.Asset.Tag, nil
}

// findSwap is the swap that a person means by an id, serial, tag or position.
func (d *Desk) findSwap(typed string, action refresh.Action) (inventory.Swap, error) {
	if s, ok := d.swaps.byID[typed]; ok {
		return s, nil
	}
	if inventory.ValidSwapID(typed) {
		return inventory.Swap{}, fmt.Errorf("there is no swap %q: %w", typed, inventory.ErrNotFound)
	}
	found := d.estate.index.Resolve(typed)
	c, ok := found.One()
	if !ok {
		if len(found.Candidates) == 0 && found.Review == "" {
			return inventory.Swap{}, fmt.Errorf("%s: %w", found.Why(), inventory.ErrNotFound)
		}
		return inventory.Swap{}, &Refusal{Why: "cannot tell which swap is meant: " + found.Why(), Help: "name it by its position or its id"}
	}
	if c.Position != nil {
		if s, ok := d.current(c.Position.Code); ok {
			return s, nil
		}
		return inventory.Swap{}, fmt.Errorf("no swap is planned for position %s: %w", c.Position.Code, inventory.ErrNotFound)
	}
	return d.swapOf(c.Asset.Tag, action)
}

// swapOf is the one swap that still has something to do with a machine: of those
// that the action may be meant for.
func (d *Desk) swapOf(tag string, action refresh.Action) (inventory.Swap, error) {
	_, handIn := action.(refresh.HandIn)
	var open, rest []inventory.Swap
	for _, id := range d.swaps.ofAsset[tag] {
		s := d.swaps.byID[id]
		switch {
		case s.State == inventory.SwapCancelled:
		case handIn && s.Old != tag:
		case settled(s) != handIn:
			open = append(open, s)
		default:
			rest = append(rest, s)
		}
	}
	if len(open) == 0 {
		open = rest
	}
	switch len(open) {
	case 0:
		return inventory.Swap{}, fmt.Errorf("no swap names machine %s: %w", tag, inventory.ErrNotFound)
	case 1:
		return open[0], nil
	}
	var ids []string
	for _, s := range open {
		ids = append(ids, s.ID+" at "+s.Position)
	}
	slices.Sort(ids)
	return inventory.Swap{}, &Refusal{Why: fmt.Sprintf("machine %s is in several swaps: %s", tag, strings.Join(ids, ", ")), Help: "name the swap by its id or its position"}
}

// settled reports whether somebody said that the swap is done.
func settled(s inventory.Swap) bool {
	return s.State == inventory.SwapSwapped || s.State == inventory.SwapVerified || s.State == inventory.SwapClosed
}

// keepSwaps records swaps with what they change in the register, and takes both
// over. work is held.
func (d *Desk) keepSwaps(ctx context.Context, by string, swaps []inventory.Swap, events []inventory.Event, moves []refresh.Moves) error {
	var states []inventory.State
	for _, s := range swaps {
		steps, err := swapStates(s, d.swaps.byID[s.ID].Version)
		if err != nil {
			return err
		}
		states = append(states, steps...)
	}
	batch := inventory.Batch{Source: "swaps", Author: by, MadeAt: d.o.Now().UTC()}
	for _, m := range moves {
		changes, err := d.changesOf(m)
		if err != nil {
			return err
		}
		batch.Changes = append(batch.Changes, changes...)
	}
	if err := d.keepRegister(ctx, events, states, batch); err != nil {
		return err
	}
	d.mu.Lock()
	for _, s := range swaps {
		d.swaps.put(s)
	}
	for _, m := range moves {
		d.estate.put(m)
	}
	d.version++
	d.mu.Unlock()
	for _, e := range events {
		if e.Subject.Noun == inventory.NounSwap {
			d.metrics.swaps.WithLabelValues(e.Kind).Inc()
		}
	}
	for i, s := range swaps {
		d.rehomed(ctx, moves[min(i, len(moves)-1)])
		d.inbox.touch(s.Site)
		if s.State == inventory.SwapSwapped {
			d.ask(s)
		}
	}
	return nil
}

// keepRegister records events, states and a batch together.
func (d *Desk) keepRegister(ctx context.Context, events []inventory.Event, states []inventory.State, batch inventory.Batch) error {
	var err error
	if len(batch.Changes) == 0 {
		err = d.o.Store.Record(ctx, events, states)
	} else if _, err = d.o.Store.RecordBatch(ctx, events, states, batch); err == nil {
		d.moved = true
	} else if errors.Is(err, inventory.ErrConflict) {
		d.inbox.registerChanged() // somebody changed the register since it was read
	}
	return err
}

// changesOf is what a swap changes in the register.
func (d *Desk) changesOf(m refresh.Moves) ([]inventory.Change, error) {
	var changes []inventory.Change
	for _, a := range m.Assets {
		c, err := changeOf(inventory.NounAsset, a.Tag, d.estate.assets[a.Tag], a)
		if err != nil {
			return nil, err
		}
		changes = append(changes, c)
	}
	if m.Position != nil {
		c, err := changeOf(inventory.NounPosition, m.Position.Code, d.estate.positions[m.Position.Code], *m.Position)
		if err != nil {
			return nil, err
		}
		changes = append(changes, c)
	}
	return changes, nil
}

func changeOf(noun inventory.Noun, key string, before, after any) (inventory.Change, error) {
	c := inventory.Change{Noun: noun, Key: key}
	var err error
	if c.Before, err = json.Marshal(before); err != nil {
		return c, fmt.Errorf("cannot write %s %q: %w", noun, key, err)
	}
	if c.After, err = json.Marshal(after); err != nil {
		return c, fmt.Errorf("cannot write %s %q: %w", noun, key, err)
	}
	return c, nil
}

// rehomed reads the installs of machines again that the register moved.
func (d *Desk) rehomed(ctx context.Context, m refresh.Moves) {
	for _, a := range m.Assets {
		for _, install := range d.installsOf(a.Tag) {
			w, err := d.o.Store.Workstation(ctx, install.w.ID)
			if err != nil {
				d.o.Log.Error("a workstation that was moved cannot be read", "workstation", install.w.ID, "error", err)
				continue
			}
			d.mu.Lock()
			d.inbox.touch(install.w.HomeSite, w.HomeSite)
			install.w = w
			d.mu.Unlock()
		}
	}
	if len(m.Assets) > 0 {
		d.mu.Lock()
		d.rehome()
		d.mu.Unlock()
	}
}

// ask has the new machine look at the services of its site: what it reaches is
// part of its proof.
func (d *Desk) ask(s inventory.Swap) {
	var names []string
	for _, service := range d.o.Services {
		if serves(service, d.estate.sites[s.Site].Kind) {
			names = append(names, service.Name)
		}
	}
	for _, m := range d.installsOf(s.New) {
		if m.w.Active() && len(names) > 0 {
			d.o.AskServices(m.w.ID, names)
		}
	}
}
