package store

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/inventory"
)

func programme() inventory.Programme { return inventory.Programme{Code: "P1", Name: "The refresh"} }

func wave(code string, sites ...string) inventory.Wave {
	return inventory.Wave{Code: code, Programme: "P1", Name: "Wave " + code, Sites: sites}
}

func position(code, at string) inventory.Position { return inventory.Position{Code: code, Site: at} }

func staff(number, at, name string) inventory.Staff {
	return inventory.Staff{Number: number, Site: at, Role: "clerk", Name: name}
}

func milestone(code string, after ...string) inventory.Milestone {
	return inventory.Milestone{Code: code, Area: "adults", Name: "Move " + code, Wave: "W1", After: after}
}

// refreshed is the changes that make one of each declared noun of a refresh.
func refreshed(t testing.TB) []inventory.Change {
	return []inventory.Change{
		made(t, inventory.NounMilestone, "M2", milestone("M2", "M1")), // names what comes later in the batch
		made(t, inventory.NounMilestone, "M1", milestone("M1")),
		made(t, inventory.NounTraining, "1001/records", inventory.Training{Staff: "1001", Course: "records", On: "2026-11-02"}),
		made(t, inventory.NounCourse, "records", inventory.Course{Code: "records", Name: "Records", Programme: "P1"}),
		made(t, inventory.NounStaff, "1001", staff("1001", "MILL", "Ann Example")),
		made(t, inventory.NounConsignment, "C1", inventory.Consignment{Code: "C1", Site: "MILL"}),
		made(t, inventory.NounVisit, "V1", inventory.Visit{Code: "V1", Site: "MILL", Date: "2026-12-01", Crew: "north"}),
		made(t, inventory.NounPosition, "MILL-1", position("MILL-1", "MILL")),
		made(t, inventory.NounWave, "W1", wave("W1", "MILL", "HALL")),
		made(t, inventory.NounProgramme, "P1", programme()),
		made(t, inventory.NounSite, "MILL", site("MILL")),
		made(t, inventory.NounSite, "HALL", site("HALL")),
	}
}

func TestBatchOfTheRefreshIsMadeAndTakenBack(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		before, err := s.Register(t.Context())
		must(t, err)
		number := mustApply(t, s, refreshed(t)...)
		r, err := s.Register(t.Context())
		must(t, err)
		got := []int{
			len(r.Programmes), len(r.Waves), len(r.Positions), len(r.Visits), len(r.Consignments),
			len(r.Staff), len(r.Courses), len(r.Training), len(r.Milestones),
		}
		if diff := cmp.Diff([]int{1, 1, 1, 1, 1, 1, 1, 1, 2}, got); diff != "" {
			t.Fatalf("nouns in the register (-want +got):\n%s", diff)
		}
		if r.Staff[0].Name != "Ann Example" {
			t.Errorf("the register names %+v", r.Staff[0])
		}
		estate, err := s.Estate(t.Context())
		must(t, err)
		if len(estate.Staff) != 0 || len(estate.Sites) != 2 {
			t.Errorf("the estate holds %d sites and %d staff", len(estate.Sites), len(estate.Staff))
		}
		must(t, undo(s, number))
		after, err := s.Register(t.Context())
		must(t, err)
		if diff := cmp.Diff(asText(t, before), asText(t, after)); diff != "" {
			t.Fatalf("register after undo (-want +got):\n%s", diff)
		}
	})
}

func asText(t testing.TB, v any) string { return string(asJSON(t, v)) }

func TestWhatIsNamedMustExist(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		mustApply(t, s, refreshed(t)...)
		for text, change := range map[string]inventory.Change{
			`position "P" names site "GONE"`:         made(t, inventory.NounPosition, "P", position("P", "GONE")),
			`visit "V" names site "GONE"`:            made(t, inventory.NounVisit, "V", inventory.Visit{Code: "V", Site: "GONE", Date: "2026-12-01", Crew: "x"}),
			`consignment "C" names site "GONE"`:      made(t, inventory.NounConsignment, "C", inventory.Consignment{Code: "C", Site: "GONE"}),
			`staff "7" names site "GONE"`:            made(t, inventory.NounStaff, "7", staff("7", "GONE", "")),
			`wave "W2" names site "GONE"`:            made(t, inventory.NounWave, "W2", wave("W2", "MILL", "GONE")),
			`wave "W2" names programme "P9"`:         made(t, inventory.NounWave, "W2", inventory.Wave{Code: "W2", Programme: "P9", Name: "x"}),
			`course "c" names programme "P9"`:        made(t, inventory.NounCourse, "c", inventory.Course{Code: "c", Name: "c", Programme: "P9"}),
			`training "7/records" names staff "7"`:   made(t, inventory.NounTraining, "7/records", inventory.Training{Staff: "7", Course: "records", On: "2026-11-02"}),
			`training "1001/x" names course "x"`:     made(t, inventory.NounTraining, "1001/x", inventory.Training{Staff: "1001", Course: "x", On: "2026-11-02"}),
			`milestone "M3" names milestone "M9"`:    made(t, inventory.NounMilestone, "M3", milestone("M3", "M9")),
			`milestone "M3" names wave "W9"`:         made(t, inventory.NounMilestone, "M3", inventory.Milestone{Code: "M3", Area: "a", Name: "n", Wave: "W9"}),
			`milestone "M1" waits for itself (M1 → `: changed(t, inventory.NounMilestone, "M1", milestone("M1"), milestone("M1", "M2")),
		} {
			wantErr(t, apply(s, change), ErrConflict, text)
		}
	})
}

