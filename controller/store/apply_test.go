package store

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/inventory"
)

func link(circuit, at string) inventory.Link {
	return inventory.Link{Circuit: circuit, Site: at, Carrier: "BT"}
}

func asset(tag, at string) inventory.Asset {
	return inventory.Asset{Tag: tag, Site: at, Kind: inventory.AssetDesktop, Serial: "SN-" + tag, Model: "OptiPlex 7010"}
}

func changed(t testing.TB, noun inventory.Noun, key string, before, after any) inventory.Change {
	t.Helper()
	c := inventory.Change{Noun: noun, Key: key}
	if before != nil {
		c.Before = asJSON(t, before)
	}
	if after != nil {
		c.After = asJSON(t, after)
	}
	return c
}

func apply(s *Store, changes ...inventory.Change) error {
	_, err := s.Apply(context.Background(), inventory.Batch{Source: "test.csv", Author: "ann", Changes: changes})
	return err
}

func undo(s *Store, number int64) error {
	return s.Undo(context.Background(), number, "bob", noon.Add(time.Hour))
}

func TestBatchMakesTheRegisterAndUndoTakesItBack(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		before, err := s.Estate(t.Context())
		must(t, err)
		subnet := inventory.Subnet{Prefix: netip.MustParsePrefix("10.1.0.0/24"), Site: "MILL"}
		number := mustApply(t, s,
			made(t, inventory.NounAsset, "A1", asset("A1", "MILL")), // names a site that is made later in the batch
			made(t, inventory.NounLink, "C1", link("C1", "MILL")),
			made(t, inventory.NounSubnet, "10.1.0.0/24", subnet),
			made(t, inventory.NounSite, "MILL", site("MILL")),
		)
		got, err := s.Estate(t.Context())
		must(t, err)
		want := inventory.Register{
			Sites: []inventory.Site{site("MILL")}, Subnets: []inventory.Subnet{subnet},
			Links: []inventory.Link{link("C1", "MILL")}, Assets: []inventory.Asset{asset("A1", "MILL")},
		}
		addrs := cmp.Comparer(func(a, b netip.Addr) bool { return a == b })
		prefixes := cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })
		if diff := cmp.Diff(want, got, addrs, prefixes); diff != "" {
			t.Fatalf("register (-want +got):\n%s", diff)
		}
		must(t, undo(s, number))
		got, err = s.Estate(t.Context())
		must(t, err)
		if diff := cmp.Diff(before, got, addrs, prefixes); diff != "" {
			t.Fatalf("register after undo (-want +got):\n%s", diff)
		}
		wantErr(t, undo(s, number), ErrConflict, "undone at")
		wantErr(t, undo(s, 99), ErrNotFound)
		events, _, err := s.Events(t.Context(), inventory.EventFilter{Subject: inventory.Subject{Noun: inventory.NounSite, Key: "MILL"}})
		must(t, err)
		if len(events) != 2 || events[0].Kind != inventory.EventRegisterUndone || events[1].Kind != inventory.EventRegisterMade ||
			events[0].Author != "bob" || string(events[1].Body) != fmt.Sprintf(`{"batch":%d}`, number) {
			t.Fatalf("events %+v", events)
		}
		batch, err := s.Batch(t.Context(), number)
		must(t, err)
		if len(batch.Changes) != 4 || batch.UndoneAt.IsZero() || batch.Source != "test.csv" {
			t.Fatalf("batch %+v", batch)
		}
	})
}

