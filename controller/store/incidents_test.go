package store

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/inventory"
)

func incident(n int, cause inventory.Cause, scope inventory.Scope) inventory.Incident {
	at := noon.Add(time.Duration(n) * time.Minute)
	return inventory.Incident{
		ID: fmt.Sprintf("i%08d", n), Cause: cause, Scope: scope, State: inventory.IncidentOpen, Severity: inventory.SeverityMajor,
		Grade: inventory.GradeInferred, Confidence: 0.6, StartedAt: at, DetectedAt: at.Add(3 * time.Second),
		Verdicts: []inventory.Verdict{{At: at, Cause: cause, Grade: inventory.GradeInferred, Confidence: 0.6, Reason: "every member is silent"}},
	}
}

func ids(t *testing.T, s *Store, f inventory.IncidentFilter) []string {
	t.Helper()
	found, _, err := s.Incidents(t.Context(), f)
	must(t, err)
	got := []string{}
	for _, i := range found {
		got = append(got, i.ID)
	}
	return got
}

func TestIncidentsAreFoundByWhatTheyAreAboutNewestFirst(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		mustApply(t, s, made(t, inventory.NounSite, "MILL", site("MILL")),
			made(t, inventory.NounLink, "C-1", inventory.Link{Circuit: "C-1", Site: "MILL", Carrier: "northnet"}))
		power := incident(3, inventory.CauseSitePowerCut, inventory.Scope{Site: "MILL"})
		power.State, power.ResolvedAt = inventory.IncidentResolved, power.StartedAt.Add(time.Minute)
		silent := incident(4, inventory.CauseWorkstationSilent, inventory.Scope{Site: "MILL", Workstation: "w00000001"})
		blip := incident(5, inventory.CauseLinkOrPower, inventory.Scope{Site: "FORD"})
		blip.State, blip.ResolvedAt = inventory.IncidentBlip, blip.StartedAt.Add(10*time.Second)
		must(t, s.KeepIncidents(t.Context(), []inventory.Incident{
			incident(1, inventory.CauseSiteLinkDown, inventory.Scope{Site: "MILL"}),
			incident(2, inventory.CauseSharedCarrier, inventory.Scope{Carrier: "northnet", Sites: []string{"FORD", "MILL"}}),
			power, silent, blip,
		}, nil))
		one, two, three, four, five := "i00000001", "i00000002", "i00000003", "i00000004", "i00000005"
		for name, c := range map[string]struct {
			filter inventory.IncidentFilter
			want   []string
		}{
			"all":         {inventory.IncidentFilter{}, []string{five, four, three, two, one}},
			"site":        {inventory.IncidentFilter{Site: "FORD"}, []string{five, two}},
			"carrier":     {inventory.IncidentFilter{Carrier: "northnet"}, []string{two, one}},
			"workstation": {inventory.IncidentFilter{Workstation: "w00000001"}, []string{four}},
			"cause":       {inventory.IncidentFilter{Cause: inventory.CauseSitePowerCut}, []string{three}},
			"state":       {inventory.IncidentFilter{State: inventory.IncidentResolved}, []string{three}},
			"live":        {inventory.IncidentFilter{Live: true}, []string{four, two, one}},
			"paged":       {inventory.IncidentFilter{Paged: true}, []string{three, two, one}},
			"from":        {inventory.IncidentFilter{From: noon.Add(5*time.Minute + 5*time.Second)}, []string{five, four, two, one}},
			"to":          {inventory.IncidentFilter{To: noon.Add(2 * time.Minute)}, []string{two, one}},
			"none":        {inventory.IncidentFilter{Site: "NOWHERE"}, []string{}},
		} {
			if diff := cmp.Diff(c.want, ids(t, s, c.filter)); diff != "" {
				t.Errorf("%s: (-want +got)\n%s", name, diff)
			}
		}
	})
}

func TestIncidentListGoesOnWhereThePageEndedThoughMoreAreAdded(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		var all []inventory.Incident
		for n := range 7 {
			i := incident(n/2, inventory.CauseSiteLinkDown, inventory.Scope{Site: "MILL"}) // two at one moment
			i.ID = fmt.Sprintf("i%08d", n)
			all = append(all, i)
		}
		must(t, s.KeepIncidents(t.Context(), all, nil))
		got, page := []string{}, inventory.Page{Limit: 2}
		for {
			found, next, err := s.Incidents(t.Context(), inventory.IncidentFilter{Page: page})
			must(t, err)
			for _, i := range found {
				got = append(got, i.ID)
			}
			if next == "" {
				break
			}
			page.After = next
			must(t, s.KeepIncidents(t.Context(), []inventory.Incident{incident(100+len(got), inventory.CauseUnknown, inventory.Scope{Site: "MILL"})}, nil))
		}
		if want := []string{"i00000006", "i00000005", "i00000004", "i00000003", "i00000002", "i00000001", "i00000000"}; !cmp.Equal(want, got) {
			t.Errorf("got %v, want %v", got, want)
		}
		_, _, err := s.Incidents(t.Context(), inventory.IncidentFilter{Page: inventory.Page{After: "yesterday"}})
		wantErr(t, err, ErrNotFound, "no such cursor")
	})
}

