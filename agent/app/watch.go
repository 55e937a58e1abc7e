package app

import (
	"context"
	"fmt"
	"time"

	"muster/inventory/wire"
)

// watcher writes the journal. All of it belongs to App.watch.
type watcher struct {
	app      *App
	last     wire.JournalRecord // as last looked at
	uplink   string
	wroteAt  time.Time
	syncedAt time.Time
	outage   outage
	doubted  bool
	began    time.Time     // of the watch, by a clock that stands still in suspend
	slept    time.Duration // boot clock minus that clock, at the last look
	backAt   time.Time     // when a machine that slept was last noticed
	peers    peersWatch
	outside  outside
	statusAt time.Time
	status   notable
}

// watch looks every ten seconds and writes what it saw.
func (a *App) watch(ctx context.Context) {
	w := &watcher{app: a, began: time.Now(), outside: outside{app: a}}
	w.look(ctx, wire.RecordStart, "agent "+clip(a.opts.Version, 40))
	close(a.begun)
	due := time.Now().Add(lookEvery)
	timer := time.NewTimer(lookEvery)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			w.writeStatus(ctx, true)
			return
		case word := <-a.returned:
			w.look(ctx, wire.RecordTick, word)
			continue
		case <-timer.C:
		}
		w.look(ctx, wire.RecordTick, "")
		// Against the last one due, so that no delay adds up; never two at once.
		if due = due.Add(lookEvery); time.Until(due) < 0 {
			due = time.Now().Add(lookEvery)
		}
		if resident, _ := a.parts(); resident != nil {
			due = resident.OnBeat(due) // the same every time while the pool is the same
		}
		timer.Reset(time.Until(due))
	}
}

// look reads the surroundings once and does what follows from it. The reason of a
// tick is a word about a machine that was to go and is there.
func (w *watcher) look(ctx context.Context, kind wire.RecordKind, reason string) {
	record, failing, uplink := w.app.record(ctx)
	now := time.Now()
	slept := record.BootClock - now.Sub(w.began)
	away := slept - w.slept
	if reason == wokeWord && now.Sub(w.backAt) < lookEvery {
		reason = "" // the clocks have said it already
	}
	resumed := kind == wire.RecordTick && (reason != "" || away >= suspendedFor)
	if resumed {
		w.backAt = now
	}
	if kind == wire.RecordTick {
		reason = edgeOf(resumption(reason, away), edges(w.last, record, w.uplink, uplink), w.peers.step(record, resumed))
		if reason != "" {
			kind = wire.RecordEdge
		}
	}
	w.last, w.uplink, w.slept = record, uplink, slept
	cut := cutOff(record, failing)
	if cut {
		record.Outside = w.outside.ask(ctx)
	}
	if kind != wire.RecordTick || now.Sub(w.wroteAt) >= tickEvery-lookEvery/2 {
		record.Kind, record.Reason = kind, reason
		w.wroteAt = now
		w.write(ctx, record, cut || kind != wire.RecordTick || now.Sub(w.syncedAt) >= syncEvery)
	}
	w.follow(record, cut, failing, resumed)
	w.writeStatus(ctx, false)
}

// write appends a record; a disk that fails is said once, and tried again.
func (w *watcher) write(ctx context.Context, r wire.JournalRecord, sync bool) {
	_, err := w.app.journal.Append(r)
	if err == nil && sync {
		if err = w.app.journal.Sync(); err == nil {
			w.syncedAt = time.Now()
		}
	}
	text := ""
	if err != nil {
		text = err.Error()
	}
	w.app.mu.Lock()
	fresh := text != w.app.standing.journalProblem
	w.app.standing.journalProblem = text
	w.app.mu.Unlock()
	switch {
	case fresh && err != nil:
		w.app.log.ErrorContext(ctx, "journal cannot be written", "error", err)
	case fresh:
		w.app.log.InfoContext(ctx, "journal is written again")
	}
}

// follow tells the reporter what an outage means for it.
func (w *watcher) follow(r wire.JournalRecord, cut, failing, resumed bool) {
	_, reporter := w.app.parts()
	var owed *wire.JournalSpan
	w.outage, owed = w.outage.step(r, cut)
	if reporter == nil {
		return
	}
	if owed != nil {
		reporter.Owe(*owed)
	}
	if w.peers.news { // the LAN may be split: the controller's own packets do not show it
		reporter.Owe(wire.JournalSpan{Boot: r.Boot, From: max(r.BootClock-peersLooks*lookEvery, 0), To: r.BootClock})
		reporter.Nudge()
	}
	silent := r.PacketAge > silentFor(r.PeersKnown)
	heard := r.PacketAge >= 0 && r.PacketAge < lookEvery
	switch {
	case resumed:
		w.doubted = silent
		w.app.client.Abandon() // the other side may have given it up long ago
		reporter.Nudge()       // the controller takes this machine for asleep
	case silent && !w.doubted:
		w.doubted = true
		reporter.Nudge() // find out, and go through a neighbour if need be
	case heard && failing:
		reporter.Nudge() // the way is open again
	case w.app.trialOver(r.BootClock):
		reporter.Nudge() // to hear whether the new address is at a site
	}
	if !silent {
		w.doubted = false
	}
}

// record is what the machine knows of its surroundings now.
func (a *App) record(ctx context.Context) (r wire.JournalRecord, failing bool, uplink string) {
	boot, clock := a.boot()
	r = wire.JournalRecord{
		Boot: boot, BootClock: clock, Wall: a.opts.Now().UTC(), Kind: wire.RecordTick,
		PacketAge: wire.Never, AckAge: wire.Never,
	}
	ctx, cancel := context.WithTimeout(ctx, lookEvery/2)
	defer cancel()
	r.Gateway, r.Carrier, r.Power = a.opts.Machine.Surroundings(ctx)
	a.mu.Lock()
	resident := a.resident
	failing, uplink = a.standing.failing, a.standing.uplink
	if a.standing.hasAck {
		r.AckAge = max(clock-a.standing.lastAckClock, 0)
	}
	a.mu.Unlock()
	if resident == nil {
		return r, failing, uplink
	}
	standing := resident.Standing()
	r.Peers, r.PeersKnown = standing.Heard, standing.Neighbours
	if at := resident.LastControllerPacket(); !at.IsZero() {
		r.PacketAge = a.packetAge(at, clock)
	}
	if addr := standing.Addr.Addr(); !addr.IsUnspecified() {
		r.Addr = addr
	}
	return r, failing, uplink
}

// packetAge dates a packet by the boot clock, which goes on in suspend.
func (a *App) packetAge(at time.Time, clock time.Duration) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if at != a.standing.heardAt {
		a.standing.heardAt, a.standing.heardClock = at, clock-time.Since(at)
	}
	return max(clock-a.standing.heardClock, 0)
}

// writeNow puts a last record on disk.
func (a *App) writeNow(ctx context.Context, kind wire.RecordKind, reason string) error {
	r, _, _ := a.record(ctx)
	r.Kind, r.Reason = kind, reason
	if _, err := a.journal.Append(r); err != nil {
		return err
	}
	if err := a.journal.Sync(); err != nil {
		return fmt.Errorf("cannot end the journal: %w", err)
	}
	return nil
}

// oweLastOutage makes the reporter send what an earlier process could not.
func (a *App) oweLastOutage() {
	found, ok := a.journal.Found()
	_, reporter := a.parts()
	if !ok || reporter == nil {
		return
	}
	boot, _ := a.boot()
	if span := owedAtStart(found, boot); span != nil {
		reporter.Owe(*span)
	}
}
