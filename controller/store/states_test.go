package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/inventory"
)

func swapState(key string, version int) inventory.State {
	return inventory.State{
		Noun: inventory.NounSwap, Key: key, Site: "MILL", Version: version, Body: json.RawMessage(fmt.Sprintf(`{"id":%q,"version":%d}`, key, version)),
	}
}

func swapEvent(key, author string) inventory.Event {
	return inventory.Event{Kind: inventory.EventSwapDone, Subject: inventory.Subject{Noun: inventory.NounSwap, Key: key}, Author: author}
}

func TestStateIsKeptWithTheEventThatLedToIt(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		events := []inventory.Event{swapEvent("x1", "ann")}
		must(t, s.Record(t.Context(), events, []inventory.State{swapState("x1", 1), swapState("x2", 1)}))
		if events[0].ID != 1 {
			t.Errorf("the event got number %d", events[0].ID)
		}
		got, err := s.State(t.Context(), inventory.NounSwap, "x1")
		must(t, err)
		want := swapState("x1", 1)
		want.ChangedAt, want.ChangedBy = noon, "ann"
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("state (-want +got):\n%s", diff)
		}
		_, err = s.State(t.Context(), inventory.NounSwap, "x9")
		wantErr(t, err, ErrNotFound)
	})
}

func TestSlowerWriterIsToldWhoWasFasterAndNothingIsWritten(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		must(t, s.Record(t.Context(), []inventory.Event{swapEvent("x1", "ann")}, []inventory.State{swapState("x1", 1)}))
		must(t, s.Record(t.Context(), []inventory.Event{swapEvent("x1", "bob")}, []inventory.State{swapState("x1", 2)}))
		err := s.Record(t.Context(), []inventory.Event{swapEvent("x2", "cat")}, []inventory.State{swapState("x2", 1), swapState("x1", 2)})
		wantErr(t, err, ErrConflict, `swap "x1" was changed by bob at 2026-11-23T12:00:00Z`, "version 2")
		wantErr(t, s.Record(t.Context(), nil, []inventory.State{swapState("x1", 1)}), ErrConflict, "bob")
		wantErr(t, s.Record(t.Context(), nil, []inventory.State{swapState("x3", 2)}), ErrConflict, `swap "x3" is not there`)
		if _, err := s.State(t.Context(), inventory.NounSwap, "x2"); !errors.Is(err, ErrNotFound) {
			t.Errorf("half was written: %v", err)
		}
		events, _, err := s.Events(t.Context(), inventory.EventFilter{})
		must(t, err)
		if len(events) != 2 {
			t.Errorf("%d events, want 2", len(events))
		}
		for _, bad := range []inventory.State{{}, {Noun: "swap", Key: "x", Version: 0, Body: json.RawMessage(`{}`)}, {Noun: "swap", Key: "x", Version: 1, Body: json.RawMessage(`{`)}} {
			if err := s.Record(t.Context(), nil, []inventory.State{bad}); err == nil {
				t.Errorf("%+v was kept", bad)
			}
		}
	})
}

// TestTwoTechniciansNeverOverwriteEachOther has two stores of one database change
// the same state from the same version: just one of each pair gets through.
func TestTwoTechniciansNeverOverwriteEachOther(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		stores := []*Store{open(t, url), open(t, url)}
		const rounds = 20
		done := make([][]bool, len(stores))
		var both sync.WaitGroup
		for i, s := range stores {
			done[i] = make([]bool, rounds+1)
			both.Go(func() {
				for version := 1; version <= rounds; version++ {
					state := swapState("x1", version)
					state.Body = json.RawMessage(fmt.Sprint(i))
					switch err := s.Record(t.Context(), []inventory.Event{swapEvent("x1", fmt.Sprint(i))}, []inventory.State{state}); {
					case err == nil:
						done[i][version] = true
					case !errors.Is(err, ErrConflict):
						t.Error(err)
					}
				}
			})
		}
		both.Wait()
		held, err := stores[0].State(t.Context(), inventory.NounSwap, "x1")
		must(t, err)
		for version := 1; version <= held.Version; version++ {
			if done[0][version] == done[1][version] {
				t.Errorf("version %d: %v and %v", version, done[0][version], done[1][version])
			}
		}
		events, _, err := stores[1].Events(t.Context(), inventory.EventFilter{})
		must(t, err)
		if len(events) != held.Version {
			t.Errorf("%d events led to version %d", len(events), held.Version)
		}
	})
}