func TestIncidentThatChangedIsFoundByWhatItIsNow(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		i := incident(1, inventory.CauseLinkOrPower, inventory.Scope{Site: "MILL"})
		must(t, s.KeepIncidents(t.Context(), []inventory.Incident{i}, nil))
		i.Cause, i.State, i.Scope = inventory.CauseSharedExchange, inventory.IncidentResolved, inventory.Scope{Exchange: "X1", Sites: []string{"FORD"}}
		i.ResolvedAt, i.Ticket = i.StartedAt.Add(time.Hour), "NN-1"
		must(t, s.KeepIncidents(t.Context(), []inventory.Incident{i}, nil))
		if got := ids(t, s, inventory.IncidentFilter{Site: "MILL"}); len(got) > 0 {
			t.Errorf("still found at the site it is no longer about: %v", got)
		}
		got, err := s.Incident(t.Context(), i.ID)
		must(t, err)
		if diff := cmp.Diff(i, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		_, err = s.Incident(t.Context(), "inotthere")
		wantErr(t, err, ErrNotFound)
	})
}

func TestEngineStateIsWrittenWithTheIncidentsOrNotAtAll(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		_, err := s.EngineState(t.Context())
		wantErr(t, err, ErrNotFound)
		want := inventory.EngineState{SavedAt: noon, Position: 7, Body: []byte(`{"sites":[1,2,3]}`)}
		must(t, s.KeepIncidents(t.Context(), nil, &inventory.EngineState{SavedAt: noon, Body: []byte("{}")}))
		must(t, s.KeepIncidents(t.Context(), []inventory.Incident{incident(1, inventory.CauseUnknown, inventory.Scope{Site: "MILL"})}, &want))
		got, err := s.EngineState(t.Context())
		must(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

func TestEvidenceComesBackInTheOrderInWhichItWasLearnt(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		piece := func(n int) inventory.Evidence {
			return inventory.Evidence{At: noon.Add(time.Duration(n) * time.Second), Kind: inventory.EvidenceSweep, Site: "MILL", Workstation: "w00000001", RTT: time.Duration(n)}
		}
		var want []inventory.Evidence
		for n := range 30 {
			want = append(want, piece(100-3*n))
			must(t, s.AddEvidence(t.Context(), []inventory.EvidenceBatch{
				{Incident: "i00000001", Evidence: want[n:]}, {Incident: "i00000002", Evidence: []inventory.Evidence{piece(n)}},
			}))
		}
		got, err := s.Evidence(t.Context(), "i00000001")
		must(t, err)
		if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

func TestWindowsThatAreOverAreLeftOutWhenAskedSo(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		add := func(id string, from, to time.Duration) inventory.Window {
			w := inventory.Window{ID: id, Site: "MILL", From: noon.Add(from), To: noon.Add(to), Reason: "new switch", CreatedBy: "ann", CreatedAt: noon}
			must(t, s.PutWindow(t.Context(), w))
			return w
		}
		add("m00000001", -2*time.Hour, -time.Hour)
		later := add("m00000002", time.Hour, 2*time.Hour)
		now := add("m00000003", -time.Hour, time.Hour)
		got, err := s.Windows(t.Context(), noon)
		must(t, err)
		if diff := cmp.Diff([]inventory.Window{now, later}, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		now.EndedAt = noon.Add(-time.Minute)
		must(t, s.PutWindow(t.Context(), now))
		got, err = s.Windows(t.Context(), noon)
		must(t, err)
		if len(got) != 1 || got[0].ID != later.ID {
			t.Errorf("after it was ended: %v", got)
		}
		all, err := s.Windows(t.Context(), time.Time{})
		must(t, err)
		one, err := s.Window(t.Context(), now.ID)
		must(t, err)
		if len(all) != 3 || !one.EndedAt.Equal(now.EndedAt) {
			t.Errorf("%d windows in all, one ended at %s", len(all), one.EndedAt)
		}
		_, err = s.Window(t.Context(), "mnotthere")
		wantErr(t, err, ErrNotFound)
		if err := s.PutWindow(t.Context(), inventory.Window{ID: "m4"}); err == nil || !contains(err.Error(), "exactly one of") {
			t.Errorf("a window of nothing: %v", err)
		}
	})
}

func TestBaselinesAreReplacedOneByOne(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		must(t, s.PutBaselines(t.Context(), map[string][]byte{"C-1": []byte("one"), "C-2": []byte("two")}, noon))
		must(t, s.PutBaselines(t.Context(), map[string][]byte{"C-2": []byte("three")}, noon))
		must(t, s.PutBaselines(t.Context(), nil, noon))
		got, err := s.Baselines(t.Context())
		must(t, err)
		if diff := cmp.Diff(map[string][]byte{"C-1": []byte("one"), "C-2": []byte("three")}, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

func TestOldIncidentsGoWithTheirEvidenceAndLiveOnesStay(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		over := incident(1, inventory.CauseSiteLinkDown, inventory.Scope{Site: "MILL"})
		over.State, over.ResolvedAt = inventory.IncidentResolved, over.StartedAt.Add(time.Minute)
		asleep := incident(2, inventory.CauseWorkstationAsleep, inventory.Scope{Site: "MILL", Workstation: "w00000001"})
		asleep.State, asleep.ResolvedAt = inventory.IncidentResolved, asleep.StartedAt.Add(time.Minute)
		must(t, s.KeepIncidents(t.Context(), []inventory.Incident{over, asleep, incident(3, inventory.CauseSiteLinkDown, inventory.Scope{Site: "MILL"})}, nil))
		must(t, s.AddEvidence(t.Context(), []inventory.EvidenceBatch{{Incident: over.ID, Evidence: []inventory.Evidence{{Kind: inventory.EvidenceSweep}}}}))
		prune := func(presence bool, before time.Time) int {
			n, err := s.PruneIncidents(t.Context(), presence, before, 100)
			must(t, err)
			return n
		}
		future := noon.AddDate(1, 0, 0)
		if n := prune(true, noon.Add(-100*365*24*time.Hour)); n != 0 {
			t.Errorf("%d were pruned that are not old", n)
		}
		if n := prune(true, future); n != 1 {
			t.Errorf("%d presence verdicts were pruned, want 1", n)
		}
		if n := prune(false, future); n != 1 {
			t.Errorf("%d incidents were pruned, want 1: the other is live", n)
		}
		left, err := s.Evidence(t.Context(), over.ID)
		must(t, err)
		if got := ids(t, s, inventory.IncidentFilter{}); len(left) > 0 || !cmp.Equal(got, []string{"i00000003"}) {
			t.Errorf("left are %v and %d pieces of evidence", got, len(left))
		}
	})
}

func TestOldEvidenceGoesAndTheIncidentStays(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		over, live := incident(1, inventory.CauseSiteLinkDown, inventory.Scope{Site: "MILL"}), incident(2, inventory.CauseSiteLinkDown, inventory.Scope{Site: "FORD"})
		over.State, over.ResolvedAt = inventory.IncidentResolved, over.StartedAt.Add(time.Minute)
		must(t, s.KeepIncidents(t.Context(), []inventory.Incident{over, live}, nil))
		for _, i := range []inventory.Incident{over, live} {
			must(t, s.AddEvidence(t.Context(), []inventory.EvidenceBatch{{Incident: i.ID, Evidence: []inventory.Evidence{{Kind: inventory.EvidenceSweep}}}}))
		}
		for _, want := range []int{1, 0} {
			n, err := s.PruneEvidence(t.Context(), noon.AddDate(1, 0, 0), 100)
			must(t, err)
			if n != want {
				t.Errorf("the evidence of %d incidents was pruned, want %d", n, want)
			}
		}
		gone, err := s.Evidence(t.Context(), over.ID)
		must(t, err)
		left, err := s.Evidence(t.Context(), live.ID)
		must(t, err)
		if _, err := s.Incident(t.Context(), over.ID); err != nil || len(gone) > 0 || len(left) != 1 {
			t.Errorf("%v; %d pieces of what is over, %d of what goes on", err, len(gone), len(left))
		}
	})
}

func TestMinutesOfADayAreReplacedAndOldDaysGo(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		day := noon.Truncate(24 * time.Hour)
		must(t, s.PutMinutes(t.Context(), day.AddDate(0, 0, -1), map[string][]byte{"MILL": []byte("old")}))
		must(t, s.PutMinutes(t.Context(), day, map[string][]byte{"MILL": []byte("half"), "FORD": []byte("other")}))
		must(t, s.PutMinutes(t.Context(), day, map[string][]byte{"MILL": []byte("whole")}))
		pages, err := s.Minutes(t.Context(), "MILL")
		must(t, err)
		if diff := cmp.Diff([][]byte{[]byte("old"), []byte("whole")}, pages); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		must(t, s.PruneMinutes(t.Context(), day))
		today, err := s.MinutesOf(t.Context(), day)
		must(t, err)
		if diff := cmp.Diff(map[string][]byte{"MILL": []byte("whole"), "FORD": []byte("other")}, today); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if pages, err = s.Minutes(t.Context(), "MILL"); err != nil || len(pages) != 1 {
			t.Errorf("%d pages are left, %v", len(pages), err)
		}
	})
}
