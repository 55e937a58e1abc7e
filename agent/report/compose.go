package report

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sort"
	"strings"
	"time"

	"muster/inventory"
	"muster/inventory/wire"
)

// Bounds of journal records in one report: 64 kB of JSON, about 6 kB as it
// travels, so that fifteen machines that come back together leave a site's link
// to its people.
const (
	maxOwedRecords  = 200
	maxEventRecords = 50
)

// write makes the next report and keeps it until it is acknowledged.
func (r *Reporter) write(ctx context.Context, now time.Time) error {
	boot, clock := r.opts.Source.Boot()
	report := wire.Report{
		Version: r.version, Workstation: r.opts.Workstation, Run: r.opts.Journal.Run(),
		Boot: boot, BootClock: clock, Wall: r.opts.Now().UTC().Truncate(time.Millisecond), Agent: r.opts.Version,
		SettingsVersion: r.now.SettingsVersion,
	}
	out := &outgoing{Run: report.Run}
	r.addLists(ctx, &report, out)
	r.addJournal(&report, out)
	sent := r.addReadings(&report, out)
	r.addStops(ctx, now, &report, out)
	seq, err := r.opts.Journal.NextSeq()
	if err != nil {
		return err
	}
	report.Seq, out.Seq = seq, seq
	report.Probes = r.opts.Probes()
	if err := r.encode(&report, out); err != nil {
		return err
	}
	if err := r.folder.store(outboxFile, out); err != nil {
		// Its number is never used again, so after a crash it is only late news.
		r.opts.Log.WarnContext(ctx, "report would not outlive a crash", "seq", seq, "error", err)
	}
	sent.Hashes = out.Hashes
	r.pending, r.sent, r.wrote = out, sent, now
	r.fresh, r.urgent, r.jitter = fresh{}, false, rand.Float64()
	clear(r.wanted)
	return nil
}

// addReadings puts in what the controller does not know, or has not been told for
// long, and returns what it knows once it has the report. Noise is not sent, so
// that a slow drift stands against what was last said.
func (r *Reporter) addReadings(report *wire.Report, out *outgoing) (sent reading) {
	sent = r.now
	whole := !r.hasTold || r.quiet >= wholeEvery-1
	r.quiet++
	if whole {
		r.quiet = 0
	}
	if report.Network = &r.now.Network; !whole && !networkChanged(r.told.Network, r.now.Network) {
		report.Network, sent.Network = nil, r.told.Network
	}
	if report.Health = &r.now.Health; !whole && healthChanged(r.told.Health, r.now.Health) == "" {
		report.Health, sent.Health = nil, r.told.Health
	}
	keys := strings.Fields(r.now.PoolKeys)
	if r.opts.PoolKeys == nil || whole || len(keys) > 1 || r.told.KeyVersion != r.now.KeyVersion || r.told.PoolKeys != r.now.PoolKeys {
		report.KeyVersion, report.PoolKeys = r.now.KeyVersion, keys
	}
	out.Hashes = r.now.Hashes
	if whole || len(out.Carried) > 0 || r.told.Hashes != r.now.Hashes {
		report.Hashes = r.now.Hashes
	}
	return sent
}

// encode marshals the report. One that is too large goes without its software.
func (r *Reporter) encode(report *wire.Report, out *outgoing) error {
	if err := report.Validate(); err != nil {
		return fmt.Errorf("cannot write report: %w", err)
	}
	b, err := json.Marshal(report)
	if err != nil {
		return fmt.Errorf("cannot write report: %w", err)
	}
	if out.Body, err = r.opts.Encoder.Encode(b); err != nil {
		return fmt.Errorf("cannot write report: %w", err)
	}
	if len(b) <= wire.MaxReport && len(out.Body.Bytes) <= wire.MaxBody {
		return nil
	}
	if report.Software == nil || report.Software.Unknown != "" {
		return fmt.Errorf("cannot write report: %d bytes, the limit is %d", len(b), wire.MaxReport)
	}
	none := wire.SoftwareUnknown("the list is larger than a report may be")
	if r.now.Hashes.Software, _, err = none.Encode(); err != nil {
		return fmt.Errorf("cannot write report: %w", err)
	}
	report.Software = &wire.SoftwareDelta{Unknown: none.Reason()}
	report.Hashes, out.Hashes = r.now.Hashes, r.now.Hashes
	return r.encode(report, out)
}

