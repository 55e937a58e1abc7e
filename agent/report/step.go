package report

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"muster/inventory/wire"
)

// fresh holds lists from the reading that found them changed to the report that
// carries them; nothing is kept for longer.
type fresh struct {
	lists    map[wire.List]any // *inventory.Hardware and so on
	software *wire.Software
	steady   string
}

// step does what is due and returns when to come back.
func (r *Reporter) step(ctx context.Context) time.Time {
	now := time.Now()
	cadence, nudged := r.takeInbox()
	r.urgent = r.urgent || nudged
	if now.Before(r.hold) && (r.refused || !nudged || now.Sub(r.tried) < firstRetry) {
		return r.hold
	}
	if r.pending == nil {
		r.refresh(ctx, now, cadence)
		if due := dueAt(r.wrote, r.urgency(), cadence, r.jitter); now.Before(due) {
			return earliest(due, r.nextHealth, r.nextInventory, r.nextSoftware)
		}
		if err := r.write(ctx, now); err != nil {
			r.fail(ctx, err)
			return r.hold
		}
	}
	r.send(ctx)
	if r.pending != nil {
		return r.hold
	}
	return earliest(dueAt(r.wrote, r.urgency(), cadence, r.jitter), r.nextHealth, r.nextInventory, r.nextSoftware)
}

func earliest(t time.Time, others ...time.Time) time.Time {
	for _, o := range others {
		if o.Before(t) {
			t = o
		}
	}
	return t
}

func (r *Reporter) urgency() urgency {
	switch {
	case r.urgent || len(r.wanted) > 0:
		return urgent
	case len(r.progress.Owed) > 0:
		return owing
	case !r.hasTold || whatChanged(r.told, r.now) != "":
		return changed
	default:
		return routine
	}
}

// refresh reads what is due to be read.
func (r *Reporter) refresh(ctx context.Context, now time.Time, c Cadence) {
	r.now.SettingsVersion, r.now.KeyVersion = r.opts.Standing()
	if r.opts.PoolKeys != nil {
		r.now.PoolKeys = r.opts.PoolKeys()
	}
	if !now.Before(r.nextInventory) {
		r.nextInventory = later(now, c.Inventory)
		r.readLists(ctx)
	}
	if !now.Before(r.nextSoftware) {
		r.nextSoftware = later(now, c.Software)
		r.readSoftware(ctx)
	}
	if !now.Before(r.nextHealth) {
		r.nextHealth = later(now, c.Health)
		r.now.Health = r.opts.Source.Health(ctx)
		r.now.Network = r.opts.Source.Network(ctx)
	}
}

// later is d from now, up to a tenth late: agents that started together part.
func later(now time.Time, d time.Duration) time.Time {
	return now.Add(d + time.Duration(rand.Int64N(int64(d)/10+1)))
}

func (r *Reporter) readLists(ctx context.Context) {
	hardware, firmware, system := r.opts.Source.Hardware(ctx), r.opts.Source.Firmware(ctx), r.opts.Source.OS(ctx)
	steady := steadyHash(hardware)
	if steady != r.progress.Steady || r.progress.Lists.Hardware == "" {
		r.keep(ctx, wire.ListHardware, &hardware, &r.now.Hashes.Hardware, r.progress.Lists.Hardware)
		r.fresh.steady = steady
	} else {
		r.now.Hashes.Hardware = r.progress.Lists.Hardware
	}
	r.keep(ctx, wire.ListFirmware, &firmware, &r.now.Hashes.Firmware, r.progress.Lists.Firmware)
	r.keep(ctx, wire.ListOS, &system, &r.now.Hashes.OS, r.progress.Lists.OS)
}

// keep notes a list's name, and its content where the controller has another.
func (r *Reporter) keep(ctx context.Context, name wire.List, content any, into *string, held string) {
	hash, _, err := wire.HashList(content)
	if err != nil {
		r.opts.Log.ErrorContext(ctx, "cannot hash list", "list", string(name), "error", err)
		return
	}
	*into = hash
	if hash == held {
		delete(r.fresh.lists, name)
		return
	}
	if r.fresh.lists == nil {
		r.fresh.lists = make(map[wire.List]any, 3)
	}
	r.fresh.lists[name] = content
}

func (r *Reporter) readSoftware(ctx context.Context) {
	list := r.software(ctx)
	hash, _, err := list.Encode()
	if err != nil {
		r.opts.Log.ErrorContext(ctx, "cannot hash list", "list", string(wire.ListSoftware), "error", err)
		return
	}
	r.now.Hashes.Software, r.fresh.software = hash, nil
	if hash != r.progress.Lists.Software {
		r.fresh.software = &list
	}
}

// software reads the installed programs.
func (r *Reporter) software(ctx context.Context) wire.Software {
	programs, err := r.opts.Source.Software(ctx)
	switch {
	case err != nil:
		return wire.SoftwareUnknown(err.Error())
	case len(programs) > wire.MaxPrograms:
		return wire.SoftwareUnknown("more programs than a report may carry")
	}
	return wire.SoftwareOf(slices.Clone(programs)) // it sorts, and the source may share its list
}
