package runner

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/controller/incident"
	"muster/controller/incident/evidencetest"
	"muster/controller/rehearsal"
	"muster/inventory"
)

func TestChangesAreOnDiskBeforeAnyoneHearsOfThem(t *testing.T) {
	d := newDrill(t, evidencetest.Options{Sites: 3, PerSite: 6, Seed: 1})
	d.onEach = func(c inventory.IncidentChange) {
		i, err := d.kept.Incident(t.Context(), c.Incident.ID)
		if err != nil || i.State != c.Incident.State || len(i.Verdicts) < len(c.Incident.Verdicts) {
			t.Errorf("%s of %s is told of while the disk says %s, %v", c.Step, c.Incident.ID, i.State, err)
		}
	}
	s := d.world.Site("S002")
	d.world.At(2*time.Minute, func() { d.world.CutLink(s) })
	d.world.At(4*time.Minute, func() { d.world.HealLink(s) })
	d.run(6 * time.Minute)
	if len(d.changes) < 3 {
		t.Fatalf("only %d changes were told of", len(d.changes))
	}
	events, _, err := d.kept.Events(t.Context(), inventory.EventFilter{Subject: inventory.Subject{Noun: inventory.NounIncident, Key: d.one("S002").ID}})
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, e := range events {
		kinds[e.Kind]++
	}
	if kinds[EventOpened] != 1 || kinds[EventResolved] != 1 {
		t.Errorf("its events are %v", kinds)
	}
}

// TestAnOutageOutlivesAKill abandons the runner in the middle of an outage, as
// kill -9 does, and starts another on the same store.
func TestAnOutageOutlivesAKill(t *testing.T) {
	for _, down := range []time.Duration{5 * time.Second, 3 * time.Minute} {
		d := newDrill(t, evidencetest.Options{Sites: 3, PerSite: 6, Seed: 2})
		s := d.world.Site("S002")
		d.world.At(2*time.Minute, func() { d.world.CutLink(s) })
		d.run(3 * time.Minute)
		before := d.one("S002")
		if before.State != inventory.IncidentOpen {
			t.Fatalf("before the kill it is %s", before.State)
		}
		back := 3*time.Minute + down
		d.world.Run(back, func(time.Time, []inventory.Evidence) incident.Outcome { return incident.Outcome{} }) // nobody listens
		d.start()
		d.run(back + time.Minute)
		after := d.one("S002")
		if after.ID != before.ID || !after.StartedAt.Equal(before.StartedAt) || after.State != inventory.IncidentOpen {
			t.Errorf("before the kill %s since %s, afterwards %s since %s, %s", before.ID, before.StartedAt, after.ID, after.StartedAt, after.State)
		}
		d.world.At(back+time.Minute, func() { d.world.HealLink(s) })
		d.run(back + 4*time.Minute)
		if ended := d.one("S002"); ended.State != inventory.IncidentResolved || ended.Grade != inventory.GradeProven {
			t.Errorf("after healing it is %s, %s", ended.State, ended.Grade)
		}
		opened := 0
		for _, c := range d.changes {
			if c.Step == inventory.IncidentOpened {
				opened++
			}
		}
		if opened != 1 {
			t.Errorf("one outage was opened %d times", opened)
		}
	}
}

func TestDamagedMemoryEndsWhatItHadOpenAndFindsItAnew(t *testing.T) {
	d := newDrill(t, evidencetest.Options{Sites: 3, PerSite: 6, Seed: 3})
	s := d.world.Site("S002")
	d.world.At(2*time.Minute, func() { d.world.CutLink(s) })
	d.run(3 * time.Minute)
	before := d.one("S002")
	if err := d.kept.KeepIncidents(t.Context(), nil, &inventory.EngineState{SavedAt: d.world.Now(), Body: []byte("{half a snap")}); err != nil {
		t.Fatal(err)
	}
	d.start()
	lost, err := d.kept.Incident(t.Context(), before.ID)
	if err != nil || lost.State != inventory.IncidentResolved || !strings.Contains(lost.Reason(), "does not remember") {
		t.Errorf("what was open is %s, %q, %v", lost.State, lost.Reason(), err)
	}
	d.world.At(4*time.Minute, func() { d.world.HealLink(s) })
	d.world.At(6*time.Minute, func() { d.world.CutLink(s) })
	d.run(8 * time.Minute)
	if found := d.of("S002"); len(found) != 2 || found[0].ID == before.ID || !found[0].Live() {
		t.Errorf("the engine that began anew found %v", found)
	}
}

