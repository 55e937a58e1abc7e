package runner

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"muster/controller/incident"
	"muster/controller/incident/evidencetest"
	"muster/controller/store"
	"muster/inventory"
)

// drill is a county whose evidence a runner judges, on a real store. The loop is
// not started: the county's own clock steps it.
type drill struct {
	t       *testing.T
	world   *evidencetest.World
	kept    *store.Store
	used    Store // kept, or what a test put before it
	runner  *Runner
	changes []inventory.IncidentChange
	keepAt  time.Time
	onEach  func(inventory.IncidentChange)
}

func newDrill(t *testing.T, o evidencetest.Options) *drill {
	t.Helper()
	d := &drill{t: t, world: evidencetest.New(o)}
	kept, err := store.Open(t.Context(), store.Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "muster.db"), Now: d.world.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := kept.Close(); err != nil {
			t.Error(err)
		}
	})
	d.kept, d.used = kept, kept
	d.start()
	return d
}

// start makes a runner, as a start of the controller does.
func (d *drill) start() {
	d.t.Helper()
	r, err := New(Options{
		Store: d.used, Estate: func(context.Context) (incident.Estate, error) { return d.world.Estate(), nil },
		SiteOf: d.siteOf, Now: d.world.Now, Log: slog.New(slog.DiscardHandler),
		OnChange: func(c inventory.IncidentChange) {
			d.changes = append(d.changes, c)
			if d.onEach != nil {
				d.onEach(c)
			}
		},
	})
	if err != nil {
		d.t.Fatal(err)
	}
	if err := r.resume(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
	d.runner = r
}

func (d *drill) siteOf(workstation string) string {
	for _, s := range d.world.Sites() {
		for _, m := range s.Machines {
			if m.ID == workstation {
				return s.Code
			}
		}
	}
	return ""
}

// run plays until a time after the county's start.
func (d *drill) run(until time.Duration) {
	d.world.Run(until, func(now time.Time, evidence []inventory.Evidence) incident.Outcome {
		d.runner.queue.put(evidence...)
		outcome := d.runner.step(d.t.Context())
		if now.Sub(d.keepAt) >= keepEvery {
			d.keepAt = now
			d.runner.tend(d.t.Context())
		}
		return outcome
	})
}

// of is the site's incidents on disk, without those of single machines.
func (d *drill) of(site string) []inventory.Incident {
	d.t.Helper()
	found, _, err := d.kept.Incidents(d.t.Context(), inventory.IncidentFilter{Site: site, Paged: true})
	if err != nil {
		d.t.Fatal(err)
	}
	return found
}

// one is the site's only incident.
func (d *drill) one(site string) inventory.Incident {
	d.t.Helper()
	found := d.of(site)
	if len(found) != 1 {
		d.t.Fatalf("%s has %d incidents, want one: %v", site, len(found), found)
	}
	return found[0]
}

// inLoop calls what waits for the loop, whose place the test takes.
func (d *drill) inLoop(f func() error) error {
	d.t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		op := <-d.runner.ops
		op(context.Background())
	}()
	err := f()
	<-done
	return err
}

// broken is a store whose changes fail while it is broken.
type broken struct {
	Store

	is bool
}

var errBroken = errors.New("the disk is gone")

// KeepIncidents implements Store.
func (b *broken) KeepIncidents(ctx context.Context, incidents []inventory.Incident, state *inventory.EngineState) error {
	if b.is {
		return errBroken
	}
	return b.Store.KeepIncidents(ctx, incidents, state)
}
