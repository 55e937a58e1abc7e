package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"muster/inventory"
)

// days is the counts of every site and day, as "MILL 22 {…}".
func days(t *testing.T, s *Store) string {
	t.Helper()
	events, _, err := s.Events(t.Context(), inventory.EventFilter{Kind: inventory.EventPresenceDay})
	must(t, err)
	var said []string
	for _, e := range events {
		said = append(said, fmt.Sprintf("%s %d %s", e.Subject.Key, e.OccurredAt.Day(), e.Body))
		if e.OccurredAt.Truncate(24*time.Hour) != e.OccurredAt {
			t.Errorf("the counts are of %s, which is no day", e.OccurredAt)
		}
	}
	return strings.Join(said, "; ")
}

func TestMovesBecomeCountsOfADayAndNameNobody(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		enrol(t, s, 1)
		id := workstation(1).ID
		start := noon.Truncate(24 * time.Hour)
		at := func(day, hour int, site string) {
			t.Helper()
			must(t, s.MoveWorkstation(t.Context(), id, site, start.AddDate(0, 0, day).Add(time.Duration(hour)*time.Hour)))
		}
		at(0, 8, "MILL")
		at(0, 12, "DOCK")
		at(0, 16, "MILL")
		at(1, 9, "")
		at(2, 9, "MILL")
		n, err := s.PruneMoves(t.Context(), start.AddDate(0, 0, 2).Add(20*time.Hour), 100)
		must(t, err)
		if n != 4 {
			t.Errorf("%d moves were pruned, want 4: that of the day which is not over stays", n)
		}
		if left, _, err := s.Events(t.Context(), inventory.EventFilter{Kind: inventory.EventMoved}); err != nil || len(left) != 1 {
			t.Errorf("%d moves are left, want 1 (%v)", len(left), err)
		}
		got := days(t, s)
		for _, want := range []string{
			fmt.Sprintf(`MILL %d {"left":1}`, start.AddDate(0, 0, 1).Day()),
			fmt.Sprintf(`MILL %d {"arrived":2,"left":1}`, start.Day()),
			fmt.Sprintf(`DOCK %d {"arrived":1,"left":1}`, start.Day()),
		} {
			if !strings.Contains(got, want) {
				t.Errorf("the days are %s, want %s among them", got, want)
			}
		}
		if strings.Contains(got, id) {
			t.Errorf("the days name a machine: %s", got)
		}
		if n, err := s.PruneMoves(t.Context(), start.AddDate(0, 0, 2), 100); err != nil || n != 0 {
			t.Errorf("again %d are pruned (%v)", n, err)
		}
	})
}

func TestPresenceVerdictsBecomeCountsOfADay(t *testing.T) {
	stores(t, func(t *testing.T, s *Store) {
		for n := range 3 {
			asleep := incident(n+1, inventory.CauseWorkstationAsleep, inventory.Scope{Site: "MILL", Workstation: "w00000001"})
			asleep.State, asleep.ResolvedAt = inventory.IncidentResolved, asleep.StartedAt.Add(time.Minute)
			must(t, s.KeepIncidents(t.Context(), []inventory.Incident{asleep}, nil))
		}
		n, err := s.PruneIncidents(t.Context(), true, time.Now().Add(24*time.Hour), 100)
		must(t, err)
		if got := days(t, s); n != 3 || !strings.Contains(got, `"workstation-asleep":3`) || strings.Contains(got, "w00000001") {
			t.Errorf("%d were pruned, and the days are %s", n, got)
		}
	})
}