func TestWhatIsReferredToStays(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		mustApply(t, s, refreshed(t)...)
		for text, change := range map[string]inventory.Change{
			`programme "P1" is still referred to by course "records" of batch 1`:     changed(t, inventory.NounProgramme, "P1", programme(), nil),
			`wave "W1" is still referred to by milestone "M1"`:                       changed(t, inventory.NounWave, "W1", wave("W1", "MILL", "HALL"), nil),
			`site "HALL" is still referred to by wave "W1"`:                          changed(t, inventory.NounSite, "HALL", site("HALL"), nil),
			`staff "1001" is still referred to by training "1001/records"`:           changed(t, inventory.NounStaff, "1001", staff("1001", "MILL", "Ann Example"), nil),
			`milestone "M1" is still referred to by milestone "M2"`:                  changed(t, inventory.NounMilestone, "M1", milestone("M1"), nil),
			`course "records" is still referred to by training "1001/records" of ba`: changed(t, inventory.NounCourse, "records", inventory.Course{Code: "records", Name: "Records", Programme: "P1"}, nil),
		} {
			wantErr(t, apply(s, change), ErrDependent, text)
		}
		must(t, apply(s, changed(t, inventory.NounWave, "W1", wave("W1", "MILL", "HALL"), wave("W1", "MILL"))))
		must(t, apply(s, changed(t, inventory.NounSite, "HALL", site("HALL"), nil))) // the wave no longer names it
	})
}

// TestMilestonesNeverWaitInARing adds edges at random: those refused are just those
// that would close a ring, and what is kept never has one.
func TestMilestonesNeverWaitInARing(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		after := map[string][]string{}
		for range 40 {
			from, to := fmt.Sprint(random.IntN(12)), fmt.Sprint(random.IntN(12))
			closes := from == to || reaches(after, to, from)
			after[from] = append(after[from], to)
			ring := ringOf(after)
			if (ring != nil) != closes {
				t.Fatalf("seed %d: %s after %s closes a ring: %v, found %v", seed, from, to, closes, ring)
			}
			if ring != nil {
				if ring[0] != ring[len(ring)-1] {
					t.Fatalf("seed %d: %v is no ring", seed, ring)
				}
				after[from] = after[from][:len(after[from])-1]
			}
		}
	}
}

func reaches(after map[string][]string, from, to string) bool {
	seen, next := map[string]bool{}, []string{from}
	for len(next) > 0 {
		key := next[0]
		next = next[1:]
		if key == to {
			return true
		}
		if !seen[key] {
			seen[key] = true
			next = append(next, after[key]...)
		}
	}
	return false
}

