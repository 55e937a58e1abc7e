package refresh_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/controller/refresh"
	"muster/inventory"
)

var monday = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// desk is one position with what is known around it, and its swap.
type desk struct {
	t      *testing.T
	now    time.Time
	scene  refresh.Scene
	swap   inventory.Swap
	events []inventory.Event
}

func newDesk(t *testing.T) *desk {
	return &desk{t: t, now: monday, scene: refresh.Scene{
		Position: inventory.Position{Code: "S001-01", Site: "S001", Asset: "OLD1"},
		Assets: map[string]inventory.Asset{
			"OLD1": {Tag: "OLD1", Serial: "OLDSER1", Kind: inventory.AssetDesktop, Site: "S001", Position: "S001-01"},
			"NEW1": {Tag: "NEW1", Serial: "NEWSER1", Kind: inventory.AssetDesktop, State: inventory.AssetStaged},
			"NEW2": {Tag: "NEW2", Serial: "NEWSER2", Kind: inventory.AssetLaptop, State: inventory.AssetStaged},
		},
		Reported: map[string]bool{"OLD1": true},
	}}
}

func (d *desk) try(a refresh.Action, said refresh.Said) error {
	d.t.Helper()
	if said.By == "" {
		said.By = "alex"
	}
	after, events, err := refresh.Act(d.swap, refresh.Order{Action: a, Said: said, Scene: d.scene}, d.now)
	if err == nil {
		d.swap, d.events = after, append(d.events, events...)
	}
	return err
}

func (d *desk) do(a refresh.Action) {
	d.t.Helper()
	if err := d.try(a, refresh.Said{}); err != nil {
		d.t.Fatalf("%T: %v", a, err)
	}
}

func (d *desk) after(by time.Duration) *desk {
	d.now = d.now.Add(by)
	return d
}

func (d *desk) see(seen refresh.Seen) []inventory.Event {
	d.t.Helper()
	after, events := refresh.DefaultRules().Verify(d.swap, seen, d.now)
	d.swap, d.events = after, append(d.events, events...)
	return events
}

// planned is a desk whose swap to NEW1 is planned.
func planned(t *testing.T) *desk {
	d := newDesk(t)
	d.do(refresh.Plan{ID: "x00000001", New: "NEW1"})
	return d
}

func (d *desk) refused(a refresh.Action, said refresh.Said, why, hint string) {
	d.t.Helper()
	before := d.swap
	err := d.try(a, said)
	var r *refresh.Refusal
	if !errors.As(err, &r) || !strings.Contains(err.Error(), why) || !strings.Contains(r.Hint(), hint) {
		d.t.Errorf("%T: %v; want it refused because %q, with the hint %q", a, err, why, hint)
	}
	if diff := cmp.Diff(before, d.swap); diff != "" {
		d.t.Errorf("a refused order changed the swap: %s", diff)
	}
}

// at work: the new machine reports from the site and its checks pass.
func (d *desk) working(id string) refresh.Install {
	return refresh.Install{
		ID: id, EnrolledAt: d.now.Add(-time.Hour), LastReportAt: d.now, HeardAt: d.now, Site: "S001", SiteSince: d.now, Presence: inventory.Present,
		Checks: []refresh.MachineCheck{{Name: "records", Passed: inventory.Known(true), At: d.now}},
	}
}

// quiet is an install that was heard last at a moment and is silent since.
func quiet(id string, since time.Time) refresh.Install {
	return refresh.Install{ID: id, LastReportAt: since, HeardAt: since, Site: "S001", Presence: inventory.Silent}
}

func (d *desk) seen(old, fresh refresh.Install) refresh.Seen {
	return refresh.Seen{
		Old:         refresh.Machine{Asset: d.scene.Assets["OLD1"], Installs: []refresh.Install{old}},
		New:         refresh.Machine{Asset: d.scene.Assets["NEW1"], Installs: []refresh.Install{fresh}},
		SiteHeardAt: d.now,
	}
}

func (d *desk) is(state inventory.SwapState) {
	d.t.Helper()
	if d.swap.State != state {
		d.t.Fatalf("the swap is %s, want %s; missing: %v", d.swap.State, state, d.swap.Missing)
	}
	folded, err := refresh.Fold(d.events)
	if err != nil {
		d.t.Fatal(err)
	}
	kept := d.swap
	kept.Missing = nil
	if diff := cmp.Diff(kept, folded); diff != "" {
		d.t.Fatalf("its events add up to something else: %s", diff)
	}
}