// addLists puts in the lists that the controller lacks or has asked for.
func (r *Reporter) addLists(ctx context.Context, report *wire.Report, out *outgoing) {
	held := r.progress.Lists
	if r.lacks(wire.ListHardware, r.now.Hashes.Hardware, held.Hardware) {
		h, ok := r.fresh.lists[wire.ListHardware].(*inventory.Hardware)
		if !ok {
			read := r.opts.Source.Hardware(ctx)
			h = &read
		}
		report.Hardware, out.Steady = h, steadyHash(*h)
		r.carry(wire.ListHardware, h, &r.now.Hashes.Hardware, out)
	}
	if r.lacks(wire.ListFirmware, r.now.Hashes.Firmware, held.Firmware) {
		f, ok := r.fresh.lists[wire.ListFirmware].(*inventory.Firmware)
		if !ok {
			read := r.opts.Source.Firmware(ctx)
			f = &read
		}
		report.Firmware = f
		r.carry(wire.ListFirmware, f, &r.now.Hashes.Firmware, out)
	}
	if r.lacks(wire.ListOS, r.now.Hashes.OS, held.OS) {
		o, ok := r.fresh.lists[wire.ListOS].(*inventory.OS)
		if !ok {
			read := r.opts.Source.OS(ctx)
			o = &read
		}
		report.OS = o
		r.carry(wire.ListOS, o, &r.now.Hashes.OS, out)
	}
	if r.lacks(wire.ListSoftware, r.now.Hashes.Software, held.Software) {
		report.Software = r.softwareDelta(ctx, out)
	}
}

func (r *Reporter) lacks(name wire.List, now, held string) bool {
	return r.wanted[name] || now != "" && now != held
}

// carry notes that a list travels, under the name of what was read last.
func (r *Reporter) carry(name wire.List, content any, hash *string, out *outgoing) {
	if h, _, err := wire.HashList(content); err == nil {
		*hash = h
	}
	out.Carried = append(out.Carried, name)
}

// softwareDelta is the difference to the list that the controller holds, or the
// whole list where it asked or where that list is no longer known here.
func (r *Reporter) softwareDelta(ctx context.Context, out *outgoing) *wire.SoftwareDelta {
	next := r.fresh.software
	if next == nil {
		read := r.software(ctx)
		next = &read
	}
	if hash, _, err := next.Encode(); err == nil {
		r.now.Hashes.Software = hash
	}
	out.Carried = append(out.Carried, wire.ListSoftware)
	base, before := "", wire.Software{}
	if held := r.progress.Lists.Software; held != "" && !r.wanted[wire.ListSoftware] {
		if kept, ok := r.keptSoftware(held); ok {
			base, before = held, kept
		}
	}
	delta := before.DeltaTo(*next, base)
	return &delta
}

// keptSoftware reads the acknowledged list from disk, if it is the one named.
func (r *Reporter) keptSoftware(hash string) (wire.Software, bool) {
	var body json.RawMessage
	if err := r.folder.load(softwareFile, &body); err != nil || len(body) == 0 {
		return wire.Software{}, false
	}
	list, err := wire.DecodeSoftware(body)
	if err != nil {
		return wire.Software{}, false
	}
	name, _, err := list.Encode()
	return list, err == nil && name == hash
}

// addJournal puts in what happened since the last report and what is owed,
// newest first.
func (r *Reporter) addJournal(report *wire.Report, out *outgoing) {
	records := r.opts.Journal.Events(r.progress.Events, maxEventRecords)
	out.Events = r.progress.Events
	if len(records) > 0 {
		out.Events = records[0].N
	}
	for left := maxOwedRecords; left > 0 && len(r.progress.Owed) > 0; {
		span := r.progress.Owed[len(r.progress.Owed)-1]
		piece := r.opts.Journal.Span(span, left)
		records = append(records, piece...)
		oldest := span.From
		if len(piece) > 0 {
			oldest = piece[len(piece)-1].BootClock
		}
		r.progress.settle(oldest, len(piece) < left)
		left -= len(piece)
	}
	sort.Slice(records, func(i, j int) bool { return records[i].N > records[j].N })
	report.Journal = slices.CompactFunc(records, func(a, b wire.JournalRecord) bool { return a.N == b.N })
	addrOut := r.opts.AddrOut()
	for i := range report.Journal {
		if report.Journal[i].Addr != addrOut {
			report.Journal[i].Addr = netip.Addr{}
		}
	}
}