func TestNounsAreListedByWhatFitsThem(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		mustApply(t, s, refreshed(t)...)
		mustApply(t, s, made(t, inventory.NounSite, "FARM", site("FARM")), made(t, inventory.NounPosition, "FARM-1", position("FARM-1", "FARM")),
			made(t, inventory.NounPosition, "HALL-1", position("HALL-1", "HALL")), made(t, inventory.NounStaff, "1002", staff("1002", "FARM", "Bob")))
		keys := func(noun inventory.Noun, f inventory.NounFilter) (found []string) {
			t.Helper()
			bodies, _, err := s.Nouns(t.Context(), noun, f)
			must(t, err)
			for _, body := range bodies {
				var n struct{ Code, Number, Staff string }
				must(t, json.Unmarshal(body, &n))
				found = append(found, n.Code+n.Number+n.Staff)
			}
			return found
		}
		for _, c := range []struct {
			noun   inventory.Noun
			filter inventory.NounFilter
			want   []string
		}{
			{inventory.NounPosition, inventory.NounFilter{}, []string{"FARM-1", "HALL-1", "MILL-1"}},
			{inventory.NounPosition, inventory.NounFilter{Site: "HALL"}, []string{"HALL-1"}},
			{inventory.NounPosition, inventory.NounFilter{Wave: "W1"}, []string{"HALL-1", "MILL-1"}},
			{inventory.NounStaff, inventory.NounFilter{Wave: "W1"}, []string{"1001"}},
			{inventory.NounVisit, inventory.NounFilter{State: inventory.VisitPlanned, From: "2026-12-01", To: "2026-12-01"}, []string{"V1"}},
			{inventory.NounVisit, inventory.NounFilter{From: "2026-12-02"}, nil},
			{inventory.NounTraining, inventory.NounFilter{Site: "MILL", Course: "records"}, []string{"1001"}},
			{inventory.NounTraining, inventory.NounFilter{Site: "FARM"}, nil},
			{inventory.NounMilestone, inventory.NounFilter{Wave: "W1", Area: "adults"}, []string{"M1", "M2"}},
			{inventory.NounWave, inventory.NounFilter{Programme: "P1"}, []string{"W1"}},
		} {
			if diff := cmp.Diff(c.want, keys(c.noun, c.filter)); diff != "" {
				t.Errorf("%s %+v (-want +got):\n%s", c.noun, c.filter, diff)
			}
		}
		if _, _, err := s.Nouns(t.Context(), inventory.NounCourse, inventory.NounFilter{Site: "MILL"}); err == nil {
			t.Error("courses were selected by site")
		}
		first, next, err := s.Nouns(t.Context(), inventory.NounPosition, inventory.NounFilter{Page: inventory.Page{Limit: 2}})
		must(t, err)
		rest, end, err := s.Nouns(t.Context(), inventory.NounPosition, inventory.NounFilter{Page: inventory.Page{Limit: 2, After: next}})
		must(t, err)
		if len(first) != 2 || next != "HALL-1" || len(rest) != 1 || end != "" {
			t.Errorf("pages of %d and %d, cursors %q and %q", len(first), len(rest), next, end)
		}
		_, err = s.Noun(t.Context(), inventory.NounPosition, "NONE")
		wantErr(t, err, ErrNotFound)
	})
}

func TestBurnUpShowsWhatWasKnown(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		day := func(n int) time.Time { return noon.AddDate(0, 0, n) }
		apply := func(n int, changes ...inventory.Change) {
			t.Helper()
			_, err := s.Apply(t.Context(), inventory.Batch{Source: "x", Author: "ann", MadeAt: day(n), Changes: changes})
			must(t, err)
		}
		apply(0, made(t, inventory.NounSite, "MILL", site("MILL")), made(t, inventory.NounPosition, "A", position("A", "MILL")), made(t, inventory.NounPosition, "B", position("B", "MILL")))
		event := func(kind, key string, occurred, recorded int) inventory.Event {
			return inventory.Event{Kind: kind, Subject: inventory.Subject{Noun: inventory.NounSwap, Key: key}, OccurredAt: day(occurred), RecordedAt: day(recorded)}
		}
		out := position("B", "MILL")
		out.OutScope = "the room is closed"
		must(t, s.AppendEvents(t.Context(), []inventory.Event{
			event(inventory.EventSwapDone, "x1", 1, 1), event(inventory.EventSwapVerified, "x1", 1, 1),
			event(inventory.EventSwapDone, "x2", 2, 5), // a report that came late
			event(inventory.EventSwapUndone, "x1", 4, 4),
		}))
		apply(3, changed(t, inventory.NounPosition, "B", position("B", "MILL"), out))
		type b = inventory.BurnDay
		for asOf, want := range map[int][]b{
			9: {
				{Day: "2026-11-23", Scope: 2},
				{Day: "2026-11-24", Scope: 2, Swapped: 1, Verified: 1},
				{Day: "2026-11-25", Scope: 2, Swapped: 2, Verified: 1},
				{Day: "2026-11-26", Scope: 1, Swapped: 2, Verified: 1},
				{Day: "2026-11-27", Scope: 1, Swapped: 1},
			},
			3: {{Day: "2026-11-23", Scope: 2}, {Day: "2026-11-24", Scope: 2, Swapped: 1, Verified: 1}, {Day: "2026-11-26", Scope: 1, Swapped: 1, Verified: 1}},
		} {
			got, err := s.BurnUp(t.Context(), day(asOf), time.UTC)
			must(t, err)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("as of day %d (-want +got):\n%s", asOf, diff)
			}
		}
	})
}