func TestBadBatchChangesNothing(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		mustApply(t, s, made(t, inventory.NounSite, "MILL", site("MILL")))
		renamed := site("MILL")
		renamed.Name = "The Mill"
		for name, c := range map[string]struct {
			last inventory.Change
			want error
			text string
		}{
			"is there":        {made(t, inventory.NounSite, "MILL", renamed), ErrConflict, `site "MILL" is already there`},
			"not there":       {changed(t, inventory.NounSite, "GONE", site("GONE"), nil), ErrConflict, `site "GONE" is no longer there`},
			"meanwhile":       {changed(t, inventory.NounSite, "MILL", renamed, site("MILL")), ErrConflict, "changed meanwhile"},
			"no site":         {made(t, inventory.NounLink, "C9", link("C9", "NOWHERE")), ErrConflict, `link "C9" names site "NOWHERE"`},
			"other key":       {made(t, inventory.NounSite, "HALL", site("TOWER")), ErrConflict, `"TOWER"`},
			"says nothing":    {inventory.Change{Noun: inventory.NounSite, Key: "X"}, ErrConflict, "neither"},
			"changed twice":   {made(t, inventory.NounSite, "FIRST", site("FIRST")), ErrConflict, "twice"},
			"invalid":         {made(t, inventory.NounSite, "bad code", site("bad code")), nil, "not a site code"},
			"unknown field":   {inventory.Change{Noun: inventory.NounSite, Key: "X", After: json.RawMessage(`{"code":"X","name":"X","colour":"red"}`)}, nil, "colour"},
			"unknown noun":    {inventory.Change{Noun: "ship", Key: "X", After: json.RawMessage(`{}`)}, nil, "ship"},
			"two values":      {inventory.Change{Noun: inventory.NounSite, Key: "X", After: json.RawMessage(`{"code":"X","name":"X"}{}`)}, nil, "more than one"},
			"truncated value": {inventory.Change{Noun: inventory.NounSite, Key: "X", After: json.RawMessage(`{"code":"X`)}, nil, "cannot apply batch"},
		} {
			err := apply(s, made(t, inventory.NounSite, "FIRST", site("FIRST")), c.last)
			if err == nil || !contains(err.Error(), c.text) {
				t.Errorf("%s: got error %v, want one that says %q", name, err, c.text)
			}
			if c.want != nil {
				wantErr(t, err, c.want)
			}
			if _, err := s.Site(t.Context(), "FIRST"); err == nil {
				t.Fatalf("%s: half of the batch was written", name)
			}
		}
		batches, _, err := s.Batches(t.Context(), inventory.Page{})
		must(t, err)
		events, _, err := s.Events(t.Context(), inventory.EventFilter{})
		must(t, err)
		if len(batches) != 1 || len(events) != 1 {
			t.Fatalf("%d batches and %d events, want one of each", len(batches), len(events))
		}
	})
}

func TestUndoIsRefusedWhileAnythingDependsOnTheBatch(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		first := mustApply(t, s, made(t, inventory.NounSite, "MILL", site("MILL")))
		second := mustApply(t, s, made(t, inventory.NounAsset, "A1", asset("A1", "MILL")))
		wantErr(t, undo(s, first), ErrDependent, `site "MILL"`, `asset "A1"`, fmt.Sprintf("batch %d", second))
		renamed := site("MILL")
		renamed.Name = "The Mill"
		third := mustApply(t, s, changed(t, inventory.NounSite, "MILL", site("MILL"), renamed))
		wantErr(t, undo(s, first), ErrDependent, fmt.Sprintf("batch %d (test.csv by ann)", third), `site "MILL"`)
		must(t, undo(s, third))
		must(t, undo(s, second))
		must(t, undo(s, first))
	})
}

func TestUndoIsRefusedWhileAWorkstationOrTokenRefersToTheBatch(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		first := mustApply(t, s, made(t, inventory.NounSite, "MILL", site("MILL")))
		second := mustApply(t, s, made(t, inventory.NounAsset, "A1", asset("A1", "")))
		enrol(t, s, 1)
		w := workstation(1)
		w.AssetTag, w.HomeSite, w.Site = "A1", "MILL", "MILL"
		must(t, s.change(t.Context(), "enrol", func(t tx) error { return writeWorkstation(t, w) }))
		wantErr(t, undo(s, second), ErrDependent, `asset "A1"`, `workstation "w00000001"`)
		wantErr(t, undo(s, first), ErrDependent, `site "MILL"`, `workstation "w00000001"`)
		must(t, s.RevokeWorkstation(t.Context(), w.ID, "lost", "ann", noon))
		must(t, undo(s, second))
		siteToken := token("taaaaaaaa", 1)
		siteToken.Kind, siteToken.Site = inventory.TokenSite, "MILL"
		must(t, s.AddToken(t.Context(), siteToken))
		wantErr(t, undo(s, first), ErrDependent, `token "taaaaaaaa"`)
		must(t, s.RevokeToken(t.Context(), siteToken.ID, noon))
		must(t, undo(s, first))
	})
}