func TestExportReplaysToTheSameVerdict(t *testing.T) {
	d := newDrill(t, evidencetest.Options{Sites: 4, PerSite: 6, Seed: 4})
	s := d.world.Site("S002")
	d.world.At(4*time.Minute, func() { d.world.CutLink(s) })
	d.world.At(14*time.Minute, func() { d.world.HealLink(s) })
	d.run(17 * time.Minute)
	want := d.one("S002")
	if want.Grade != inventory.GradeProven {
		t.Fatalf("it is only %s: %s", want.Grade, want.Reason())
	}
	var file bytes.Buffer
	if err := d.export(want.ID, &file); err != nil {
		t.Fatal(err)
	}
	r, err := rehearsal.Parse("incident.yaml", bytes.NewReader(file.Bytes()))
	if err != nil {
		t.Fatalf("the export is no rehearsal: %v", err)
	}
	t.Logf("%d observations, %d bytes", len(r.Evidence), file.Len())
	if sheet := rehearsal.Judge(r, rehearsal.Replay(r)); !sheet.Passed {
		t.Errorf("the replay concludes something else: %+v", sheet)
	}
}

// export calls Export.
func (d *drill) export(id string, out *bytes.Buffer) error {
	return d.inLoop(func() error { return d.runner.Export(d.t.Context(), id, out) })
}

func TestPeopleHearThoughTheDiskIsGoneAndItIsKeptLater(t *testing.T) {
	d := newDrill(t, evidencetest.Options{Sites: 3, PerSite: 6, Seed: 5})
	disk := &broken{Store: d.kept}
	d.used = disk
	d.start()
	s := d.world.Site("S002")
	d.world.At(2*time.Minute, func() { disk.is = true; d.world.CutLink(s) })
	d.run(3 * time.Minute)
	opened := ""
	for _, c := range d.changes {
		if c.Step == inventory.IncidentOpened {
			opened = c.Incident.ID
		}
	}
	if opened == "" || len(d.of("S002")) > 0 {
		t.Fatalf("with a broken disk %q opened and %d incidents are on it", opened, len(d.of("S002")))
	}
	disk.is = false
	d.run(4 * time.Minute)
	if i := d.one("S002"); i.ID != opened || i.State != inventory.IncidentOpen {
		t.Errorf("on the disk is %s, %s; opened was %s", i.ID, i.State, opened)
	}
}