func TestStatesAreListedByNounSiteAndKey(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		var all []inventory.State
		for i := range 25 {
			state := swapState(fmt.Sprintf("x%02d", i), 1)
			state.Site = []string{"MILL", "HALL"}[i%2]
			all = append(all, state)
		}
		all = append(all, inventory.State{Noun: inventory.NounWaiver, Key: "x01", Version: 1, Body: json.RawMessage(`{}`)})
		must(t, s.Record(t.Context(), nil, all))
		var keys []string
		page := inventory.Page{Limit: 10}
		for range 3 {
			states, next, err := s.States(t.Context(), inventory.StateFilter{Noun: inventory.NounSwap, Page: page})
			must(t, err)
			for _, state := range states {
				keys = append(keys, state.Key)
			}
			page.After = next
		}
		if len(keys) != 25 || keys[24] != "x24" || page.After != "" {
			t.Fatalf("%v, cursor %q", keys, page.After)
		}
		atHall, _, err := s.States(t.Context(), inventory.StateFilter{Noun: inventory.NounSwap, Site: "HALL"})
		must(t, err)
		some, _, err := s.States(t.Context(), inventory.StateFilter{Noun: inventory.NounSwap, Keys: []string{"x03", "x04", "x99"}})
		must(t, err)
		if len(atHall) != 12 || len(some) != 2 {
			t.Errorf("%d at HALL, %d by key", len(atHall), len(some))
		}
	})
}

func TestSwapAndItsAssetsChangeTogetherOrNotAtAll(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		mustApply(t, s, made(t, inventory.NounSite, "MILL", site("MILL")), made(t, inventory.NounAsset, "A1", asset("A1", "MILL")))
		retired := asset("A1", "")
		retired.State = inventory.AssetRetired
		batch := inventory.Batch{Source: "swap x1", Author: "ann", Changes: []inventory.Change{changed(t, inventory.NounAsset, "A1", asset("A1", "MILL"), retired)}}
		_, err := s.RecordBatch(t.Context(), []inventory.Event{swapEvent("x1", "ann")}, []inventory.State{swapState("x1", 2)}, batch)
		wantErr(t, err, ErrConflict)
		if a, err := s.Asset(t.Context(), "A1"); err != nil || a.State != "" {
			t.Fatalf("the asset is %s, %v, after a change that was refused", a.State, err)
		}
		number, err := s.RecordBatch(t.Context(), []inventory.Event{swapEvent("x1", "ann")}, []inventory.State{swapState("x1", 1)}, batch)
		must(t, err)
		a, err := s.Asset(t.Context(), "A1")
		must(t, err)
		if a.State != inventory.AssetRetired || number != 2 {
			t.Errorf("the asset is %s, batch %d", a.State, number)
		}
		number, err = s.RecordBatch(t.Context(), nil, []inventory.State{swapState("x1", 2)}, inventory.Batch{})
		if err != nil || number != 0 {
			t.Errorf("without changes: batch %d, %v", number, err)
		}
	})
}

func evaluation(at time.Time, site, gate string, verdict inventory.ReadyVerdict) inventory.Evaluation {
	return inventory.Evaluation{Site: site, Gate: gate, At: at, Verdict: verdict, Criteria: []inventory.CriterionResult{}, Blockers: []inventory.Blocker{}}
}

func TestReadinessIsShownAsItWasKnown(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		hour := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }
		all := []inventory.Evaluation{
			evaluation(hour(0), "MILL", "go-live", inventory.VerdictUndecided),
			evaluation(hour(2), "MILL", "go-live", inventory.VerdictBlocked),
			evaluation(hour(2), "MILL", "go-live", inventory.VerdictReady), // of the same moment the later counts
			evaluation(hour(1), "HALL", "go-live", inventory.VerdictBlocked),
			evaluation(hour(3), "MILL", "people", inventory.VerdictReady),
		}
		must(t, s.AppendEvaluations(t.Context(), all))
		must(t, s.AppendEvaluations(t.Context(), nil))
		for asOf, want := range map[time.Time][]inventory.Evaluation{
			hour(-1): {}, hour(0): {all[0]}, hour(1): {all[3], all[0]}, hour(2): {all[3], all[2]}, {}: {all[3], all[2], all[4]},
		} {
			got, err := s.Evaluations(t.Context(), asOf)
			must(t, err)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("as of %s (-want +got):\n%s", asOf, diff)
			}
		}
		one, err := s.Evaluation(t.Context(), all[1].ID)
		must(t, err)
		if one.Verdict != inventory.VerdictBlocked || one.ID != all[1].ID {
			t.Errorf("evaluation %+v", one)
		}
		for _, id := range []string{"", "e", "e99", "e01", "1", "x1"} {
			_, err := s.Evaluation(t.Context(), id)
			wantErr(t, err, ErrNotFound)
		}
		var history []inventory.ReadyVerdict
		page := inventory.Page{Limit: 1}
		for range 3 {
			found, next, err := s.EvaluationsOf(t.Context(), "MILL", "go-live", page)
			must(t, err)
			history = append(history, found[0].Verdict)
			page.After = next
		}
		if diff := cmp.Diff([]inventory.ReadyVerdict{inventory.VerdictReady, inventory.VerdictBlocked, inventory.VerdictUndecided}, history); diff != "" || page.After != "" {
			t.Errorf("history, cursor %q (-want +got):\n%s", page.After, diff)
		}
		_, _, err = s.EvaluationsOf(t.Context(), "MILL", "go-live", inventory.Page{After: "yesterday"})
		wantErr(t, err, ErrNotFound)
	})
}