func TestUndoIsRefusedWhereItWouldNameASiteThatIsGone(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		mustApply(t, s, made(t, inventory.NounSite, "MILL", site("MILL")), made(t, inventory.NounSite, "HALL", site("HALL")),
			made(t, inventory.NounLink, "C1", link("C1", "MILL")))
		moved := mustApply(t, s, changed(t, inventory.NounLink, "C1", link("C1", "MILL"), link("C1", "HALL")))
		mustApply(t, s, changed(t, inventory.NounSite, "MILL", site("MILL"), nil))
		wantErr(t, undo(s, moved), ErrDependent, `link "C1" names site "MILL"`)
		l, err := s.Link(t.Context(), "C1")
		must(t, err)
		if l.Site != "HALL" {
			t.Fatalf("the link is at %s after a refused undo", l.Site)
		}
	})
}

func TestRemovedSiteMayNotBeReferredTo(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		mustApply(t, s, made(t, inventory.NounSite, "MILL", site("MILL")), made(t, inventory.NounLink, "C1", link("C1", "MILL")))
		wantErr(t, apply(s, changed(t, inventory.NounSite, "MILL", site("MILL"), nil)), ErrDependent, `link "C1" of batch 1`)
		must(t, apply(s, changed(t, inventory.NounSite, "MILL", site("MILL"), nil), changed(t, inventory.NounLink, "C1", link("C1", "MILL"), nil)))
	})
}

func TestWorkstationFollowsItsAssetInTheRegister(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		mustApply(t, s, made(t, inventory.NounSite, "MILL", site("MILL")), made(t, inventory.NounSite, "HALL", site("HALL")),
			made(t, inventory.NounAsset, "A1", asset("A1", "MILL")))
		w := workstation(1)
		w.AssetTag, w.HomeSite = "A1", "MILL"
		must(t, s.change(t.Context(), "enrol", func(t tx) error { return writeWorkstation(t, w) }))
		laptop := asset("A1", "HALL")
		laptop.Kind = inventory.AssetLaptop
		n := mustApply(t, s, changed(t, inventory.NounAsset, "A1", asset("A1", "MILL"), laptop))
		got, err := s.Workstation(t.Context(), w.ID)
		must(t, err)
		if got.HomeSite != "HALL" || got.Kind != inventory.AssetLaptop {
			t.Fatalf("home site %s, kind %s", got.HomeSite, got.Kind)
		}
		must(t, undo(s, n))
		got, err = s.Workstation(t.Context(), w.ID)
		must(t, err)
		if got.HomeSite != "MILL" {
			t.Fatalf("home site %s after undo", got.HomeSite)
		}
	})
}

func TestListsComeInPagesAndAreSearchedByWords(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		changes := []inventory.Change{made(t, inventory.NounSite, "MILL", site("MILL")), made(t, inventory.NounSite, "HALL", site("HALL"))}
		for i := range 25 {
			tag := fmt.Sprintf("LIB-%04d", i)
			a := asset(tag, []string{"MILL", "HALL"}[i%2])
			a.MACs = []string{mac(i)}
			changes = append(changes, made(t, inventory.NounAsset, tag, a))
		}
		mustApply(t, s, changes...)
		var tags []string
		page := inventory.Page{Limit: 10}
		for range 3 {
			assets, next, err := s.Assets(t.Context(), inventory.AssetFilter{Page: page})
			must(t, err)
			for _, a := range assets {
				tags = append(tags, a.Tag)
			}
			page.After = next
		}
		if len(tags) != 25 || page.After != "" || tags[24] != "LIB-0024" {
			t.Fatalf("%d tags, last %s, cursor %q", len(tags), tags[len(tags)-1], page.After)
		}
		for query, want := range map[string]int{
			"": 25, "lib-0007": 1, "lib000": 10, "0007": 1, "optiplex sn-lib-001": 10, "7010 0024": 1, "3c:52:82:00:00:03": 1,
			"nothing": 0, "ptiplex": 0, "%": 0, "lib optiplex": 25,
		} {
			assets, _, err := s.Assets(t.Context(), inventory.AssetFilter{Query: query})
			must(t, err)
			if len(assets) != want {
				t.Errorf("query %q finds %d, want %d", query, len(assets), want)
			}
		}
		assets, _, err := s.Assets(t.Context(), inventory.AssetFilter{Site: "HALL", State: inventory.AssetInService, Kind: inventory.AssetDesktop, Query: "lib"})
		must(t, err)
		if len(assets) != 12 {
			t.Fatalf("%d assets at HALL, want 12", len(assets))
		}
	})
}