func TestWhatAPersonDidOutlivesARestartAndTheIncidentsEnd(t *testing.T) {
	d := newDrill(t, evidencetest.Options{Sites: 3, PerSite: 6, Seed: 6})
	s := d.world.Site("S002")
	d.world.At(2*time.Minute, func() { d.world.CutLink(s) })
	d.run(3 * time.Minute)
	id := d.one("S002").ID
	do := func(f func() (inventory.Incident, error)) {
		t.Helper()
		if err := d.inLoop(func() error { _, err := f(); return err }); err != nil {
			t.Fatal(err)
		}
	}
	do(func() (inventory.Incident, error) { return d.runner.Acknowledge(t.Context(), id, "ann") })
	do(func() (inventory.Incident, error) { return d.runner.Acknowledge(t.Context(), id, "bob") })
	do(func() (inventory.Incident, error) { return d.runner.Ticket(t.Context(), id, "ann", "NN-1") })
	d.start()
	d.world.At(3*time.Minute+time.Second, func() { d.world.HealLink(s) })
	d.run(6 * time.Minute)
	do(func() (inventory.Incident, error) { return d.runner.Note(t.Context(), id, "ann", "it was a digger") })
	i := d.one("S002")
	if i.AcknowledgedBy != "ann" || i.Ticket != "NN-1" || len(i.Notes) != 1 || i.State != inventory.IncidentResolved {
		t.Errorf("at the end it is %s, acknowledged by %q, ticket %q, notes %v", i.State, i.AcknowledgedBy, i.Ticket, i.Notes)
	}
	if diff := cmp.Diff([]inventory.Note{{At: d.world.Now(), Author: "ann", Text: "it was a digger"}}, i.Notes); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// hung is a store whose changes never return until they are let go.
type hung struct {
	Store

	let chan struct{}
}

// KeepIncidents implements Store.
func (h hung) KeepIncidents(ctx context.Context, incidents []inventory.Incident, state *inventory.EngineState) error {
	<-h.let
	return h.Store.KeepIncidents(ctx, incidents, state)
}

// TestAFullQueueNeverBlocksWhoObserves hangs the engine's loop in a write and goes
// on observing, far beyond the queue's room.
func TestAFullQueueNeverBlocksWhoObserves(t *testing.T) {
	d := newDrill(t, evidencetest.Options{Sites: 2, PerSite: 4, Seed: 7})
	let := make(chan struct{})
	synctest.Test(t, func(t *testing.T) {
		r, err := New(Options{
			Store: hung{d.kept, let}, Estate: func(context.Context) (incident.Estate, error) { return d.world.Estate(), nil },
			SiteOf: d.siteOf, Now: time.Now, Log: slog.New(slog.DiscardHandler), QueueSize: 100,
		})
		if err != nil {
			t.Fatal(err)
		}
		var observers sync.WaitGroup
		for range 4 {
			observers.Go(func() {
				for range 250 {
					r.learn(inventory.Evidence{At: time.Now(), Kind: inventory.EvidenceSweep, Site: "S001", Workstation: "w1"})
				}
			})
		}
		observers.Wait() // the loop does not run: nobody takes anything
		depth, dropped := r.queue.counts()
		if depth != 100 || dropped != 900 {
			t.Errorf("%d wait and %d were dropped, want 100 and 900", depth, dropped)
		}
	})
	close(let)
}

func TestQueueKeepsTheNewestInTheirOrder(t *testing.T) {
	q := newQueue(3)
	for n := range 5 {
		q.put(inventory.Evidence{RTT: time.Duration(n)})
	}
	var got []time.Duration
	for _, p := range q.take() {
		got = append(got, p.RTT)
	}
	if diff := cmp.Diff([]time.Duration{2, 3, 4}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if again := q.take(); len(again) > 0 {
		t.Errorf("taken twice: %v", again)
	}
}

func TestALifeOutOfOrderFailsCleanly(t *testing.T) {
	d := newDrill(t, evidencetest.Options{Sites: 2, PerSite: 4, Seed: 8})
	r, err := New(Options{
		Store: d.kept, Estate: func(context.Context) (incident.Estate, error) { return d.world.Estate(), nil },
		SiteOf: d.siteOf, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := r.Start(t.Context()); err == nil {
		t.Error("it started twice")
	}
	r.Close()
	r.Close()
	if _, err := r.Acknowledge(t.Context(), "i00000000", "ann"); !errors.Is(err, ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
	never, err := New(Options{
		Store: d.kept, Estate: func(context.Context) (incident.Estate, error) { return incident.Estate{}, errBroken },
		SiteOf: d.siteOf, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := never.Start(t.Context()); !errors.Is(err, errBroken) {
		t.Errorf("without a register: %v", err)
	}
	if _, err := never.Acknowledge(t.Context(), "i00000000", "ann"); !errors.Is(err, ErrClosed) {
		t.Errorf("after a start that failed: %v", err)
	}
	never.Close()
}
